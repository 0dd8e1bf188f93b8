package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// failure is a load that failed, with what the console will do about it.
type failure struct {
	err     *api.Error
	retryAt time.Time // zero: it waits for the person
	trying  bool      // it is being tried again
}

func (f failure) unauthorized() bool { return f.err.Code == api.CodeUnauthorized }

// retryWaits are the pauses before the console tries to load again by itself.
var retryWaits = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

func retryWait(attempt int, err *api.Error) time.Duration {
	if err.RetryAfter > 0 {
		return err.RetryAfter
	}
	return retryWaits[min(max(attempt-1, 0), len(retryWaits)-1)]
}

// lasting reports whether trying again by itself is pointless: the answer
// will be the same until somebody changes something.
func lasting(err *api.Error) bool {
	for _, target := range []error{api.ErrUnauthorized, api.ErrForbidden, api.ErrNotFound, api.ErrNoSuchEndpoint, api.ErrInvalid} {
		if errors.Is(err, target) {
			return true
		}
	}
	return err.Kind == api.KindLocal
}

// load is a load of all pages under way. While rows are shown already, what
// arrives is gathered beside them and takes their place at the end.
type load struct {
	generation int
	cancel     context.CancelFunc // nil before it was asked for
	running    bool
	fresh      bool // nothing was shown before: rows appear as they arrive
	list       inventory.List
	index      fuzzy.Index
	total      int // -1 unknown
	attempts   int // failures in a row
	// What was made and deleted since the load began: its pages may be older
	// than that.
	added   map[string]api.ServiceAccount
	removed map[string]bool
}

func newLoad(generation int, fresh bool) load {
	return load{
		generation: generation, running: true, fresh: fresh, list: inventory.New(), index: selection.NewIndex(), total: -1,
		added: map[string]api.ServiceAccount{}, removed: map[string]bool{},
	}
}

// take takes accounts of a load in. Rows appear as they come when nothing was
// shown before.
func (a *accounts) take(accounts []api.ServiceAccount) {
	rows, index := &a.load.list, &a.load.index
	if a.load.fresh {
		rows, index = &a.list, &a.index
	}
	found := make([]fuzzy.Row, 0, len(accounts))
	for _, account := range accounts {
		if _, added := a.load.added[account.ID]; added || a.load.removed[account.ID] {
			continue // what happened meanwhile is newer than the page
		}
		list, before, replaced := rows.Replace(account)
		if *rows = list; replaced {
			*index, found = index.Append(found...), found[:0]
			*index = index.Remove(before)
		}
		found = append(found, selection.SearchRow(account))
	}
	*index = index.Append(found...)
}

// end ends a load that has come to its end. When rows were shown before, the
// new ones take their place, which replaced tells.
func (a *accounts) end() (replaced bool) {
	ended := a.load
	ended.cancel()
	a.load = load{generation: ended.generation, total: -1}
	if ended.fresh {
		return false
	}
	a.list, a.index, a.inOrder = ended.list, ended.index, true
	a.computing.known, a.computing.conditions = nil, conditions{}
	for _, account := range ended.added {
		a.put(account)
	}
	for id := range ended.removed {
		a.remove(id) // a page may have come before it was deleted
	}
	return true
}

// begin starts a load of everything. The old rows stay until it ends.
func (a *accounts) begin() {
	attempts := a.load.attempts
	if a.load.cancel != nil {
		a.load.cancel()
	}
	a.load = newLoad(a.load.generation+1, a.list.Len() == 0 || a.load.running && a.load.fresh)
	a.load.attempts = attempts
	if a.load.fresh {
		a.list, a.index, a.inOrder = a.load.list, a.load.index, true
		a.computing.known, a.computing.conditions = nil, conditions{}
	}
	if a.failure != nil {
		// It stands until the load has gone well.
		failed := *a.failure
		failed.retryAt, failed.trying = time.Time{}, true
		a.failure = &failed
	}
}

// progress returns how many accounts of the load under way have come.
func (a accounts) progress() int {
	if a.load.fresh {
		return a.list.Living()
	}
	return a.load.list.Living()
}

// progressBar is how far a load is, for the terminal's own bar, or nil.
func (a accounts) progressBar() *tea.ProgressBar {
	switch done, total := a.progress(), a.load.total; {
	case !a.load.running:
		return nil
	case total <= 0 || done == 0:
		return tea.NewProgressBar(tea.ProgressBarIndeterminate, 0)
	default:
		return tea.NewProgressBar(tea.ProgressBarDefault, min(100*done/total, 100))
	}
}

func (a *accounts) pagesLoaded(msg accountsLoadedMsg, e environment) (tea.Cmd, action) {
	a.take(msg.accounts)
	var replaced bool
	var wanted action
	more := msg.more
	if more == nil {
		replaced = a.end()
		a.failure = nil
		a.loaded = e.now
		if gone := a.keepMarks(); gone > 0 {
			wanted = say{toastWarning, plural(gone, "marked account") + " had been deleted meanwhile."}
		}
	}
	if replaced || !a.busy() {
		more = tea.Batch(a.refreshView(e), more)
	}
	return more, wanted
}

// counted makes room for as many accounts as there are.
func (a *accounts) counted(msg accountsCountedMsg) {
	a.load.total = msg.total
	if a.load.fresh {
		a.list = a.list.Grow(msg.total)
	} else {
		a.load.list = a.load.list.Grow(msg.total)
	}
}

func (a *accounts) loadFailed(msg loadFailedMsg, e environment) action {
	if msg.session != e.remote.session || msg.generation != a.load.generation || !a.load.running {
		return nil
	}
	a.load.running = false
	a.load.cancel()
	a.failure = &failure{err: msg.err}
	if !errors.Is(msg.err, api.ErrUnauthorized) {
		a.load.attempts++
	}
	if !lasting(msg.err) {
		a.failure.retryAt = e.now.Add(retryWait(a.load.attempts, msg.err))
	}
	return loadFailing{msg.err}
}

// reload loads everything again; what is shown stays until it is replaced.
func (a *accounts) reload(e environment) tea.Cmd {
	a.begin()
	a.histories.known, a.histories.watched = nil, ""
	return a.ask(e)
}

// ask asks for all accounts, and beside that how many there are: counting them
// with every page would take the server longer than reading them.
func (a *accounts) ask(e environment) tea.Cmd {
	ctx, cancel := context.WithCancel(e.remote.ctx)
	a.load.cancel, a.begun = cancel, true
	return tea.Batch(e.remote.loadAccounts(ctx, a.load.generation), e.remote.countAccounts(ctx, a.load.generation))
}

// refreshView computes again what is shown, keeping the cursor on its account.
func (a *accounts) refreshView(e environment) tea.Cmd { return a.compute(e, false) }
