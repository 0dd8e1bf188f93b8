package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// marks are the accounts that were chosen to be acted on together, by their ids:
// they stay marked while the search hides them and when the list is loaded again.
type marks struct {
	ids    map[string]bool
	anchor string // id of the one marked last, where a range begins
	hidden int    // how many of them the view does not show
}

// toggleMark marks the account under the cursor, or no longer, and goes on to
// the next one.
func (a *accounts) toggleMark() {
	account, ok := a.current()
	if !ok {
		return
	}
	if a.marks.ids[account.ID] {
		delete(a.marks.ids, account.ID)
	} else {
		a.marks.ids[account.ID] = true
	}
	a.marks.anchor = account.ID
	a.table.Move(1)
	a.countHidden()
}

// markRange marks all that is shown from the one marked last to the cursor. It
// returns why it cannot, or "".
func (a *accounts) markRange(e environment) string {
	from := -1
	if number, ok := a.list.Lookup(a.marks.anchor); ok {
		from = a.place(number)
	}
	if from < 0 {
		return "Mark the first account of the range with " + e.keys.Mark.Help().Key + ", then go to the last one."
	}
	to := a.table.Cursor()
	for place := min(from, to); place <= max(from, to); place++ {
		a.marks.ids[a.shown.ID(a.row(place))] = true
	}
	a.countHidden()
	return ""
}

// markAll marks all that is shown, or no longer when all of it is marked.
func (a *accounts) markAll() {
	all := true
	for place := range a.table.Length() {
		all = all && a.marks.ids[a.shown.ID(a.row(place))]
	}
	for place := range a.table.Length() {
		id := a.shown.ID(a.row(place))
		if all {
			delete(a.marks.ids, id)
		} else {
			a.marks.ids[id] = true
		}
	}
	a.countHidden()
}

// invertMarks turns the marks of what is shown round.
func (a *accounts) invertMarks() {
	for place := range a.table.Length() {
		id := a.shown.ID(a.row(place))
		if a.marks.ids[id] {
			delete(a.marks.ids, id)
		} else {
			a.marks.ids[id] = true
		}
	}
	a.countHidden()
}

func (a *accounts) unmark() {
	clear(a.marks.ids)
	a.marks.anchor, a.marks.hidden = "", 0
}

// place returns where a row is shown, or -1.
func (a *accounts) place(number int32) int {
	if a.view == nil {
		if int(number) < a.table.Length() {
			return int(number)
		}
		return -1
	}
	return slices.Index(a.view, number)
}

// countHidden counts the marked accounts that the view does not show.
func (a *accounts) countHidden() {
	a.marks.hidden = 0
	if len(a.marks.ids) == 0 || a.view == nil {
		return
	}
	shown := make([]bool, a.shown.Len())
	for _, number := range a.view {
		shown[number] = true
	}
	for id := range a.marks.ids {
		if number, ok := a.list.Lookup(id); !ok || int(number) >= len(shown) || !shown[number] {
			a.marks.hidden++
		}
	}
}

// keepMarks drops the marks of accounts that are no longer there, and returns
// how many those were.
func (a *accounts) keepMarks() int {
	before := len(a.marks.ids)
	for id := range a.marks.ids {
		if _, ok := a.list.Lookup(id); !ok {
			delete(a.marks.ids, id)
		}
	}
	return before - len(a.marks.ids)
}

// marked returns the accounts that are marked, by name.
func (a *accounts) marked() []api.ServiceAccount {
	numbers := make([]int32, 0, len(a.marks.ids))
	for id := range a.marks.ids {
		if number, ok := a.list.Lookup(id); ok {
			numbers = append(numbers, number)
		}
	}
	slices.SortFunc(numbers, func(i, j int32) int { return selection.Order{}.Compare(a.list, i, j) })
	accounts := make([]api.ServiceAccount, len(numbers))
	for i, number := range numbers {
		accounts[i] = a.list.At(number)
	}
	return accounts
}

// markSummary says how many are marked, for the header, or nothing.
func (a *accounts) markSummary() string {
	switch {
	case len(a.marks.ids) == 0:
		return ""
	case a.marks.hidden > 0:
		return count(len(a.marks.ids)) + " marked, " + count(a.marks.hidden) + " hidden"
	}
	return count(len(a.marks.ids)) + " marked"
}

// runMark carries out what marks, and reports whether b does.
func (a *accounts) runMark(b binding, e environment) (tea.Cmd, action, bool) {
	k := e.keys
	switch b.name {
	case k.Mark.name:
		a.toggleMark()
		return a.moved(e), nil, true
	case k.MarkRange.name:
		if why := a.markRange(e); why != "" {
			return nil, say{toastWarning, why}, true
		}
	case k.MarkAll.name:
		a.markAll()
	case k.InvertMarks.name:
		a.invertMarks()
	case k.Unmark.name:
		a.unmark()
	default:
		return nil, nil, false
	}
	return nil, nil, true
}

// askToDelete opens the dialog over what is marked, or else over the account
// under the cursor.
func (a *accounts) askToDelete(e environment) (tea.Cmd, action) {
	chosen := a.marked()
	switch {
	case len(chosen) > 1:
		d, cmd := newBulkDialog(chosen, a.marks.hidden, a.loaded, e)
		return cmd, openDialog{d}
	case len(chosen) == 0:
		account, ok := a.current()
		if !ok {
			return nil, nil
		}
		chosen = []api.ServiceAccount{account}
	}
	return e.remote.checkAccount(chosen[0].ID), openDialog{newDeleteDialog(chosen[0], e)}
}
