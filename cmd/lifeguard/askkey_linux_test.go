package main

import (
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// watchedPrompt is where the prompt is written. It tells what was written, and
// that typing is shown where it is by then.
type watchedPrompt struct {
	terminal int
	written  chan string
}

func (w watchedPrompt) Write(text []byte) (int, error) {
	written := string(text)
	if mode, err := unix.IoctlGetTermios(w.terminal, unix.TCGETS); err != nil || mode.Lflag&unix.ECHO != 0 {
		written += "SHOWN"
	}
	w.written <- written
	return len(text), nil
}

// Whoever sees the prompt may paste at once.
func TestAKeyIsHiddenFromThePromptOn(t *testing.T) {
	t.Parallel()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = screen.Close(), terminal.Close() }()
	stderr := watchedPrompt{terminal: int(terminal.Fd()), written: make(chan string, 4)}
	key := newTestKey(t)
	asked := make(chan error, 1)
	go func() {
		got, err := process{stdin: terminal, stderr: stderr}.askKey(t.Context(), "keys.example.com")
		if err == nil && got.Reveal() != key.Reveal() {
			t.Error("another key was read")
		}
		asked <- err
	}()
	if prompt := <-stderr.written; !strings.HasSuffix(prompt, "(it is not shown): ") {
		t.Errorf("asked with %q", prompt)
	}
	if _, err := screen.WriteString(key.Reveal() + "\r"); err != nil {
		t.Fatal(err)
	}
	if err := <-asked; err != nil {
		t.Error(err)
	}
	mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || mode.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal is left hiding what is typed: %v", err)
	}
}
