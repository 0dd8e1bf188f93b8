package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// binding is a key with what it does. The same value matches a press, stands
// in the help line and on the help page, and is written into docs/keys.md.
type binding struct {
	key.Binding
	// name identifies the binding, for tests and for configuration.
	name string
	// dangerous marks what changes something: read-only mode turns it off.
	dangerous bool
	// off says why the binding does nothing now, or is "".
	off string
}

func bind(name, help string, keys ...string) binding {
	return binding{name: name, Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(keys[0], help))}
}

// shown sets the text that stands for the binding's keys in the help.
func (b binding) shown(keys string) binding {
	b.SetHelp(keys, b.Help().Desc)
	return b
}

func (b binding) danger() binding {
	b.dangerous = true
	return b
}

func (b binding) because(off string) binding {
	if b.off == "" {
		b.off = off
	}
	return b
}

func (b binding) matches(press tea.KeyPressMsg) bool { return key.Matches(press, b.Binding) }

// keyMap holds every binding of the console. Multiplexers own ctrl+a,
// ctrl+b as a prefix, ctrl+\, ctrl+s, ctrl+q and ctrl+h/j/k/l: none of them is
// used, but for ctrl+b as a second way to page up.
type keyMap struct {
	Down, Up, PageDown, PageUp, HalfDown, HalfUp, Top, Bottom binding

	New, Delete, Details, Search, ClearSearch, Sort, Reverse, Refresh, Help, Quit, Interrupt binding

	ToAccounts, ToAudit, ToTeams, NextPage, PreviousPage, ShowAccount, Inspect, NewTeam, ShowKeys binding

	KeepSearch, LeaveSearch binding

	Take, Next, Previous, Back binding

	Copy, Write, Have, LeaveKey, StayWithKey binding

	Retry, SignIn binding
}

func defaultKeyMap() keyMap {
	return keyMap{
		Down:     bind("down", "down", "j", "down").shown("j/↓"),
		Up:       bind("up", "up", "k", "up").shown("k/↑"),
		PageDown: bind("page-down", "page down", "pgdown", "ctrl+f"),
		PageUp:   bind("page-up", "page up", "pgup", "ctrl+b"),
		HalfDown: bind("half-page-down", "half a page down", "ctrl+d"),
		HalfUp:   bind("half-page-up", "half a page up", "ctrl+u"),
		Top:      bind("top", "first", "g", "home"),
		Bottom:   bind("bottom", "last", "G", "end"),

		New:         bind("new", "new", "n").danger(),
		Delete:      bind("delete", "delete", "d").danger(),
		Details:     bind("details", "details", "enter"),
		Search:      bind("search", "search", "/"),
		ClearSearch: bind("clear-search", "clear search", "esc"),
		Sort:        bind("sort", "sort", "s"),
		Reverse:     bind("reverse", "reverse", "S"),
		Refresh:     bind("refresh", "refresh", "r"),
		Help:        bind("help", "help", "?"),
		Quit:        bind("quit", "quit", "q"),
		Interrupt:   bind("interrupt", "quit", "ctrl+c"),

		ToAccounts:   bind("to-api-keys", "API Keys", "1"),
		ToAudit:      bind("to-audit-log", "Audit log", "2"),
		ToTeams:      bind("to-teams", "Teams", "3"),
		NextPage:     bind("next-page", "next page", "tab"),
		PreviousPage: bind("previous-page", "page before", "shift+tab"),
		ShowAccount:  bind("show-account", "to its API key", "enter"),
		Inspect:      bind("inspect", "details", "i"),
		NewTeam:      bind("new-team", "new team", "n").danger(),
		ShowKeys:     bind("show-keys", "its API keys", "enter"),

		KeepSearch:  bind("keep-search", "to the list", "enter", "tab"),
		LeaveSearch: bind("leave-search", "clear, then leave", "esc"),

		Take:     bind("take", "take", "enter"),
		Next:     bind("next-field", "next", "tab"),
		Previous: bind("previous-field", "previous", "shift+tab"),
		Back:     bind("back", "back", "esc"),

		Copy:        bind("copy-key", "copy again", "c"),
		Write:       bind("write-key", "write to a file", "w"),
		Have:        bind("have-key", "I have it", "i"),
		LeaveKey:    bind("leave-key", "leave without the key", "y"),
		StayWithKey: bind("stay-with-key", "stay", "n", "esc"),

		Retry:  bind("retry", "try again", "ctrl+r"),
		SignIn: bind("sign-in", "sign in", "enter"),
	}
}

// movements are the bindings that move in a table.
func (k keyMap) movements() []binding {
	return []binding{k.Down, k.Up, k.PageDown, k.PageUp, k.HalfDown, k.HalfUp, k.Top, k.Bottom}
}

// move carries out a movement and reports whether b is one.
func (k keyMap) move(t *table.Model, b binding) bool {
	switch b.name {
	case k.Down.name:
		t.Move(1)
	case k.Up.name:
		t.Move(-1)
	case k.PageDown.name:
		t.Page(1)
	case k.PageUp.name:
		t.Page(-1)
	case k.HalfDown.name:
		t.Page(0.5)
	case k.HalfUp.name:
		t.Page(-0.5)
	case k.Top.name:
		t.Top()
	case k.Bottom.name:
		t.Bottom()
	default:
		return false
	}
	return true
}

// pages are the bindings that go to a page, in the order of their ids.
func (k keyMap) pages() []binding { return []binding{k.ToAccounts, k.ToAudit, k.ToTeams} }

// turns returns the page that a press goes to from the one in sight.
func (k keyMap) turns(at pageID, press tea.KeyPressMsg) (pageID, bool) {
	switch {
	case k.NextPage.matches(press):
		return (at + 1) % pageCount, true
	case k.PreviousPage.matches(press):
		return (at + pageCount - 1) % pageCount, true
	}
	for id, b := range k.pages() {
		if b.matches(press) {
			return pageID(id), true
		}
	}
	return at, false
}

// bindings are those that a press may match now, in the order of the help line.
func (m *Model) bindings() []binding {
	e := m.environment()
	if top := m.topDialog(); top != nil {
		return top.bindings(e)
	}
	bindings := m.current().bindings(e)
	if !m.current().typing() {
		bindings = append(bindings, m.keys.Help, m.keys.Quit, m.keys.NextPage, m.keys.PreviousPage)
		bindings = append(bindings, m.keys.pages()...)
	}
	return append(bindings, m.keys.Interrupt)
}

// arrows keeps only the arrow of a movement, for places where letters are typed.
func (b binding) arrows(name, shown string) binding {
	return bind(b.name, b.Help().Desc, name).shown(shown)
}

// find returns the binding that a press matches.
func find(bindings []binding, press tea.KeyPressMsg) (binding, bool) {
	for _, b := range bindings {
		if b.matches(press) {
			return b, true
		}
	}
	return binding{}, false
}
