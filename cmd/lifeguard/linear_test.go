package main

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestADumbTerminalIsAnsweredLineByLine: TERM=dumb chooses it by itself, and the
// terminal gets lines and nothing else.
func TestADumbTerminalIsAnsweredLineByLine(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "lifeguard", "demo", "--accounts", "30")
	cmd.Env = append(cmd.Environ(), "TERM=dumb", "HOME="+t.TempDir(), "TMPDIR="+t.TempDir())
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	if _, err := io.WriteString(terminal, "list 3\n2\ndelete\n\nquit\n"); err != nil {
		t.Fatal(err)
	}
	seen, _ := io.ReadAll(terminal) // ends with an error on Linux when the program does
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{"API Keys> ", "1 to 3 of 30.", "Chosen: ", "This cannot be undone.", "Nothing was deleted."} {
		if !strings.Contains(string(seen), want) {
			t.Errorf("the terminal did not get %q, but %q", want, seen)
		}
	}
	if strings.ContainsRune(string(seen), '\x1b') {
		t.Errorf("the terminal got an escape sequence: %q", seen)
	}
}
