package styles_test

import (
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/styles"
)

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
