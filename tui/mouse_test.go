package tui_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

func click(x, y int) tea.Msg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }

func wheel(button tea.MouseButton) tea.Msg { return tea.MouseWheelMsg{X: 5, Y: 5, Button: button} }

func TestTheMouseMovesAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		before := c.screen()
		if c.send(click(5, 6)); c.screen() != before || c.model.View().MouseMode != tea.MouseModeNone {
			t.Error("the mouse does something before it is on")
		}
		c.press("M")
		c.sees("The mouse is on")
		if c.model.View().MouseMode != tea.MouseModeCellMotion {
			t.Error("the terminal is not asked for the mouse")
		}
		c.send(click(5, 6)) // the third row: rows begin at line 4
		c.sees("▌ ci-deploy-us")
		c.send(wheel(tea.MouseWheelUp))
		c.sees("▌ backup-verify")
		c.send(wheel(tea.MouseWheelDown))
		c.sees("▌ nightly-ci-deps")
		c.send(click(5, 20)) // below the last row
		c.send(click(5, 0))
		c.send(tea.MouseClickMsg{X: 5, Y: 4, Button: tea.MouseRight})
		c.sees("▌ nightly-ci-deps")
		c.press("2")
		c.send(click(5, 5))
		c.press("3")
		c.send(click(5, 5))
		c.press("1")

		// A dialog is scrolled and never pressed.
		c.press("d")
		for y := range 24 {
			for x := 0; x < 80; x += 4 {
				c.send(click(x, y))
			}
		}
		c.sees("Cancel")
		if len(c.server.deleted) > 0 {
			t.Error("a click deletes")
		}
		c.press("esc", "?")
		top := c.screen()
		c.send(wheel(tea.MouseWheelDown))
		if c.screen() == top {
			t.Error("the help is not scrolled")
		}
		c.send(wheel(tea.MouseWheelUp))
		if c.screen() != top {
			t.Error("the help is not scrolled back")
		}
		c.press("esc", "M")
		c.sees("The mouse is off")
	})
}

// While a new key is shown the mouse selects text, whatever was chosen.
func TestTheMouseLeavesANewKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24, func(o *tui.Options) { o.Mouse = true })
		c.press("n", "enter")
		c.typeText("ci-deploy")
		c.press("enter")
		if c.model.View().MouseMode != tea.MouseModeNone {
			t.Error("the mouse cannot select the key")
		}
	})
}

func TestTitleAndProgressCanBeTurnedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		if v := c.model.View(); v.WindowTitle != "" || v.ProgressBar != nil {
			t.Errorf("title %q, progress %v: they are off", v.WindowTitle, v.ProgressBar)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.delay["accounts"] = time.Minute
		c := newConsole(t, server, 80, 24, func(o *tui.Options) {
			o.WindowTitle, o.ProgressBar, o.Production = true, true, true
		})
		v := c.model.View()
		if v.WindowTitle != "lifeguard · PRODUCTION prod" {
			t.Errorf("the title is %q", v.WindowTitle)
		}
		if v.ProgressBar == nil || v.ProgressBar.State != tea.ProgressBarIndeterminate {
			t.Errorf("while loading, the progress is %v", v.ProgressBar)
		}
		c.wait(2 * time.Minute)
		if v := c.model.View(); v.ProgressBar != nil {
			t.Errorf("when all is loaded, the progress is %v", v.ProgressBar)
		}
	})
}

// The terminal's bar is used while loading and cleared after it, and an idle
// console writes nothing.
func TestAnIdleConsoleWritesNothing(t *testing.T) {
	for _, on := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			server.delay["accounts"] = time.Second
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			terminal := tuitest.Start(t, tui.New(tui.Options{
				Context: ctx, Client: server, ContextName: "prod", Clock: time.Now, Clipboard: &board{},
				NewIdempotencyKey: func() string { return "k" }, SignIn: func(api.Secret) (tui.Client, error) { return server, nil },
				WindowTitle: on, ProgressBar: on,
			}), tuitest.Options{Width: 80, Height: 24, Context: ctx})
			terminal.WaitFor("ci-deploy-eu")
			terminal.Advance(time.Minute)
			raw := terminal.Raw()
			if got := strings.Contains(terminal.Title(), "prod"); got != on {
				t.Errorf("titles %t: the title is %q", on, terminal.Title())
			}
			started, ended := bytes.Index(raw, []byte("\x1b]9;4;3")), bytes.LastIndex(raw, []byte("\x1b]9;4;0"))
			if on && (started < 0 || ended < started) || !on && bytes.Contains(raw, []byte("\x1b]9;4;")) {
				t.Errorf("progress %t: the bar begins at byte %d and ends at %d", on, started, ended)
			}
			before := terminal.BytesWritten()
			terminal.Advance(50 * time.Second)
			if n := terminal.BytesWritten() - before; n > 0 {
				t.Errorf("an idle console wrote %d bytes", n)
			}
			terminal.Quit()
		})
	}
}
