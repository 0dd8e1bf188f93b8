package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// searchIndent is where the text of the search begins.
const searchIndent = len(" / ")

// searchBox is the line in which a page's query is typed.
type searchBox struct {
	input textinput.Model
}

func newSearchBox(placeholder string) searchBox {
	input := textinput.New()
	input.Prompt = ""
	input.Placeholder = placeholder
	input.CharLimit = 2 * query.MaxLength // the parser says what is too long
	input.SetVirtualCursor(false)
	return searchBox{input: input}
}

func (b searchBox) query() string    { return b.input.Value() }
func (b searchBox) focused() bool    { return b.input.Focused() }
func (b *searchBox) resize(l layout) { b.input.SetWidth(max(l.width-36, 10)) }

func (b *searchBox) restyle(e environment) { b.input.SetStyles(inputStyles(e.styles)) }

func (b *searchBox) leave() { b.input.Blur() }

func (b *searchBox) set(query string) {
	b.input.SetValue(query)
	b.input.EchoMode = textinput.EchoNormal
}

// press types a key. It reports whether the query is another one then; a key
// that is none of the box's own is not used.
func (b *searchBox) press(press tea.KeyPressMsg, e environment) (cmd tea.Cmd, changed, used bool) {
	switch {
	case e.keys.KeepSearch.matches(press), e.keys.LeaveSearch.matches(press) && b.input.Value() == "":
		b.leave()
		return nil, false, true
	case e.keys.LeaveSearch.matches(press):
		b.set("")
		return nil, true, true
	}
	if _, moves := e.keys.movementWhileTyping(press); moves {
		return nil, false, false
	}
	if press.String() == "ctrl+v" {
		// The terminal pastes; reading the clipboard here would be a second,
		// different clipboard.
		return nil, false, true
	}
	cmd, changed = b.typed(press)
	return cmd, changed, true
}

// paste takes a pasted text in, as one line.
func (b *searchBox) paste(msg tea.PasteMsg) (tea.Cmd, bool) {
	focus := b.input.Focus()
	cmd, changed := b.typed(tea.PasteMsg{Content: strings.TrimSpace(api.Clean(firstLine(msg.Content)))})
	return tea.Batch(focus, cmd), changed
}

func (b *searchBox) typed(msg tea.Msg) (tea.Cmd, bool) {
	before := b.input.Value()
	var cmd tea.Cmd
	b.input, cmd = b.input.Update(msg)
	// A terminal without bracketed paste types what is pasted. From where it
	// can be seen to be a key it is hidden, and it stays hidden until the box is
	// empty: taking letters away shows none.
	switch text := b.input.Value(); {
	case text == "":
		b.input.EchoMode = textinput.EchoNormal
	case api.FindKey(text) != "":
		b.input.EchoMode = textinput.EchoPassword
	}
	return cmd, b.input.Value() != before
}

// takeKey empties the box of a whole key that was typed into it, as terminals
// without bracketed paste do, and returns it.
func (b *searchBox) takeKey() (string, bool) {
	key := api.FindKey(b.input.Value())
	if key == "" || api.CheckKey(key) != nil {
		return "", false
	}
	b.set("")
	return key, true
}

// hidden reports whether the text must not be shown.
func (b searchBox) hidden() bool { return b.input.EchoMode == textinput.EchoPassword }

// draw draws the box of a page that is searched in the query language: terms
// that are not understood are underlined.
func (b searchBox) draw(wrong []query.Error, counts string, width int, e environment) (string, queryText) {
	if b.hidden() || b.query() == "" {
		return b.line(counts, width, e), queryText{}
	}
	text := drawQuery(b.input, wrong, b.input.Width(), e)
	left := " " + e.styles.Key.Render("/") + " " + text.shown
	return e.spread(left, e.styles.Muted.Render(counts)+" ", width), text
}

// textCursor is where the cursor stands in what draw has drawn.
func (b searchBox) textCursor(text queryText, l layout, e environment) *tea.Cursor {
	switch {
	case !b.focused():
		return nil
	case b.hidden() || b.query() == "":
		return b.cursor(l, e)
	}
	return text.at(searchIndent, l.search.Min.Y)
}

// shown is the query as it may stand on the screen.
func (b searchBox) shown() string {
	if b.hidden() {
		return "what looks like a key"
	}
	return b.query()
}

// line draws a box that has no query to draw, or a rule while nothing is
// searched, with counts at the right.
func (b searchBox) line(counts string, width int, e environment) string {
	left := " " + e.styles.Key.Render("/") + " "
	switch {
	case b.focused():
		left += b.input.View()
	case b.query() != "":
		left += b.shown()
	default:
		return e.rule(width)
	}
	if b.query() == "" {
		counts = ""
	}
	return e.spread(left, e.styles.Muted.Render(counts)+" ", width)
}

func (b searchBox) cursor(l layout, e environment) *tea.Cursor {
	return inputCursor(b.input, e.measure, searchIndent, l.search.Min.Y)
}
