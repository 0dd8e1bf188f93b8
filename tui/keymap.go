package tui

import (
	"slices"
	"strings"

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
	// needed is what leads out of a screen: it can be rebound, but not unbound.
	needed bool
	// words say what it does where there is room, "" for the help's.
	words string
	// off says why the binding does nothing now, or is "".
	off string
}

func bind(name, help string, keys ...string) binding {
	shown := ""
	if len(keys) > 0 {
		shown = keys[0]
	}
	return binding{name: name, Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))}
}

// shown sets the text that stands for the binding's keys in the help.
func (b binding) shown(keys string) binding {
	b.SetHelp(keys, b.Help().Desc)
	return b
}

// means sets the words for the palette.
func (b binding) means(words string) binding {
	b.words = words
	return b
}

func (b binding) danger() binding {
	b.dangerous = true
	return b
}

func (b binding) wayOut() binding {
	b.needed = true
	return b
}

// as gives the binding other words for a place where it does something special.
func (b binding) as(help string) binding {
	b.SetHelp(b.Help().Key, help)
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

	New, Delete, Details, Search, ClearSearch, Sort, Reverse, Refresh, Views, Help, Mouse, Quit, Interrupt binding

	Mark, MarkRange, MarkAll, InvertMarks, Unmark binding

	ToAccounts, ToAudit, ToTeams, NextPage, PreviousPage, ShowAccount, Inspect, NewTeam, ShowKeys, Follow, Palette, Identify, Return binding

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

		New:         bind("new", "new", "n").means("New API Key").danger(),
		Delete:      bind("delete", "delete", "d").means("Delete Service Account").danger(),
		Details:     bind("details", "details", "enter").means("Show the details"),
		Search:      bind("search", "search", "/").means("Search"),
		ClearSearch: bind("clear-search", "clear search", "esc").means("Clear the search"),
		Sort:        bind("sort", "sort", "s").means("Sort by the next column"),
		Reverse:     bind("reverse", "reverse", "S").means("Reverse the order"),
		Refresh:     bind("refresh", "refresh", "r").means("Refresh"),
		Mark:        bind("mark", "mark", "space").means("Mark, or no longer"),
		MarkRange:   bind("mark-range", "mark up to here", "v").means("Mark from the last mark to here"),
		MarkAll:     bind("mark-all", "mark all shown", "*").means("Mark all that is shown, or none of it"),
		InvertMarks: bind("invert-marks", "invert marks", "~").means("Invert the marks of what is shown"),
		Unmark:      bind("unmark", "unmark all", "esc").means("Unmark all"),
		Views:       bind("views", "views", "V").means("Choose a view"),
		Help:        bind("help", "help", "?").means("Help"),
		Mouse:       bind("mouse", "mouse", "M").means("Mouse on or off"),
		Quit:        bind("quit", "quit", "q").means("Quit"),
		Interrupt:   bind("interrupt", "quit", "ctrl+c").wayOut(),

		ToAccounts:   bind("to-api-keys", "API Keys", "1").means("Go to API Keys"),
		ToAudit:      bind("to-audit-log", "Audit log", "2").means("Go to the Audit log"),
		ToTeams:      bind("to-teams", "Teams", "3").means("Go to Teams"),
		NextPage:     bind("next-page", "next page", "tab").means("Next page"),
		PreviousPage: bind("previous-page", "page before", "shift+tab").means("Page before"),
		ShowAccount:  bind("show-account", "to its API key", "enter").means("Go to the event's API key"),
		Inspect:      bind("inspect", "details", "i").means("Show the details"),
		NewTeam:      bind("new-team", "new team", "n").means("New Team").danger(),
		Follow:       bind("follow", "follow", "f").means("Follow the newest event"),
		ShowKeys:     bind("show-keys", "its API keys", "enter").means("Show the team's API keys"),

		Palette:  bind("palette", "commands", ":"),
		Identify: bind("identify", "identify keys", "I").means("Identify the keys in a log"),
		Return:   bind("return", "back", "esc"),

		KeepSearch:  bind("keep-search", "to the list", "enter", "tab"),
		LeaveSearch: bind("leave-search", "clear, then leave", "esc").wayOut(),

		Take:     bind("take", "take", "enter").wayOut(),
		Next:     bind("next-field", "next", "tab"),
		Previous: bind("previous-field", "previous", "shift+tab"),
		Back:     bind("back", "back", "esc").wayOut(),

		Copy:        bind("copy-key", "copy again", "c"),
		Write:       bind("write-key", "write to a file", "w"),
		Have:        bind("have-key", "I have it", "i"),
		LeaveKey:    bind("leave-key", "leave without the key", "y"),
		StayWithKey: bind("stay-with-key", "stay", "n", "esc").wayOut(),

		Retry:  bind("retry", "try again", "ctrl+r"),
		SignIn: bind("sign-in", "sign in", "enter").wayOut(),
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

// bindings are those that a press may match now, in the order of the help line.
func (m *Model) bindings() []binding {
	e := m.environment()
	if top := m.topDialog(); top != nil {
		return top.bindings(e)
	}
	bindings := m.current().bindings(e)
	if !m.current().typing() {
		bindings = append(bindings, m.ownBindings()...)
	}
	return append(bindings, m.keys.Interrupt)
}

// whileTyping keeps only the keys of a movement that mean nothing to a text
// field: there letters are written and ctrl+f goes one letter on.
func (b binding) whileTyping() binding {
	keys := slices.DeleteFunc(slices.Clone(b.Keys()), func(key string) bool {
		return writes(key) || slices.Contains(editing, key)
	})
	if len(keys) == 0 {
		b.SetKeys()
		return b
	}
	b.SetKeys(keys...)
	return b.shown(arrow(keys[0]))
}

// movementWhileTyping returns the movement that a press means where text is
// typed.
func (k keyMap) movementWhileTyping(press tea.KeyPressMsg) (binding, bool) {
	return find([]binding{k.Down.whileTyping(), k.Up.whileTyping(), k.PageDown.whileTyping(), k.PageUp.whileTyping()}, press)
}

// editing are the keys that a text field takes for itself.
var editing = strings.Fields("left right home end ctrl+a ctrl+b ctrl+d ctrl+e ctrl+f ctrl+h ctrl+k ctrl+n ctrl+p ctrl+u ctrl+v ctrl+w alt+b alt+d alt+f alt+left alt+right ctrl+left ctrl+right alt+backspace alt+delete")

// forPicker lets the keys that move in a table move in a picker too, whatever
// they are.
func (k keyMap) forPicker(msg tea.Msg) tea.Msg {
	press, ok := msg.(tea.KeyPressMsg)
	switch {
	case ok && k.Down.whileTyping().matches(press):
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case ok && k.Up.whileTyping().matches(press):
		return tea.KeyPressMsg{Code: tea.KeyUp}
	}
	return msg
}

// place is where bindings can be pressed side by side: no key of it means two
// things. Typing places have a field that text is written into.
type place struct {
	title    string
	typing   bool
	bindings []binding
}

// places are all places there are. A test holds them against what pages and
// dialogs really offer.
func (k keyMap) places() []place {
	join := slices.Concat[[]binding]
	page := join(k.movements(), k.pages(), []binding{k.NextPage, k.PreviousPage, k.Palette, k.Identify, k.Help, k.Mouse, k.Quit, k.Interrupt})
	typing := []binding{k.Interrupt}
	for _, b := range k.movements() {
		typing = append(typing, b.whileTyping())
	}
	accounts := join(page, []binding{k.New, k.Delete, k.Details, k.Search, k.Sort, k.Reverse, k.Refresh,
		k.Mark, k.MarkRange, k.MarkAll, k.InvertMarks, k.Views})
	return []place{
		{"API Keys", false, join(accounts, []binding{k.ClearSearch})},
		{"API Keys, with marks", false, join(accounts, []binding{k.Unmark})},
		{"Many deletions", false, join(k.movements(), []binding{k.Refresh, k.Back, k.Interrupt})},
		{"API Keys, where another page led to", false, join(accounts, []binding{k.Return})},
		{"Audit log", false, join(page, []binding{k.ShowAccount, k.Inspect, k.Search, k.ClearSearch, k.Follow, k.Refresh})},
		{"Teams", false, join(page, []binding{k.NewTeam, k.ShowKeys, k.Inspect, k.Search, k.ClearSearch, k.Refresh})},
		{"Search", true, join(typing, []binding{k.KeepSearch, k.LeaveSearch})},
		{"Forms and dialogs", true, join(typing, []binding{k.Take, k.Next, k.Previous, k.Back})},
		{"Identify keys", true, join(typing, []binding{k.Take, k.Retry, k.Back})},
		{"Help and details", false, join(k.movements(), []binding{k.Back, k.Help, k.Quit, k.Interrupt})},
		{"The new key", false, []binding{k.Copy, k.Write, k.Have, k.Back, k.Interrupt}},
		{"Leaving without the key", false, []binding{k.StayWithKey, k.LeaveKey, k.Copy, k.Write, k.Interrupt}},
		{"Sign in", true, []binding{k.SignIn, k.Retry, k.Back, k.Interrupt}},
	}
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
