package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
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

// pageBindings are the bindings of the API Keys page as things stand, in the
// order of the help line.
func (m *Model) pageBindings() []binding {
	k := m.keys
	nothing := ""
	if m.accounts.table.Length() == 0 {
		nothing = "There is no service account to act on."
	}
	forbidden := m.changeForbidden()
	page := []binding{
		k.New.because(forbidden),
		k.Delete.because(forbidden).because(nothing),
		k.Details.because(nothing),
		k.Search,
	}
	if m.accounts.query() != "" {
		page = append(page, k.ClearSearch)
	}
	page = append(page, k.Sort, k.Reverse, k.Refresh, k.Help, k.Quit)
	return append(page, k.Down, k.Up, k.PageDown, k.PageUp, k.HalfDown, k.HalfUp, k.Top, k.Bottom, k.Interrupt)
}

// bindings are those that a press may match now, in the order of the help line.
func (m *Model) bindings() []binding {
	if top := m.topDialog(); top != nil {
		return top.bindings(m.environment())
	}
	if m.accounts.searching {
		return []binding{m.keys.KeepSearch, m.keys.LeaveSearch, m.keys.Down.arrows("down", "↓"), m.keys.Up.arrows("up", "↑"), m.keys.Interrupt}
	}
	return m.pageBindings()
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
