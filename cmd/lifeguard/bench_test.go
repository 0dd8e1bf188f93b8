package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// released builds the program as make build does.
func released(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "lifeguard")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	return binary
}

// BenchmarkStart measures the released binary on a pseudo-terminal of 120×40:
// from the start of the process to its first frame and to its first rows, what
// it then takes of memory, and how large it is. The figures are its own clock's;
// none is a limit of a test.
func BenchmarkStart(b *testing.B) {
	binary := released(b)
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

// BenchmarkPress measures a key press in the released program with 1,204
// accounts on 120×40, from the terminal's byte to the bytes it writes back: the
// processor time of the whole program, and what it writes.
func BenchmarkPress(b *testing.B) {
	binary := released(b)
	for _, keys := range []struct{ name, keys string }{{"cursor", "jk"}, {"search", "/ci dep\x7f\x7f\x7f\x7f\x7f\x7f"}} {
		b.Run(keys.name, func(b *testing.B) {
			p := startProgram(b, binary, b.TempDir(), []string{"demo"})
			defer p.end(b)
			p.until(b, "ps-")
			for p.read(b, 500*time.Millisecond) > 0 {
			}
			before := processorTime(b, p.cmd.Process.Pid)
			presses, written := 0, 0
			for b.Loop() {
				for _, key := range []byte(keys.keys) {
					if presses > 0 && key == '/' {
						continue
					}
					if _, err := p.terminal.Write([]byte{key}); err != nil {
						b.Fatal(err)
					}
					presses++
					written += p.read(b, 50*time.Millisecond)
				}
			}
			spent := processorTime(b, p.cmd.Process.Pid) - before
			b.ReportMetric(spent.Seconds()*1000/float64(presses), "ms-processor/press")
			b.ReportMetric(float64(written)/float64(presses), "B-written/press")
		})
	}
}

// ptyProgram is the released program on a pseudo-terminal of 120×40.
type ptyProgram struct {
	cmd      *exec.Cmd
	terminal *os.File
	written  chan []byte // what it writes; closed at its end
	output   bytes.Buffer
}

func startProgram(b *testing.B, binary, home string, args []string) *ptyProgram {
	b.Helper()
	p := &ptyProgram{cmd: exec.CommandContext(b.Context(), binary, args...), written: make(chan []byte, 1024)}
	p.cmd.Env = []string{"HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "TMPDIR=" + home}
	var err error
	if p.terminal, err = pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
		b.Fatal(err)
	}
	go func() {
		defer close(p.written)
		for {
			chunk := make([]byte, 64<<10)
			n, err := p.terminal.Read(chunk)
			if err != nil {
				return
			}
			p.written <- chunk[:n]
		}
	}()
	return p
}

// read returns how much is written next, 0 when nothing is for a while.
func (p *ptyProgram) read(b *testing.B, patience time.Duration) int {
	b.Helper()
	select {
	case chunk, ok := <-p.written:
		if !ok {
			b.Fatalf("the console ended:\n%q", p.output.Bytes())
		}
		p.output.Write(chunk)
		return len(chunk)
	case <-time.After(patience):
		return 0
	}
}

// until waits for one of the texts to be written.
func (p *ptyProgram) until(b *testing.B, texts ...string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); p.read(b, time.Second) {
		for _, text := range texts {
			if bytes.Contains(p.output.Bytes(), []byte(text)) {
				return
			}
		}
	}
	b.Fatalf("none of %q was written:\n%q", texts, p.output.Bytes())
}

// end quits the program and waits for it to end.
func (p *ptyProgram) end(b *testing.B) {
	b.Helper()
	_, _ = p.terminal.WriteString("\x03")
	for range p.written {
	}
	_ = p.terminal.Close()
	_ = p.cmd.Wait()
}

// processorTime is what a process has used of the processors, to the
// hundredth of a second; 0 where the system does not tell.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// startOnce starts the console, waits for its rows, or for the words that there
// are none, and ends it.
func startOnce(b *testing.B, binary, home string, args []string) (frame, rows time.Duration, memory float64) {
	b.Helper()
	begin := time.Now()
	p := startProgram(b, binary, home, args)
	defer p.end(b)
	p.until(b, "API Keys")
	frame = time.Since(begin)
	p.until(b, "ps-", "No service accounts yet")
	rows = time.Since(begin)
	return frame, rows, resident(b, p.cmd.Process.Pid)
}

// resident returns what a process takes of memory, in megabytes; 0 where the
// system does not tell.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	return memoryOf(b, pid, "VmRSS")
}

// memoryOf returns a line of /proc/PID/status, in megabytes.
func memoryOf(b *testing.B, pid int, line string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kilobytes float64
	for _, text := range strings.Split(string(status), "\n") {
		if _, err := fmt.Sscanf(text, line+": %f kB", &kilobytes); err == nil {
			break
		}
	}
	return kilobytes * 1024 / 1e6
}
