package tui

import (
	"context"
	"errors"
	"sync"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sync/errgroup"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/feed"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// logEndFoundMsg says where the audit log ended a moment ago.
type logEndFoundMsg struct {
	generation int
	position   feed.Position
}

// followedMsg carries the events after the last ones, or none when there was
// none as long as the server waited.
type followedMsg struct {
	generation int
	position   feed.Position // of the last of them
	events     []api.AuditEvent
	looked     bool // the server was not asked to wait
}

// logLostMsg says that the log cannot be followed from where it was read.
type logLostMsg struct {
	generation int
	reason     error // of package feed
}

type followFailedMsg struct {
	session    int
	generation int
	err        *api.Error
}

// followDueMsg says that it is time to go on.
type followDueMsg struct {
	generation int
	check      bool
}

// deletedElsewhereMsg tells dialogs which accounts are gone, and by whom.
type deletedElsewhereMsg struct{ deleted []feed.Deletion }

// by says who deleted an account, when it is among them.
func (msg deletedElsewhereMsg) by(id string) (string, bool) {
	for _, deleted := range msg.deleted {
		if deleted.ID == id {
			return selection.ActorName(deleted.By), true
		}
	}
	return "", false
}

// accountsFoundMsg is what became of accounts that were made or changed.
type accountsFoundMsg struct {
	session int // an answer to another key says nothing of this one
	found   []api.ServiceAccount
	gone    []string   // ids of those that are not there, or not to be seen
	err     *api.Error // some could not be looked up
}

func (accountsFoundMsg) page() pageID { return pageAccounts }

// findLogEnd asks for the newest event. It does not take long, or it is done
// without: the list of accounts waits for it.
func (r remote) findLogEnd(ctx context.Context, generation int) tea.Cmd {
	return func() tea.Msg {
		list, err := r.client.AuditEvents(ctx, api.AuditFilter{NewestFirst: true}, api.ListOptions{PageSize: 1})
		if err != nil {
			return followFailedMsg{session: r.session, generation: generation, err: asAPIError(err)}
		}
		return logEndFoundMsg{generation: generation, position: feed.PositionOf(list.AuditEvents)}
	}
}

// look sees whether the log is still the one that was read, and what was added
// to it meanwhile. It does not wait for more, so that the console knows at once
// that its server is there again.
func (r remote) look(ctx context.Context, generation int, position feed.Position) tea.Cmd {
	return func() tea.Msg {
		list, err := r.client.AuditEvents(ctx, api.AuditFilter{After: position.Before()}, api.ListOptions{PageSize: api.MaxPageSize})
		if err != nil {
			return followFailedMsg{session: r.session, generation: generation, err: asAPIError(err)}
		}
		err = position.Check(list.AuditEvents)
		events := list.AuditEvents[min(len(list.AuditEvents), int(position.Sequence-position.Before())):]
		next := position
		if err == nil {
			next, err = position.Read(events)
		}
		if err != nil {
			return logLostMsg{generation: generation, reason: err}
		}
		return followedMsg{generation: generation, position: next, events: events, looked: true}
	}
}

// follow waits for the events after a position.
func (r remote) follow(ctx context.Context, generation int, position feed.Position) tea.Cmd {
	return func() tea.Msg {
		list, err := r.client.AwaitAuditEvents(ctx, api.AuditFilter{After: position.Sequence}, api.MaxAuditWait)
		if err != nil {
			return followFailedMsg{session: r.session, generation: generation, err: asAPIError(err)}
		}
		next, err := position.Read(list.AuditEvents)
		if err != nil {
			return logLostMsg{generation: generation, reason: err}
		}
		return followedMsg{generation: generation, position: next, events: list.AuditEvents}
	}
}

// lookingUp is how many accounts are looked up at once.
const lookingUp = 4

// findAccounts looks accounts up by their ids.
func (r remote) findAccounts(ids []string) tea.Cmd {
	return func() tea.Msg {
		var mu sync.Mutex
		msg := accountsFoundMsg{session: r.session}
		var group errgroup.Group
		group.SetLimit(lookingUp)
		for _, id := range ids {
			group.Go(func() error {
				account, err := r.client.ServiceAccount(r.ctx, id)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					msg.found = append(msg.found, account)
				case errors.Is(err, api.ErrNotFound):
					msg.gone = append(msg.gone, id)
				default:
					msg.err = asAPIError(err)
				}
				return nil
			})
		}
		_ = group.Wait() // what failed is in the message
		return msg
	}
}
