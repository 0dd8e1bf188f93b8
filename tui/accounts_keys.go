package tui

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// bindings are those of the page as things stand, in the order of the help line.
func (a *accounts) bindings(e environment) []binding {
	k := e.keys
	if a.typing() {
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
	case a.box.query() != "":
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
		return a.box.input.Focus(), nil
	case k.ClearSearch.name:
		return a.setQuery("", e), nil
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

// searched looks for what another query asks for, best match first.
func (a *accounts) searched(e environment) tea.Cmd {
	cleared := a.box.query() == ""
	if cleared {
		a.computing.known = nil // it may be of the beginnings of a key
	}
	a.ranked = true
	return a.compute(e, !cleared)
}

func (a *accounts) setQuery(query string, e environment) tea.Cmd {
	a.box.set(query)
	a.box.leave()
	a.ranked = true
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
