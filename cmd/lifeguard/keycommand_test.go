package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// A vault that hangs is ended, also when what it started keeps its output open,
// and whoever interrupts does not wait for it.
func TestAKeyCommandThatHangs(t *testing.T) {
	t.Parallel()
	p := process{stderr: new(bytes.Buffer), env: ownEnvironment(t.TempDir())}
	c := config.Context{Name: "acme", KeyCommand: []string{"sh", "-c", "sleep 5 & sleep 5"}}
	_, err := p.commandKey(t.Context(), c, nil, 100*time.Millisecond)
	if exitCode(err) != exitNeedsSignIn || !strings.Contains(err.Error(), "did not end within 100ms: run sh by hand to see what it waits for") {
		t.Errorf("%d, %v", exitCode(err), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.commandKey(ctx, c, nil, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
}

// What a program says is passed on line by line, harmless, and not for ever.
func TestWhatAProgramSaysIsCleaned(t *testing.T) {
	t.Parallel()
	key := newTestKey(t).Reveal()
	var out bytes.Buffer
	w := &cleanWriter{to: &out}
	for _, piece := range []string{"one\r\ntw", "o \x1b]52;c;aGk=\a", "\n", key[:20], key[20:], "\n", strings.Repeat("x", 3*maxProgramLine), "\nend"} {
		if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.flush()
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 6 || lines[0] != "one" || lines[1] != "two \uFFFD]52;c;aGk=\uFFFD" || lines[2] != "[redacted]" || lines[4] != "end" {
		t.Errorf("%q", lines)
	}
	for range 1000 {
		_, _ = w.Write([]byte(strings.Repeat("x", 1000) + "\n"))
	}
	if out.Len() > 2*maxProgramWords {
		t.Errorf("%d bytes are passed on", out.Len())
	}
}
