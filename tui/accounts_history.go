package tui

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// history is what the details of an account tell beside what its row knows: the
// account as it is now, and its part of the audit log.
type history struct {
	account *api.ServiceAccount // nil when it could not be had
	gone    bool                // it was deleted meanwhile
	done    []api.AuditEvent    // to the account, newest first
	did     []api.AuditEvent    // by the account, newest first
	err     *api.Error          // why there are no events, nil when there are
	at      time.Time
}

// How many events of each kind the details show, how long the cursor rests
// after the details followed it before they are asked for, how long they are
// good, and how many accounts' are kept.
const (
	historyEvents = 5
	historyTime   = 150 * time.Millisecond
	historyFresh  = 30 * time.Second
	historyKept   = 100
)

// histories are those of the accounts that the cursor rested on lately.
type histories struct {
	known   map[string]history // replaced, never changed
	watched string             // id of the account in the details pane
	turn    int                // counts what was watched: late waiting times are dropped
	asking  string             // id of the account that is asked for, "" for none
	cancel  context.CancelFunc // ends that
}

// historyDueMsg says that the cursor has rested long enough.
type historyDueMsg struct{ turn int }

type historyLoadedMsg struct {
	session int
	id      string
	history history
	ended   bool // the request was given up
}

func (historyDueMsg) page() pageID    { return pageAccounts }
func (historyLoadedMsg) page() pageID { return pageAccounts }

// loadHistory asks for an account and, when the caller may see them, its events.
func (r remote) loadHistory(ctx context.Context, id string, events bool, now time.Time) tea.Cmd {
	return func() tea.Msg {
		h := history{at: now}
		var group sync.WaitGroup
		var failedDone, failedDid error
		if events {
			ask := func(filter api.AuditFilter) ([]api.AuditEvent, error) {
				filter.NewestFirst = true
				list, err := r.client.AuditEvents(ctx, filter, api.ListOptions{PageSize: historyEvents})
				return list.AuditEvents, err
			}
			group.Go(func() { h.done, failedDone = ask(api.AuditFilter{ResourceID: id}) })
			group.Go(func() { h.did, failedDid = ask(api.AuditFilter{ActorID: id}) })
		}
		account, err := r.client.ServiceAccount(ctx, id)
		group.Wait()
		if err == nil {
			h.account = &account
		}
		h.gone = errors.Is(err, api.ErrNotFound)
		if failed := errors.Join(failedDone, failedDid); failed != nil {
			h.err = asAPIError(failed)
		}
		return historyLoadedMsg{session: r.session, id: id, history: h, ended: ctx.Err() != nil}
	}
}

// mayAudit reports whether the caller may see the audit log; it is true while
// that is not known.
func (e environment) mayAudit() bool {
	return e.caller == nil || api.PermitsAny(e.caller.Permissions, api.ViewAuditLog)
}

// watchHistory waits for the cursor to rest before it asks, and gives up what
// is asked for an account that the cursor has left.
func (a *accounts) watchHistory(e environment) tea.Cmd {
	h := &a.histories
	if h.asking != "" && h.asking != a.selected {
		h.cancel()
		h.asking = ""
	}
	id := ""
	if a.pane && a.resting != nil && e.at == pageAccounts {
		id = a.resting.ID
	}
	if id == h.watched {
		return nil
	}
	h.watched = id
	h.turn++
	if id == "" || h.fresh(id, e.now) {
		return nil
	}
	return after(historyTime, historyDueMsg{turn: h.turn})
}

func (h *histories) fresh(id string, now time.Time) bool {
	known, ok := h.known[id]
	return ok && now.Sub(known.at) < historyFresh
}

// askHistory asks for the history of an account, unless it is known freshly or
// being asked for.
func (a *accounts) askHistory(id string, e environment) tea.Cmd {
	h := &a.histories
	if h.asking == id || h.fresh(id, e.now) {
		return nil
	}
	if h.asking != "" {
		h.cancel()
	}
	ctx, cancel := context.WithCancel(e.remote.ctx)
	h.asking, h.cancel = id, cancel
	return e.remote.loadHistory(ctx, id, e.mayAudit(), e.now)
}

func (a *accounts) historyDue(msg historyDueMsg, e environment) tea.Cmd {
	if msg.turn != a.histories.turn || a.histories.watched == "" {
		return nil
	}
	return a.askHistory(a.histories.watched, e)
}

func (a *accounts) historyLoaded(msg historyLoadedMsg, e environment) {
	h := &a.histories
	if h.asking == msg.id {
		h.cancel()
		h.asking = ""
	}
	if msg.ended || msg.session != e.remote.session {
		return
	}
	known := map[string]history{}
	if len(h.known) < historyKept {
		known = maps.Clone(h.known)
		if known == nil {
			known = map[string]history{}
		}
	}
	known[msg.id] = msg.history
	h.known = known
}

// historyNews forgets the history of accounts that something has happened to, or
// that did something, and asks again for the one in the pane.
func (a *accounts) historyNews(events []api.AuditEvent, e environment) tea.Cmd {
	h := &a.histories
	known := maps.Clone(h.known)
	for _, event := range events {
		for _, id := range []string{event.Resource.ID, event.Actor.ID} {
			delete(known, id)
			if id != "" && id == h.watched {
				h.watched = ""
			}
		}
	}
	h.known = known
	return a.watchHistory(e)
}

// facts are all that is known of an account.
func (a *accounts) facts(account api.ServiceAccount) accountFacts {
	f := accountFacts{account: account, asked: a.histories.asking == account.ID}
	if known, ok := a.histories.known[account.ID]; ok {
		f.take(known)
	}
	return f
}
