package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestAKeyThatIsInterruptedIsSaidToBeLost: ctrl+c ends it, also while a key stands
// there, and the exit code tells.
func TestAKeyThatIsInterruptedIsSaidToBeLost(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "lifeguard", "demo", "--linear", "--accounts", "30")
	cmd.Env = append(cmd.Environ(), "TERM=dumb", "HOME="+t.TempDir(), "TMPDIR="+t.TempDir())
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "new\nplatform\nci-new\n"); err != nil {
		t.Fatal(err)
	}
	text := ""
	for buffer := make([]byte, 4096); !strings.Contains(text, "have, if you have it"); {
		n, err := out.Read(buffer)
		if text += string(buffer[:n]); err != nil {
			t.Fatalf("it ended after %q: %v", text, err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("it ended with %d", code)
	}
	if !strings.Contains(said.String(), "a new key was not taken") || strings.Contains(said.String(), "ps-") {
		t.Errorf("it said %q", said.String())
	}
}

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
