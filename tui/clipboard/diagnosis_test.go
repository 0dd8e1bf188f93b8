//go:build unix

package clipboard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// What a tmux says of itself leads to the line that is missing, if one is.
func TestDiagnose(t *testing.T) {
	const inside = "TMUX=/tmp/tmux-1/default,1,0"
	tmux := func(version, term, capability string) string {
		return `case "$*" in display-message*) printf '` + version + "|" + term + `|/dev/tty9\nTerminal 0: x for /dev/tty9, flags=0x0:\n 180: Ms: ` + capability + `\n';; *set-clipboard) echo external;; *allow-passthrough) echo off;; esac`
	}
	for name, test := range map[string]struct {
		script string
		env    []string
		place  string
		advice string
	}{
		"nothing to say":      {"", nil, "on this machine", ""},
		"VTE":                 {"", []string{"VTE_VERSION=7000"}, "on this machine", "select the key, or write it to a file"},
		"xterm over SSH":      {"", []string{"XTERM_VERSION=XTerm(379)", "SSH_TTY=/dev/pts/1"}, "over SSH", "    XTerm*disallowedWindowOps: 20,21,SetXprop"},
		"iTerm":               {"", []string{"LC_TERMINAL=iTerm2", "SSH_TTY=/dev/pts/1"}, "over SSH", "Applications in terminal may access clipboard"},
		"tmux, all well":      {tmux("3.5a", "xterm-256color", "(string) x"), []string{inside}, "on this machine, inside tmux", ""},
		"tmux, no capability": {tmux("3.3a", "foot", "[missing]"), []string{inside}, "on this machine, inside tmux", "    set -as terminal-features ',foot:clipboard'"},
		"tmux, nobody there":  {tmux("3.3a", "", "[missing]"), []string{inside}, "on this machine, inside tmux", "No terminal is attached"},
		"tmux, too old":       {tmux("3.1c", "xterm", "(string) x"), []string{inside}, "on this machine, inside tmux", "older than 3.2"},
		"tmux, gone":          {"echo 'no server running on x' >&2; exit 1", []string{inside}, "on this machine, inside tmux", "tmux cannot be asked: it is gone"},
		"tmux in screen":      {tmux("3.5a", "screen", "[missing]"), []string{inside, "STY=1.x", "SSH_TTY=x"}, "over SSH, inside tmux, inside GNU screen", ""},
		"tmux in tmux":        {tmux("3.5a", "tmux-256color", "(string) x"), []string{inside, "SSH_TTY=x"}, "over SSH, inside tmux", "    set -g allow-passthrough on"},
		"from tmux":           {"", []string{"SSH_TTY=x", "TERM=tmux-256color"}, "over SSH, from inside tmux", "    set -g allow-passthrough on"},
		"from either":         {"", []string{"SSH_TTY=x", "TERM=screen-256color"}, "over SSH, from inside screen or tmux", "    set -s set-clipboard on"},
		"screen":              {"", []string{"STY=1.x"}, "on this machine, inside GNU screen", ""},
	} {
		folder := t.TempDir()
		t.Setenv("PATH", folder+":/bin:/usr/bin")
		if test.script != "" {
			if err := os.WriteFile(filepath.Join(folder, "tmux"), []byte("#!/bin/sh\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		d := clipboard.Diagnose(t.Context(), environment(test.env...))
		advice := strings.Join(d.Advice, "\n")
		if d.Place.String() != test.place || !strings.Contains(advice, test.advice) || test.advice == "" && advice != "" {
			t.Errorf("%s: %s, %q", name, d.Place, advice)
		}
	}
}
