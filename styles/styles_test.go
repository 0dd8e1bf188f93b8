package styles_test

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/styles"
)

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// Words must be readable: 4.5:1 is what WCAG asks of text.
func TestWordsHaveContrast(t *testing.T) {
	t.Parallel()
	for name, theme := range map[string]struct {
		palette    styles.Palette
		background color.Color
	}{"dark": {styles.Dark(), color.Black}, "light": {styles.Light(), color.White}} {
		p := theme.palette
		for what, c := range map[string]color.Color{
			"muted": p.Muted, "accent": p.Accent, "match": p.Match, "success": p.Success, "warning": p.Warning, "danger": p.Danger,
		} {
			if got := contrast(c, theme.background); got < 4.5 {
				t.Errorf("%s %s has a contrast of %.1f", name, what, got)
			}
		}
		for what, fill := range map[string]color.Color{"accent": p.Accent, "danger": p.Danger} {
			if got := contrast(p.OnFill, fill); got < 4.5 {
				t.Errorf("%s text on %s has a contrast of %.1f", name, what, got)
			}
		}
	}
}

// Without colour, what means something must still differ from plain text.
func TestStateIsNeverColourAlone(t *testing.T) {
	t.Parallel()
	s := styles.New(styles.Options{})
	for name, style := range map[string]lipgloss.Style{
		"title": s.Title, "match": s.Match, "production": s.Production, "focused button": s.ButtonOn, "dangerous button": s.ButtonRisk, "key": s.Key,
	} {
		if !style.GetBold() && !style.GetUnderline() {
			t.Errorf("%s is told by colour alone", name)
		}
	}
}

func TestGlyphsAreOneCell(t *testing.T) {
	t.Parallel()
	for _, ascii := range []bool{false, true} {
		g := styles.New(styles.Options{ASCII: ascii}).Glyphs
		for _, glyph := range append(g.Spinner, g.Marker, g.Path, g.Ellipsis, g.Up, g.Down, g.Dot, g.Rule, g.Pane, g.Bullet, g.Focus, g.Warn) {
			if ansi.StringWidthWc(glyph) != 1 || (ascii && glyph[0] >= 0x80) {
				t.Errorf("%q is not one cell of this character set", glyph)
			}
		}
	}
}
