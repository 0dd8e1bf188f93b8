package tui_test

import (
	"fmt"
	"image/color"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// looks are the ways that a terminal and a person can ask for.
var looks = []struct {
	name    string
	options func(*tui.Options)
	light   bool
	profile colorprofile.Profile
}{
	{"high-contrast-dark", func(o *tui.Options) { o.Theme = styles.HighContrast }, false, colorprofile.TrueColor},
	{"high-contrast-light", func(o *tui.Options) { o.Theme = styles.HighContrast }, true, colorprofile.TrueColor},
	{"16-color-dark", func(*tui.Options) {}, false, colorprofile.ANSI},
	{"16-color-light", func(*tui.Options) {}, true, colorprofile.ANSI},
	{"ascii", func(o *tui.Options) { o.ASCII = true }, false, colorprofile.TrueColor},
	{"light-on-dark", func(o *tui.Options) { o.Theme = styles.Light }, false, colorprofile.TrueColor},
	{"production-red", func(o *tui.Options) { o.Production, o.ContextName = true, "prod" }, false, colorprofile.TrueColor},
	{"staging-green", func(o *tui.Options) { o.ContextWord, o.ContextColor = "STAGING", "green" }, false, colorprofile.TrueColor},
}

func TestThemeGoldens(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			var got strings.Builder
			for _, state := range []struct {
				name string
				lead func(*console)
			}{
				{"list", func(c *console) { c.press("j") }},
				{"search", func(c *console) { c.press("/"); c.typeText("ci dep") }},
				{"delete", func(c *console) { c.press("j", "d") }},
			} {
				synctest.Test(t, func(t *testing.T) {
					c := newConsole(t, newAuthority(), 80, 24, look.options)
					background := color.Color(color.Black)
					if look.light {
						background = color.White
					}
					c.send(tea.ColorProfileMsg{Profile: look.profile})
					c.send(tea.BackgroundColorMsg{Color: background})
					state.lead(c)
					c.checkScreen(80, 24)
					fmt.Fprintf(&got, "=== %s\n%s\n", state.name, c.model.View().Content)
				})
			}
			if look.name == "ascii" {
				for _, r := range got.String() {
					if r >= 0x2000 && r < 0x2c00 { // glyphs and lines; names have letters of any script
						t.Errorf("%q is on an ASCII screen", r)
					}
				}
			}
			compare(t, "theme-"+look.name, got.String())
		})
	}
}

// anyColour is a colour in an escape sequence.
var anyColour = regexp.MustCompile(`\x1b\[[0-9;]*(3[0-9]|4[0-9]|9[0-7]|10[0-7])[0-9;]*m`)

// With sixteen colours no other colour is asked for.
func TestSixteenColoursAreSixteen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24, func(o *tui.Options) { o.Theme = styles.Sixteen })
		if content := c.model.View().Content; strings.Contains(content, "38;2") || strings.Contains(content, "38;5") || !anyColour.MatchString(content) {
			t.Errorf("a screen with other colours than the terminal's own:\n%q", content)
		}
	})
}
