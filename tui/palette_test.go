package tui_test

import (
	"testing"
	"testing/synctest"

	"github.com/lifeguard-keys/lifeguard/tui"
)

func TestThePaletteRunsWhatIsPossibleHere(t *testing.T) {
	for _, test := range []struct {
		page, typed, sees string
	}{
		{"1", "audit", "Security › Audit log"},
		{"1", "teams", "Access control › Teams"},
		{"1", "sort by last", "LAST USED ▲"},
		{"1", "sort team", "TEAM ▲"},
		{"1", "new api", "New API Key"},
		{"1", "delete", "Delete Service Account"},
		{"2", "api keys", "Security › API Keys"},
		{"2", "refresh", "13 events"},
		{"3", "new team", "New Team"},
		{"3", "help", "page down"},
		{"2", "next page", "Access control › Teams"},
	} {
		t.Run(test.typed, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsole(t, newAuthority(), 100, 30)
				c.press(test.page, ":")
				c.typeText(test.typed)
				c.press("enter")
				c.seesNot("type to search commands")
				c.sees(test.sees)
			})
		})
	}
}

func TestThePaletteSaysWhyACommandIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30, func(o *tui.Options) { o.ReadOnly = true })
		c.press(":")
		c.typeText("delete service")
		c.press("enter")
		c.sees("This console is read-only", "delete service")
		c.press("esc")
		c.seesNot("This console is read-only")
		c.press(":")
		c.typeText("quit")
		c.press("enter")
		if !c.quit {
			t.Error("the palette does not quit")
		}
	})
}

func TestThePaletteChoosesATheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30)
		before := c.model.View().Content
		c.press(":")
		c.typeText("theme high")
		c.press("enter")
		if c.model.View().Content == before {
			t.Error("nothing looks different")
		}
		c.press(":")
		c.typeText("theme high")
		c.press("enter")
		c.sees("This theme is chosen")
		c.press("esc", ":")
		c.typeText("theme auto")
		c.press("enter")
		if c.model.View().Content != before {
			t.Error("the theme does not come back")
		}
	})
}

func TestEscGoesBackToThePageThatLedHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30)
		c.press("2", "j", "enter")
		c.sees("Security › API Keys")
		c.press("esc")
		c.sees("Security › Audit log")
		c.press("3", "j", "enter")
		c.sees("Security › API Keys", "3 of 8")
		c.press("esc") // clears the search
		c.sees("Security › API Keys", "8 keys")
		c.press("esc")
		c.sees("Access control › Teams")
		// A page that was chosen by itself leads nowhere back.
		c.press("1", "esc", "esc")
		c.sees("Security › API Keys")
	})
}
