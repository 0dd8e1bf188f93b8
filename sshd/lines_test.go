package sshd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/lifeguard-keys/lifeguard/sshd"
)

// reading serves sessions with the lines that they type: each is written down, and
// what ended them.
func reading(t *testing.T) (*house, <-chan string) {
	t.Helper()
	read := make(chan string, 100)
	h := build(t, sshd.Options{}, func(_ context.Context, session *sshd.Session) int {
		lines := bufio.NewReader(session.Lines(func() { read <- "interrupted" }))
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				read <- line
			}
			if err != nil {
				read <- "end"
				return 0
			}
		}
	})
	return h, read
}

// types opens a terminal and types there.
func (h *house) types(modes ssh.TerminalModes, keys ...string) visit {
	h.t.Helper()
	v := h.session(h.connect("ada"))
	in, err := v.StdinPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := errors.Join(v.RequestPty("dumb", 24, 80, modes), v.Shell()); err != nil {
		h.t.Fatal(err)
	}
	for _, key := range keys {
		if _, err := io.WriteString(in, key); err != nil {
			h.t.Fatal(err)
		}
	}
	return v
}

func TestLinesAsTheyAreTyped(t *testing.T) {
	none := ssh.TerminalModes{}
	for name, test := range map[string]struct {
		modes ssh.TerminalModes
		keys  string // to which the end is added
		read  string // what is read, each with a bar behind it
		shown string
	}{
		"a line":                 {none, "list\r", "list\n|", "list\r\n"},
		"every end of a line":    {none, "a\rb\nc\r\nd\r", "a\n|b\n|c\n|d\n|", "a\r\nb\r\nc\r\nd\r\n"},
		"backspace":              {none, "lisx\x7ft\x7f\bst\r", "list\n|", "lisx\b \bt\b \b\b \bst\r\n"},
		"nothing to take back":   {none, "\x7f\x7fa\r", "a\n|", "a\r\n"},
		"a wide character":       {none, "漢字\x7f\r", "漢\n|", "漢字\b \b\b \b\r\n"},
		"what combines":          {none, "ae\u0301\x7f\r", "a\n|", "ae\u0301\b \b\r\n"},
		"a word":                 {none, "search ci  \x17x\r", "search x\n|", "search ci  \b \b\b \b\b \b\b \bx\r\n"},
		"the line":               {none, "abc\x15d\r", "d\n|", "abc\b \b\b \b\b \bd\r\n"},
		"again":                  {none, "abc\x12d\r", "abcd\n|", "abc\r\nabcd\r\n"},
		"a tabulator":            {none, "a\t\x7fb\tc\r", "ab\tc\n|", "a \b \bb c\r\n"},
		"keys that are nothing":  {none, "\x1b[A\x1b[3~\x1bOP\x1b[1;5Ca\x1bb\x00\x07\x1a\r", "ab\n|", "ab\r\n"},
		"a sequence that breaks": {none, "\x1b[\rlist\r", "\n|list\n|", "\r\nlist\r\n"},
		"the end in a line":      {none, "dele\x04te\r", "delete\n|", "delete\r\n"},
		"an interruption":        {none, "delete\x03a\r", "interrupted|a\n|", "delete^Ca\r\n"},
		"no UTF-8":               {none, "a\xff\r", "a\uFFFD\n|", "a\uFFFD\r\n"},
		"its own keys":           {ssh.TerminalModes{ssh.VERASE: '\a', ssh.VKILL: 0x18, ssh.VWERASE: 255, ssh.VINTR: 'q'}, "quit\ax\x18ab\x7f\r", "a\n|", "quit\b \bx" + strings.Repeat("\b \b", 4) + "ab\b \b\r\n"},
		"its own echo":           {ssh.TerminalModes{ssh.ECHO: 0}, "lisx\x7ft\n", "list\n|", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, read := reading(t)
			v := h.types(test.modes, test.keys, "\x04")
			if code := v.ends(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := strings.Join(until(t, read, "end"), "|"); got+"|" != test.read+"end|" {
				t.Errorf("read %q", got)
			}
			if v.stdout.String() != test.shown {
				t.Errorf("shown: %q", v.stdout)
			}
		})
	}
}

// until gathers what was read until something.
func until(t *testing.T, read <-chan string, last string) []string {
	t.Helper()
	var all []string
	for {
		select {
		case one := <-read:
			if all = append(all, one); one == last {
				return all
			}
		case <-time.After(patience):
			t.Fatalf("never %q after %q", last, all)
		}
	}
}

// A character may come in parts, and a line in as many as it has bytes.
func TestLinesThatComeInParts(t *testing.T) {
	h, read := reading(t)
	v := h.types(nil, strings.Split("l\xc3\xb6sche 漢\x7f\x1b[A\r", "")...)
	until(t, read, "lösche \n")
	_ = v.Close()
}

// A line that was not ended is never read: it may be the answer to a question.
func TestALineThatWasNotEndedIsNotRead(t *testing.T) {
	for name, end := range map[string]func(visit, io.Closer) error{
		"the input ends":        func(_ visit, in io.Closer) error { return in.Close() },
		"the session is closed": func(v visit, _ io.Closer) error { return v.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			h, read := reading(t)
			v := h.session(h.connect("ada"))
			in, err := v.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(v.RequestPty("dumb", 24, 80, nil), v.Shell()); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, "one\rdelete"); err != nil {
				t.Fatal(err)
			}
			until(t, read, "one\n")
			if err := end(v, in); err != nil {
				t.Fatal(err)
			}
			if got := until(t, read, "end"); len(got) != 1 {
				t.Errorf("read %q", got)
			}
		})
	}
}

// A line is bounded, and what is beyond its end is not shown.
func TestALineWithoutEnd(t *testing.T) {
	h, read := reading(t)
	v := h.types(nil, strings.Repeat("x", 100<<10), "\r", "\x04")
	all := until(t, read, "end")
	if len(all) != 2 || len(all[0]) != 64<<10+1 {
		t.Errorf("read %d lines, the first of %d bytes", len(all)-1, len(all[0]))
	}
	v.ends()
	if shown := v.stdout.String(); strings.Count(shown, "x") != 64<<10 || !strings.Contains(shown, "\a") {
		t.Errorf("%d bytes are shown", len(shown))
	}
}

// Without a terminal what comes is read as it is, and nothing is shown.
func TestLinesWithoutATerminal(t *testing.T) {
	h, read := reading(t)
	v := h.session(h.connect("ada"))
	v.Stdin = strings.NewReader("a\x7f\x03\r\nthe last")
	if err := v.Start("linear"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", until(t, read, "end")); got != `["a\x7f\x03\r\n" "the last" "end"]` {
		t.Errorf("read %s", got)
	}
	if v.ends(); v.stdout.String() != "" {
		t.Errorf("shown: %q", v.stdout)
	}
}
