package tui

import (
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// auditLoad is a request of the page that is under way. There is one at a time.
type auditLoad struct {
	generation int
	running    bool
	older      bool // it asks for older events, else for the newest
	attempts   int  // failures in a row
}

// auditLoadedMsg is a page of the audit log, newest event first.
type auditLoadedMsg struct {
	generation int
	list       api.AuditEventList
}

type auditFailedMsg struct {
	session    int
	generation int
	err        *api.Error
}

// eventRestedMsg says that the cursor stayed on an event for a moment.
type eventRestedMsg struct{ move int }

func (auditLoadedMsg) page() pageID { return pageAudit }
func (auditFailedMsg) page() pageID { return pageAudit }
func (eventRestedMsg) page() pageID { return pageAudit }

func (r remote) loadAudit(generation int, filter api.AuditFilter, next string) tea.Cmd {
	filter.NewestFirst = true
	return func() tea.Msg {
		var list api.AuditEventList
		var err error
		if next == "" {
			options := api.ListOptions{PageSize: api.MaxPageSize, IncludeTotals: true}
			list, err = r.client.AuditEvents(r.ctx, filter, options)
		} else {
			list, err = r.client.NextAuditEvents(r.ctx, next)
		}
		if err != nil {
			return auditFailedMsg{session: r.session, generation: generation, err: asAPIError(err)}
		}
		return auditLoadedMsg{generation: generation, list: list}
	}
}

// begin starts a request in place of the one under way, if there is one.
func (a *audit) begin(next string, e environment) tea.Cmd {
	a.load.generation++
	a.load.running, a.load.older = true, next != ""
	if a.failure != nil {
		failed := failure{err: a.failure.err, trying: true}
		a.failure = &failed
	}
	return e.remote.loadAudit(a.load.generation, a.narrowed.AuditFilter, next)
}

// refresh asks for the newest events; older ones that are here stay.
func (a *audit) refresh(e environment) tea.Cmd { return a.begin("", e) }

// older asks for older events when the cursor is within a screen of the last
// that is shown: so a query goes on through the log until it has filled the
// screen, as long as the page is in sight.
func (a *audit) older(e environment) tea.Cmd {
	near := a.table.Cursor() >= a.log.length()-2*max(a.table.Height(), 1)
	if !near || e.at != pageAudit || a.all.next == "" || a.load.running || a.failure != nil {
		return nil
	}
	return a.begin(a.all.next, e)
}

// arrived takes a page in.
func (a *audit) arrived(msg auditLoadedMsg, e environment) (tea.Cmd, action) {
	a.load.running, a.load.attempts = false, 0
	a.failure = nil
	if a.load.older {
		if next := msg.list.Links.Next; next == a.all.next || next != "" && len(msg.list.AuditEvents) == 0 {
			a.failure = &failure{err: errCircle()}
			return nil, loadFailing{a.failure.err}
		}
		events := pointers(msg.list.AuditEvents)
		a.all.addOlder(events)
		a.all.next = msg.list.Links.Next
		if a.meets == nil {
			a.log = a.all
		} else {
			a.log.addOlder(those(events, a.meets))
		}
		a.settle()
		return a.older(e), nil
	}
	a.loaded = e.now
	if a.replace {
		a.all, a.replace = eventLog{total: -1}, false
	}
	empty := a.all.length() == 0
	news, joined := a.all.renew(msg.list)
	if joined && a.meets != nil {
		a.log.addNewer(those(news, a.meets))
	} else {
		a.log = a.all.filtered(a.meets)
	}
	a.keepUp()
	next := a.older
	if a.missed {
		a.missed, next = false, a.refresh
	}
	if !joined && !empty {
		return next(e), say{toastWarning, "The audit log had gone on too far: it was loaded anew."}
	}
	return next(e), nil
}

// keepUp puts the cursor on the newest event for who follows, and else leaves it
// on its own.
func (a *audit) keepUp() {
	if a.following {
		a.selected = a.log.newest()
	}
	a.settle()
}

// catchUp asks for the newest events when the log could not be followed, if the
// page was shown.
func (a *audit) catchUp(e environment) tea.Cmd {
	if a.loaded.IsZero() || a.load.running {
		return nil
	}
	return a.refresh(e)
}

// news takes in events that have just happened, oldest first: those that are
// followed from the end of the log.
func (a *audit) news(events []api.AuditEvent, e environment) tea.Cmd {
	if a.loaded.IsZero() || len(events) == 0 {
		return nil
	}
	if a.load.running {
		a.missed = true // the answer may be older than they are
		return nil
	}
	newest := a.all.newest()
	fresh := those(pointers(events), func(event *api.AuditEvent) bool { return event.Sequence > newest && a.narrowed.Lets(event) })
	switch {
	case len(fresh) == 0:
		return nil
	case a.narrowed.Terms == "" && fresh[0].Sequence != newest+1:
		return a.refresh(e) // something is missing between
	}
	a.all.addNewer(fresh)
	if a.all.total >= 0 {
		a.all.total += len(fresh)
	}
	if a.meets == nil {
		a.log = a.all
	} else {
		a.log.addNewer(those(fresh, a.meets))
	}
	a.loaded = e.now
	a.keepUp()
	return nil
}

func (a *audit) loadFailed(msg auditFailedMsg, e environment) action {
	a.load.running = false
	a.failure = &failure{err: msg.err}
	if !errors.Is(msg.err, api.ErrUnauthorized) {
		a.load.attempts++
	}
	if !lasting(msg.err) {
		a.failure.retryAt = e.now.Add(retryWait(a.load.attempts, msg.err))
	}
	return loadFailing{msg.err}
}
