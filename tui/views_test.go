package tui_test

import (
	"testing"
	"testing/synctest"

	"github.com/lifeguard-keys/lifeguard/tui"
)

func (c *console) remembered() tui.View { return c.model.(tui.Model).Remembered() }

func TestViewsAreChosenByKeyAndByCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		views := []tui.View{{Name: "Forgotten", Query: "used:never", Sort: "-created"}, {Name: "By team", Sort: "team"}}
		c := newConsole(t, newAuthority(), 100, 24, func(o *tui.Options) { o.Views = views })
		c.press("V")
		c.sees("View: Forgotten", "View: By team")
		c.typeText("forg")
		c.press("enter")
		c.sees("used:never", "2 of 8", "CREATED ▼")
		if got := c.remembered(); got.Query != "used:never" || got.Sort != "-created" {
			t.Errorf("remembered %+v", got)
		}
		c.press(":")
		c.typeText("view by")
		c.press("enter")
		c.sees("TEAM ▲", "8 keys")
		c.seesNot("used:never")
	})
}

func TestWithoutViewsTheKeySaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		c.press("V")
		c.sees("The configuration has no views")
	})
}

func TestTheConsoleBeginsWithTheLastView(t *testing.T) {
	for _, view := range []tui.View{{Query: "ci dep"}, {Sort: "-team"}, {Query: "ci dep", Sort: "used"}, {}} {
		synctest.Test(t, func(t *testing.T) {
			c := newConsole(t, newAuthority(), 100, 24, func(o *tui.Options) { o.Begin = view })
			if view.Query != "" {
				c.sees("/ ci dep", "3 of 8")
			} else {
				c.sees("8 keys")
			}
			if got := c.remembered(); got != view {
				t.Errorf("begun with %+v, remembered %+v", view, got)
			}
			c.press("esc")
			c.sees("8 keys")
		})
	}
}

// What is remembered never holds a key: pasted, typed, or put into the file.
func TestAKeyIsNeverRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24, func(o *tui.Options) { o.Begin = tui.View{Query: knownKey} })
		c.seesNot(knownKey[3:20])
		check := func(after string) {
			if got := c.remembered().Query; got != "" {
				t.Errorf("after %s a query of %d bytes is remembered", after, len(got))
			}
		}
		check("it was in the file")
		c.paste(knownKey)
		check("it was pasted")
		c.press("esc", "/")
		c.typeText("x " + knownKey[:30])
		check("most of it was typed")
		c.press("backspace", "backspace", "backspace")
		check("some letters were taken back")
		c.press("enter")
		check("the search was left")
	})
}
