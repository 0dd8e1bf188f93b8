package tui

import "fmt"

// State is what a console is doing, for tests that hold two of them against each
// other.
type State struct {
	Page     string
	Dialogs  []string // their types, the top one last
	Focus    string   // of the top one
	Named    string   // the account that the top one asks about
	Tabs     int      // from the focus to the field that the top one has
	Left     int      // how many accounts the top one asks about
	Selected string
	Rows     int
	Query    string
	Marks    int
}

// State is that of the console as it stands.
func (m Model) State() State {
	p := m.current().(listingPage)
	s := State{
		Page: m.current().name(), Selected: m.accounts.selected, Rows: p.rows().table.Length(),
		Query: p.rows().box.query(), Marks: len(m.accounts.marks.ids),
	}
	for _, d := range m.dialogs {
		s.Dialogs = append(s.Dialogs, fmt.Sprintf("%T", d.dialog))
	}
	switch d := m.topDialog().(type) {
	case createDialog:
		s.Focus = map[formFocus]string{focusPick: "pick", focusName: "name"}[d.focus]
	case deleteDialog:
		s.Named, s.Tabs = d.account.Name, tabsToField[d.focus]
		s.Focus = "button"
		if d.weighty(m.now) && (d.focus != focusDelete || d.name.Value() != d.account.Name) {
			s.Focus = "name"
		} else if d.weighty(m.now) {
			s.Focus = "named"
		}
	case bulkDialog:
		s.Tabs = tabsToField[d.focus]
		s.Left = d.left()
		if d.counted() && d.focus == focusDelete {
			s.Focus = "named"
		}
	case keyDialog:
		if d.leaving {
			s.Focus = "leaving"
		}
	}
	return s
}

var tabsToField = map[deleteFocus]int{focusTyped: 0, focusDelete: 1, focusKeep: 2}
