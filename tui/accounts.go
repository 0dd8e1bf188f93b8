package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// accounts is the API Keys page: the service accounts that were loaded, which
// of them are shown and in what order, and where the cursor is.
//
// Rows never move: new ones are appended, deleted ones are marked gone, and a
// reload replaces all. So a row's number stays true while a search runs in
// another goroutine.
type accounts struct {
	listing
	list  inventory.List
	index fuzzy.Index // of the rows of list
	// inOrder is true while the rows are in the order of the server, which is
	// that of the default sort, and none is gone.
	inOrder bool
	// view lists the rows that are shown, by their numbers in shown; nil means
	// all of them in order. The two change together only.
	view  []int32
	shown inventory.List

	selected string              // id of the account under the cursor
	resting  *api.ServiceAccount // the account in the details pane, never changed
	moves    int                 // counts cursor moves, to know when it rests
	// The window has moved by drift rows, to window, since the cursor rested.
	window, drift int
	pane          bool // there is room for the details pane
	histories     histories

	asked  selection.Query // what stands in the search, as of the last computation
	sort   selection.Order
	views  []View // of the configuration, never changed
	ranked bool   // best match first, as long as the person did not sort

	load    load
	begun   bool // the list was asked for once
	failure *failure
	loaded  time.Time // when the last complete load ended

	marks     marks
	looking   map[string]bool // ids of accounts that are being looked up
	computing computation
	lookups   int // pasted keys, and accounts that were named elsewhere, so far
	answered  int // the last of them that was answered
}

// computation is a search or sort beside the screen.
type computation struct {
	generation int
	cancel     context.CancelFunc
	counting   bool            // it is not yet known how many rows match
	rows       int             // how many rows there were when it began
	outdated   bool            // there is news since
	known      []*fuzzy.Result // of the last searches: the next may be among these rows
	conditions conditions
}

// inline is how many rows are searched and sorted at once in Update; more are
// searched beside the screen. 5,000 rows take about a millisecond.
const inline = 5_000

// restTime is how long the cursor stays on an account before the details pane
// follows: passing rows costs a few bytes a row and no more.
const restTime = 120 * time.Millisecond

func newAccounts() accounts {
	return accounts{
		listing: newListing(accountColumns, "name, team, creator, key, team:x used:>90d !x"),
		list:    inventory.New(), index: selection.NewIndex(), inOrder: true, ranked: true,
		load:    newLoad(1, true),
		looking: map[string]bool{},
		marks:   marks{ids: map[string]bool{}},
	}
}

// update takes a key or a paste, a tick, or an answer to what the page asked.
func (a *accounts) update(msg tea.Msg, e environment) (tea.Cmd, action) {
	cmd, wanted := a.handle(msg, e)
	return tea.Batch(cmd, a.watchHistory(e)), wanted
}

func (a *accounts) handle(msg tea.Msg, e environment) (tea.Cmd, action) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return press(a, msg, e)
	case wheeledMsg, pointedMsg:
		return point(a, msg, e), nil
	case tea.PasteMsg:
		return a.paste(msg, e)
	case tickMsg:
		if f := a.failure; f != nil && !f.retryAt.IsZero() && !e.now.Before(f.retryAt) {
			return a.reload(e), loadSides{}
		}
	case cursorRestedMsg:
		a.rest(msg)
	case viewComputedMsg:
		return a.computed(msg, e), nil
	case accountsLoadedMsg:
		if msg.generation == a.load.generation && a.load.running {
			return a.pagesLoaded(msg, e)
		}
	case accountsCountedMsg:
		if msg.generation == a.load.generation && a.load.running {
			a.counted(msg)
		}
	case accountsFoundMsg:
		return a.found(msg, e)
	case loadFailedMsg:
		return nil, a.loadFailed(msg, e)
	case keyOwnerFoundMsg:
		a.answered = max(a.answered, msg.lookup)
		return a.ownerFound(msg, e)
	case signedInMsg:
		a.lookups++ // what the other key looked up is not waited for
		a.answered = a.lookups
		clear(a.looking)
	case historyDueMsg:
		return a.historyDue(msg, e), nil
	case historyLoadedMsg:
		a.historyLoaded(msg, e)
	case accountSoughtMsg:
		a.answered = max(a.answered, msg.lookup)
		return a.sought(msg, e)
	}
	return nil, nil
}

// pace is quick while something is under way.
func (a *accounts) pace() time.Duration {
	switch {
	case a.load.running || a.busy():
		return spinnerTick
	case a.failure != nil && !a.failure.retryAt.IsZero():
		return secondTick
	}
	return ageTick
}

func (a *accounts) name() string { return "API Keys" }

// enter has nothing to load: the accounts are loaded from the start.
func (a *accounts) enter(e environment) tea.Cmd { return a.watchHistory(e) }

func (a *accounts) failed() *failure { return a.failure }

func (a *accounts) resize(l layout) {
	a.listing.resize(l)
	a.pane = !l.details.Empty()
}

// row returns the number of the row at a place of the table.
func (a accounts) row(place int) int32 {
	if a.view == nil {
		return int32(place)
	}
	return a.view[place]
}

// current returns the account under the cursor.
func (a accounts) current() (api.ServiceAccount, bool) {
	place := a.table.Cursor()
	if place < 0 {
		return api.ServiceAccount{}, false
	}
	return a.shown.At(a.row(place)), true
}

// add takes a new account in and puts the cursor on it.
func (a *accounts) add(account api.ServiceAccount) {
	a.put(account)
	a.selected = account.ID
}

// put takes a new or changed account in.
func (a *accounts) put(account api.ServiceAccount) {
	if a.load.running {
		a.load.added[account.ID] = account
		delete(a.load.removed, account.ID)
	}
	if before, ok := a.list.Lookup(account.ID); ok {
		a.index = a.index.Remove(before)
	}
	a.list = a.list.Append(account)
	a.index = a.index.Append(selection.SearchRow(account))
	a.inOrder = false
}

// remove takes an account away; the cursor stays at its place.
func (a *accounts) remove(id string) {
	if a.load.running {
		a.load.removed[id] = true
		delete(a.load.added, id)
	}
	row, ok := a.list.Lookup(id)
	if !ok {
		return
	}
	a.list, _ = a.list.Remove(id)
	a.index = a.index.Remove(row)
	a.inOrder = false
	delete(a.marks.ids, id)
	if a.selected == id {
		a.selected = ""
	}
}

// moved notes a move of the cursor and returns the command that tells when it
// has rested.
func (a *accounts) moved(environment) tea.Cmd {
	a.selected = ""
	if account, ok := a.current(); ok {
		a.selected = account.ID
	}
	a.moves++
	from, _ := a.table.Visible()
	a.drift += from - a.window
	a.window = from
	return after(restTime, cursorRestedMsg{move: a.moves})
}

func (a *accounts) rest(msg cursorRestedMsg) {
	if msg.move == a.moves {
		a.follow()
	}
}

// follow shows the account under the cursor in the details pane.
func (a *accounts) follow() {
	a.resting = nil
	a.window, _ = a.table.Visible()
	a.drift = 0
	if account, ok := a.current(); ok {
		a.resting = &account
	}
}
