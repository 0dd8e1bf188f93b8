package tui

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// bindings are those of the page as things stand, in the order of the help line.
func (a *accounts) bindings(e environment) []binding {
	k := e.keys
	if a.searching {
		return []binding{k.KeepSearch, k.LeaveSearch, k.Down.whileTyping(), k.Up.whileTyping()}
	}
	nothing := ""
	if a.table.Length() == 0 {
		nothing = "There is no service account to act on."
	}
	forbidden := a.changeForbidden(e)
	remove := k.Delete.because(forbidden)
	if len(a.marks.ids) == 0 {
		remove = remove.because(nothing)
	} else {
		remove = remove.as("delete " + count(len(a.marks.ids)) + " marked")
	}
	bindings := []binding{
		k.New.because(forbidden),
		remove,
		k.Details.because(nothing),
		k.Search,
	}
	switch {
	case a.query() != "":
		bindings = append(bindings, k.ClearSearch)
	case len(a.marks.ids) > 0:
		bindings = append(bindings, k.Unmark)
	}
	bindings = append(bindings, k.Sort, k.Mark.because(nothing), k.Reverse, k.Refresh,
		k.MarkRange.because(nothing), k.MarkAll.because(nothing), k.InvertMarks.because(nothing))
	if len(a.views) == 0 { // last, where it takes no room from what does something
		noViews := k.Views.because("The configuration has no views: see docs/configuration.md for how to save one.")
		return append(append(bindings, k.movements()...), noViews)
	}
	return append(append(bindings, k.Views), k.movements()...)
}

// changeForbidden says why the person can make and delete nothing, or "".
func (a *accounts) changeForbidden(e environment) string {
	switch {
	case a.failure != nil && a.failure.unauthorized():
		return "The server does not accept your key: press " + e.keys.Refresh.Help().Key + " to sign in."
	case e.readOnly:
		return "This console is read-only: it makes and deletes nothing."
	case e.caller != nil && !api.PermitsAny(e.caller.Permissions, api.ManageServiceAccounts):
		return "You need the permission " + string(api.ManageServiceAccounts) + "; a " + api.RoleTenantAdmin + " has it."
	}
	return ""
}

// press carries out a key.
func (a *accounts) press(press tea.KeyPressMsg, e environment) (tea.Cmd, action) {
	if a.searching {
		return a.searchKey(press, e)
	}
	b, ok := find(a.bindings(e), press)
	if !ok {
		return nil, nil
	}
	if b.off != "" {
		return nil, say{toastWarning, b.off}
	}
	if e.keys.move(&a.table, b) {
		return a.moved(), nil
	}
	return a.run(b, e)
}

func (a *accounts) run(b binding, e environment) (tea.Cmd, action) {
	k := e.keys
	switch b.name {
	case k.New.name:
		d, cmd := newCreateDialog(e)
		return cmd, openDialog{d}
	case k.Delete.name:
		return a.askToDelete(e)
	case k.Details.name:
		account, _ := a.current()
		cmd := a.askHistory(account.ID, e)
		return cmd, openDialog{newDetailsDialog(a.facts(account))}
	case k.Search.name:
		a.searching = true
		return a.search.Focus(), nil
	case k.ClearSearch.name:
		return a.setQuery("", false, e), nil
	case k.Sort.name:
		a.nextSort()
		return a.refreshView(e), nil
	case k.Reverse.name:
		a.reverseSort()
		return a.refreshView(e), nil
	case k.Refresh.name:
		if a.failure != nil && a.failure.unauthorized() {
			return nil, keyRefused{a.failure.err}
		}
		return a.reload(e), loadSides{}
	}
	if b.name == k.Views.name {
		return a.chooseView(e)
	}
	if cmd, ran := a.runView(b, e); ran {
		return cmd, nil
	}
	if cmd, wanted, ran := a.runMark(b, e); ran {
		return cmd, wanted
	}
	return a.runSort(b, e), nil
}

// sortBy is what the name of a command begins with that sorts by a column.
const sortBy = "sort-by-"

// commands are one for each column that the table can be sorted by, and one for
// each view.
func (a *accounts) commands() []binding {
	var commands []binding
	words := map[string]string{"created": "time of creation", "by": "creator", "used": "last use"}
	for _, column := range selection.Columns {
		commands = append(commands, bind(sortBy+column.ID, "").means("Sort by "+cmp.Or(words[column.ID], column.ID)))
	}
	return append(commands, a.viewCommands()...)
}

func (a *accounts) runSort(b binding, e environment) tea.Cmd {
	for i, column := range selection.Columns {
		if b.name == sortBy+column.ID {
			a.sort, a.ranked = selection.Order{Column: i}, false
			return a.refreshView(e)
		}
	}
	return nil
}

// searchKey types into the search. Arrows move in the table meanwhile.
func (a *accounts) searchKey(press tea.KeyPressMsg, e environment) (tea.Cmd, action) {
	switch {
	case e.keys.KeepSearch.matches(press):
		a.leaveSearch()
		return nil, nil
	case e.keys.LeaveSearch.matches(press):
		if a.query() == "" {
			a.leaveSearch()
			return nil, nil
		}
		return a.setQuery("", true, e), nil
	}
	if b, ok := e.keys.movementWhileTyping(press); ok && e.keys.move(&a.table, b) {
		return a.moved(), nil
	}
	if press.String() == "ctrl+v" {
		// The terminal pastes; reading the clipboard here would be a second,
		// different clipboard.
		return nil, nil
	}
	return a.typeSearch(press, e)
}

func (a *accounts) leaveSearch() {
	a.searching = false
	a.search.Blur()
}

func (a *accounts) typeSearch(msg tea.Msg, e environment) (tea.Cmd, action) {
	before := a.query()
	var cmd tea.Cmd
	a.search, cmd = a.search.Update(msg)
	if a.query() == before {
		return cmd, nil
	}
	// A terminal without bracketed paste types what is pasted. From where it
	// can be seen to be a key it is hidden, and when it is whole it is looked up.
	// It stays hidden until the field is empty: taking letters away shows none.
	if a.query() == "" {
		a.search.EchoMode = textinput.EchoNormal
	}
	if text := api.FindKey(a.query()); text != "" {
		a.search.EchoMode = textinput.EchoPassword
		if key, whole := onlyKey(text, e); whole {
			cleared := a.setQuery("", true, e)
			a.computing.known = nil // the searches for its beginnings
			found, wanted := a.findOwner(key, e)
			return tea.Batch(cleared, found), wanted
		}
	}
	a.ranked = true
	return tea.Batch(cmd, a.compute(e, true)), nil
}

func (a *accounts) setQuery(query string, keepFocus bool, e environment) tea.Cmd {
	a.search.SetValue(query)
	a.search.EchoMode = textinput.EchoNormal
	a.ranked = true
	if !keepFocus {
		a.leaveSearch()
	}
	return a.refreshView(e)
}

// sentence makes a sentence of an error.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	return line
}
