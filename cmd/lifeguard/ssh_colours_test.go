package main

import (
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// colourDepths are what tells how many colours an output uses, the most first.
var colourDepths = []struct {
	name     string
	sequence *regexp.Regexp
}{
	{"all", regexp.MustCompile(`\x1b\[[0-9;]*[34]8;2;[0-9;]*m`)},
	{"256", regexp.MustCompile(`\x1b\[[0-9;]*[34]8;5;[0-9;]*m`)},
	{"16", regexp.MustCompile(`\x1b\[(?:[0-9;]*;)?(?:3|4|9|10)[0-7][0-9;]*m`)},
}

// The colours over SSH are those of the person's terminal, whatever the server
// was started in, which is with NO_COLOR here: as many as the terminal has, none
// where it wants none, and those that fit its background.
func TestSSHColoursAreTheTerminalsOwn(t *testing.T) {
	s := serveSSH(t)
	written := map[string]string{} // every sequence with a colour
	for name, test := range map[string]struct {
		variable   string // which ssh sends, but TERM, which it always does
		background color.Color
		want       string
	}{
		"all colours":    {"COLORTERM=truecolor", color.Black, "all"},
		"dark":           {"LANG=C.UTF-8", color.Black, "256"},
		"light":          {"LANG=C.UTF-8", color.White, "256"},
		"sixteen":        {"TERM=xterm", color.Black, "16"},
		"without colour": {"NO_COLOR=1", color.Black, "none"},
	} {
		sent, _, _ := strings.Cut(test.variable, "=")
		cmd := s.command("ada", "-tt", "-o", "SendEnv="+sent)
		cmd.Env = append(cmd.Env, test.variable)
		terminal := vt.NewEmulator(100, 30)
		terminal.SetDefaultBackgroundColor(test.background)
		screen := startOn(s.t, terminal, cmd, 100, 30)
		screen.see("live ●")
		screen.press("q")
		if code := screen.end(); code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
		got := "none"
		for _, depth := range colourDepths {
			if found := depth.sequence.FindAllString(screen.output(), -1); len(found) > 0 {
				got, written[name] = depth.name, strings.Join(found, "")
				break
			}
		}
		if got != test.want {
			t.Errorf("%s: it has %s, want %s: %q", name, got, test.want, screen.output())
		}
	}
	if written["light"] == written["dark"] {
		t.Errorf("a light background gets the colours of a dark one: %q", written["light"])
	}
}
