//go:build unix

package main

import (
	"regexp"
	"strings"
	"testing"
)

// What doctor sends through a tmux is where one pastes from: here in the
// buffers of another tmux around it. The one that it is in keeps nothing.
func TestDoctorInTmux(t *testing.T) {
	p := openPane(t, t.TempDir(), "80", "40", "read _; lifeguard doctor; env -u TMUX tmux -S inner -f /dev/null new-session 'lifeguard doctor; tmux list-buffers; read _'")
	p.tmux("set-option", "-s", "set-clipboard", "on")
	p.press("Enter")
	screen := p.waitFor("Paste now", "allow-passthrough on\n")
	for _, want := range []string{"place        on this machine, inside tmux", "set-clipboard external, allow-passthrough off", "way          tmux", "copy         Sent to your terminal through tmux."} {
		if !strings.Contains(screen, want) {
			t.Errorf("it does not say %q:\n%s", want, screen)
		}
	}
	text := regexp.MustCompile("lifeguard doctor [0-9:]{8}").FindString(screen)
	if got := p.tmux("show-buffer"); got != text || text == "" {
		t.Errorf("pasting gives %q, not %q", got, text)
	}
	if strings.Contains(screen, "buffer0") {
		t.Errorf("tmux keeps it:\n%s", screen)
	}
	p.press("Enter") // ends the inner one; the first doctor, above, found nobody attached
	p.waitFor("No terminal is attached to tmux: attach one, then copy again.", "exit code 0")
}
