package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// listing is what every page of rows has: a table, and a box to search it.
type listing struct {
	table   table.Model
	columns []table.Column // those of all that there is room for
	all     []table.Column
	box     searchBox
}

func newListing(columns []table.Column, placeholder string) listing {
	return listing{all: columns, box: newSearchBox(placeholder)}
}

func (s *listing) rows() *listing { return s }

func (s *listing) typing() bool { return s.box.focused() }

func (s *listing) resize(l layout) {
	s.table.SetSize(l.table.Dx(), l.table.Dy())
	s.columns = table.Fit(s.all, l.table.Dx())
	s.box.resize(l)
}

func (s *listing) restyle(e environment) {
	s.table.SetMeasure(e.measure)
	s.box.restyle(e)
}

// listingPage is a page with a listing.
type listingPage interface {
	page
	rows() *listing
	// moved is called when the cursor has moved.
	moved(e environment) tea.Cmd
	// searched shows what another query asks for, from the best row on. When the
	// query was cleared, the cursor keeps its row.
	searched(e environment) tea.Cmd
}

// press carries out a key: it is typed while the search has the focus, and else
// one of the page's bindings.
func press(p listingPage, key tea.KeyPressMsg, e environment) (tea.Cmd, action) {
	if p.typing() {
		return typeKey(p, key, e)
	}
	b, ok := find(p.bindings(e), key)
	switch {
	case !ok:
		return nil, nil
	case b.off != "":
		return nil, say{toastWarning, b.off}
	case e.keys.move(&p.rows().table, b):
		return p.moved(e), nil
	}
	return p.run(b, e)
}

// typeKey types into the search. Arrows move in the table meanwhile.
func typeKey(p listingPage, key tea.KeyPressMsg, e environment) (tea.Cmd, action) {
	cmd, changed, used := p.rows().box.press(key, e)
	if !used {
		if b, ok := e.keys.movementWhileTyping(key); ok && e.keys.move(&p.rows().table, b) {
			return p.moved(e), nil
		}
	}
	return typed(p, cmd, changed, e)
}

// pasteQuery takes a pasted text into the search, as one line.
func pasteQuery(p listingPage, msg tea.PasteMsg, e environment) (tea.Cmd, action) {
	cmd, changed := p.rows().box.paste(msg)
	return typed(p, cmd, changed, e)
}

// typed follows what was typed or pasted. A whole key is no query: its owner is
// looked for.
func typed(p listingPage, cmd tea.Cmd, changed bool, e environment) (tea.Cmd, action) {
	if key, ok := p.rows().box.takeKey(); ok {
		return tea.Batch(cmd, p.searched(e)), seekKey{key}
	}
	if changed {
		cmd = tea.Batch(cmd, p.searched(e))
	}
	return cmd, nil
}

// point follows the mouse.
func point(p listingPage, msg tea.Msg, e environment) tea.Cmd {
	if follow(&p.rows().table, msg) {
		return p.moved(e)
	}
	return nil
}
