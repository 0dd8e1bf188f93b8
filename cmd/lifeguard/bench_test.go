package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// BenchmarkStart measures the released binary on a pseudo-terminal of 120×40:
// from the start of the process to its first frame and to its first rows, what
// it then takes of memory, and how large it is. The figures are its own clock's;
// none is a limit of a test.
func BenchmarkStart(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "lifeguard")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	for _, args := range [][]string{{}, {"demo"}} {
		name := strings.Join(append([]string{"lifeguard"}, args...), " ")
		b.Run(name, func(b *testing.B) {
			home := b.TempDir()
			var frame, rows time.Duration
			var memory float64
			startOnce(b, binary, home, args) // the first start makes the organization
			for b.Loop() {
				f, r, m := startOnce(b, binary, home, args)
				frame, rows, memory = frame+f, rows+r, max(memory, m)
			}
			n := float64(b.N)
			b.ReportMetric(frame.Seconds()*1000/n, "ms-to-first-frame")
			b.ReportMetric(rows.Seconds()*1000/n, "ms-to-first-rows")
			b.ReportMetric(memory, "MB-resident")
			b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
		})
	}
}

// startOnce starts the console, waits for its rows, or for the words that there
// are none, and ends it.
func startOnce(b *testing.B, binary, home string, args []string) (frame, rows time.Duration, memory float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary, args...)
	cmd.Env = []string{"HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "TMPDIR=" + home}
	begin := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var output bytes.Buffer
	chunk := make([]byte, 64<<10)
	for rows == 0 {
		n, err := terminal.Read(chunk)
		if err != nil {
			b.Fatalf("the console ended: %v\n%q", err, output.Bytes())
		}
		output.Write(chunk[:n])
		if frame == 0 && bytes.Contains(output.Bytes(), []byte("API Keys")) {
			frame = time.Since(begin)
		}
		if bytes.Contains(output.Bytes(), []byte("ps-")) || bytes.Contains(output.Bytes(), []byte("No service accounts yet")) {
			rows = time.Since(begin)
		}
	}
	memory = resident(b, cmd.Process.Pid)
	if _, err := terminal.WriteString("q"); err != nil {
		b.Fatal(err)
	}
	for err == nil {
		_, err = terminal.Read(chunk)
	}
	_ = cmd.Wait()
	return frame, rows, memory
}

// resident returns what a process takes of memory, in megabytes; 0 where the
// system does not tell.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kilobytes float64
	for _, line := range strings.Split(string(status), "\n") {
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); err == nil {
			break
		}
	}
	return kilobytes / 1000
}
