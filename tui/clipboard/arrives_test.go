//go:build unix

package clipboard_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const (
	throughTmux   = "Sent to your terminal through tmux; if paste is empty, select it above"
	throughScreen = "Sent to your terminal through screen; if paste is empty, select it above"
	toTerminal    = "Sent to the terminal; if paste is empty, select it above"
)

// arrives opens a terminal in which words run, the copier among them, and fails
// unless the terminal gets the text and the copier says just that.
func (c copier) arrives(t *testing.T, words []string, want string) {
	t.Helper()
	term := openTerminal(t, words)
	term.begin()
	if said, problem := c.said(t); problem != "" || said != want {
		t.Errorf("it says %q, %q", said, problem)
	}
	if got := term.copied(); got != c.text {
		t.Errorf("the terminal got %q", got)
	}
}

// Inside of tmux a key arrives at the terminal, whatever the two options are
// that let or do not let a program reach it, and nothing of it is left behind.
func TestThroughTmux(t *testing.T) {
	server := startSSHD(t)
	for _, where := range []string{"here", "over ssh"} {
		for name, options := range map[string]string{
			"default":              "",
			"set-clipboard on":     "set -s set-clipboard on\n",
			"allow-passthrough on": "set -g allow-passthrough on\n",
			"set-clipboard off":    "set -s set-clipboard off\n",
		} {
			t.Run(where+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, tmux := newCopier(t), newTmux(t, options)
				words := tmux.around(c.command)
				if where == "over ssh" {
					words = server.around(t, words)
				}
				c.arrives(t, words, throughTmux)
				tmux.holdsNothing(t)
			})
		}
	}
}

// One in the other, here and at both ends of SSH. A tmux that cannot be asked
// lets through what allow-passthrough allows.
func TestNested(t *testing.T) {
	const lets = "set -g allow-passthrough on\n"
	server := startSSHD(t)
	in := func(t *testing.T, outer string, words []string) []string {
		switch outer {
		case "screen":
			return aroundInScreen(t, words)
		case "ssh":
			return server.around(t, words)
		}
		options := ""
		if outer == "tmux that lets" {
			options = lets
		}
		tmux := newTmux(t, options)
		t.Cleanup(func() { tmux.holdsNothing(t) })
		return tmux.around(words)
	}
	for _, test := range []struct {
		outside []string // from the outermost in
		words   string
	}{
		{[]string{"ssh"}, toTerminal},
		{[]string{"screen"}, throughScreen},
		{[]string{"ssh", "screen"}, throughScreen},
		{[]string{"screen", "tmux"}, throughTmux},
		{[]string{"tmux", "screen"}, throughTmux},
		{[]string{"tmux that lets", "tmux"}, throughTmux},
		{[]string{"tmux that lets", "ssh"}, toTerminal},
		{[]string{"tmux that lets", "ssh", "tmux"}, throughTmux},
		{[]string{"screen", "ssh"}, toTerminal},
		{[]string{"screen", "ssh", "tmux"}, throughTmux},
	} {
		t.Run(strings.Join(test.outside, ", "), func(t *testing.T) {
			t.Parallel()
			c := newCopier(t)
			words := c.command
			for i := len(test.outside) - 1; i >= 0; i-- {
				words = in(t, test.outside[i], words)
			}
			c.arrives(t, words, test.words)
		})
	}
}

// At an X display the key is where other programs paste from.
func TestOnAnXDisplay(t *testing.T) {
	xvfb, xclip := needs(t, "Xvfb", "xvfb"), needs(t, "xclip", "xclip")
	number, err := os.CreateTemp(t.TempDir(), "display")
	if err != nil {
		t.Fatal(err)
	}
	x := exec.CommandContext(context.Background(), xvfb, "-displayfd", "3", "-screen", "0", "64x64x8", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{number}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	})
	var display string
	for end := time.Now().Add(patience); display == ""; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(number.Name())
		if line, _, whole := strings.Cut(string(text), "\n"); whole {
			display = ":" + line
		}
		if time.Now().After(end) {
			t.Fatal("the X server does not start")
		}
	}
	c := newCopier(t, "DISPLAY="+display)
	term := openTerminal(t, c.command)
	term.begin()
	if said, problem := c.said(t); problem != "" || said != "Copied to this machine's clipboard" {
		t.Errorf("it says %q, %q", said, problem)
	}
	// xclip has said that it is done before the X server has heard of it.
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		paste := exec.CommandContext(t.Context(), xclip, "-o", "-selection", "clipboard")
		paste.Env = append(bareEnvironment(), "DISPLAY="+display)
		got, err := paste.Output()
		if err == nil && string(got) == c.text {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("xclip pastes %q, %v", got, err)
		}
	}
	term.mu.Lock()
	defer term.mu.Unlock()
	if copies.Match(term.got.Bytes()) {
		t.Errorf("the terminal got %q as well", &term.got)
	}
}
