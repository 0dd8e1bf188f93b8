package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pane is a command line in a real tmux of its own, looked at and typed at as
// a person would.
type pane struct {
	t      *testing.T
	home   string
	socket string
}

// openPane starts command in a tmux of that many columns and rows, with the
// folder as its home.
func openPane(t *testing.T, home, columns, rows, command string) pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		const advice = "tmux is not installed: apt-get install tmux"
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	p := pane{t: t, home: home, socket: filepath.Join(t.TempDir(), "tmux")}
	// The pane stays for its exit code to be read. A program that was killed
	// leaves the cursor anywhere, and the terminal raw: hence the whole new line.
	p.tmux("-f", os.DevNull, "new-session", "-d", "-x", columns, "-y", rows, command+`; printf '\r\nexit code %s\r\n' "$?"; read _`)
	t.Cleanup(p.close)
	return p
}

// close ends tmux and what runs in it; it may have ended already. What the race
// detector found goes to a file, because the screen is the console's.
func (p pane) close() {
	_, _ = p.try("kill-server")
	reports, _ := filepath.Glob(filepath.Join(p.home, "race.*"))
	for _, report := range reports {
		text, err := os.ReadFile(report)
		p.t.Errorf("%s %v", text, err)
	}
}

func (p pane) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-S", p.socket}, args...)...)
	cmd.Dir = p.home
	cmd.Env = append(ownEnvironment(p.home), "LANG=C.UTF-8", "SHELL=/bin/sh",
		"GORACE=atexit_sleep_ms=0 log_path="+filepath.Join(p.home, "race"))
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func (p pane) tmux(args ...string) string {
	p.t.Helper()
	output, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("tmux %s: %v; %s", args[0], err, output)
	}
	return output
}

// waitFor waits until the screen shows all texts, and returns it.
func (p pane) waitFor(texts ...string) string {
	p.t.Helper()
	var screen string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		screen = p.tmux("capture-pane", "-p")
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(screen, text)
		}
		if !missing {
			return screen
		}
	}
	p.t.Fatalf("the screen does not show %q:\n%s", texts, hidden(screen))
	return ""
}

// waitGone waits until a text is on the screen no longer.
func (p pane) waitGone(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if !strings.Contains(p.tmux("capture-pane", "-p"), text) {
			return
		}
	}
	p.t.Fatalf("the screen still shows %q", text)
}

// press sends keys by tmux's names for them, such as Enter and C-c.
func (p pane) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

// write types text.
func (p pane) write(text string) {
	p.t.Helper()
	p.tmux("send-keys", "-l", text)
}

var keyOnScreen = regexp.MustCompile(`ps-[0-9A-Za-z]{49}`)

// hidden returns a screen without the key on it, for the test's own output.
func hidden(screen string) string { return keyOnScreen.ReplaceAllString(screen, "ps-[hidden]") }
