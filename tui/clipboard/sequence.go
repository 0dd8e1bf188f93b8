package clipboard

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// screenChunk is how many bytes GNU screen passes on at once (measured: more is
// dropped).
const screenChunk = 76

// sequence is what a text that goes this way looks like to the terminal. A
// terminal that gets two forms understands one, and they hold the same text; a
// whole one comes last, for a terminal that takes a piece for the whole.
func sequence(path Path, text string) string {
	plain := ansi.SetSystemClipboard(text)
	switch path {
	case OSC52:
		return plain
	case OldTmux:
		return ansi.TmuxPassthrough(plain)
	case Passthrough:
		return plain + ansi.TmuxPassthrough(plain)
	case Screen:
		return ansi.ScreenPassthrough(plain, screenChunk)
	case TmuxOrScreen:
		return ansi.ScreenPassthrough(plain, screenChunk) + plain
	}
	return ""
}

// pathTo is the way to a terminal of that name (TERM). The multiplexer behind
// the name can be at the person's end of an SSH connection, or around another
// one: out of reach but for what is written to the terminal. screen cannot be
// sent what is wrapped for tmux, it would show a part of that.
func pathTo(term string) Path {
	switch {
	case strings.HasPrefix(term, "tmux"):
		return Passthrough
	case strings.HasPrefix(term, "screen"):
		return TmuxOrScreen
	}
	return OSC52
}
