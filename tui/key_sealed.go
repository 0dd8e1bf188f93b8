package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// sealedWords say what a sealed key is, and how it is opened.
func (d keyDialog) sealedWords(e environment) []string {
	s := e.styles
	who := middleCut(d.sealTo[0].Name(), e)
	if n := len(d.sealTo) - 1; n > 0 {
		who += " and " + plural(n, "other")
	}
	file := d.suggestion()
	if d.written != "" {
		file = filepath.Base(d.written)
	}
	lines := d.said(s.Glyphs.Good+" Sealed to "+who+", shown to nobody. Only they can open it:", s.Success.Render, e)
	return append(lines, d.said(d.sealTo.Opening(api.Clean(file)), s.Text.Render, e)...)
}

// middleCut shortens a name whose end tells as much as its beginning.
func middleCut(name string, e environment) string {
	const head, tail = 16, 6
	if runes := []rune(name); len(runes) > head+tail+1 {
		return string(runes[:head]) + e.styles.Glyphs.Ellipsis + string(runes[len(runes)-tail:])
	}
	return name
}

// armorWidth is how long a line of age's armor is, in cells. It cannot be broken
// elsewhere.
const armorWidth = 64

// handedOver is the key, or its sealed text, in room lines. What does not fit is
// copied and written all the same.
func (d keyDialog) handedOver(e environment, room int) []string {
	s := e.styles
	lines := strings.Split(d.created.APIKey.Reveal(), "\n")
	if d.sealTo == nil {
		return []string{s.Secret.Render(lines[0])}
	}
	shown := len(lines)
	if room = max(room, 2); shown > room {
		shown = room - 1
	}
	if e.screen < armorWidth {
		shown = 1
	}
	var drawn []string
	for _, line := range lines[:shown] {
		drawn = append(drawn, s.Secret.Render(line))
	}
	if more := len(lines) - shown; more > 0 {
		words := fmt.Sprintf("%s and %s more; %s copies all of it", s.Glyphs.Ellipsis, plural(more, "line"), e.keys.Copy.Help().Key)
		if !e.noFiles {
			words += ", " + e.keys.Write.Help().Key + " writes it"
		}
		drawn = append(drawn, s.Muted.Render(e.measure.Truncate(words, e.screen, s.Glyphs.Ellipsis)))
	}
	return drawn
}
