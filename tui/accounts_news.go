package tui

import (
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/feed"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// lookUpsAtMost is how many accounts are looked up one by one. When more have
// changed, all are loaded again: that is fewer requests.
const lookUpsAtMost = 50

// changed takes over what others did: deleted accounts go, and those that were
// made or changed are looked up. The cursor stays on its account.
func (a *accounts) changed(changes feed.Changes, e environment) (tea.Cmd, action) {
	var wanted action
	gone := 0
	for _, deleted := range changes.Deleted {
		delete(a.looking, deleted.ID)
		if _, known := a.list.Lookup(deleted.ID); known {
			gone++
		}
		marked := a.marks.ids[deleted.ID]
		if (marked || deleted.ID == a.selected) && !by(e.caller, deleted) {
			which := deleted.Name
			if marked {
				which += ", which was marked,"
			}
			wanted = say{toastWarning, which + " was deleted by " + selection.ActorName(deleted.By) + "."}
		}
		a.remove(deleted.ID)
	}
	for _, id := range changes.Changed {
		a.looking[id] = true
	}
	if changes.Accounts || len(a.looking) > lookUpsAtMost {
		clear(a.looking)
		return a.reload(e), wanted
	}
	var cmd tea.Cmd
	if gone > 0 {
		cmd = a.refreshSoon(e)
	}
	if len(changes.Changed) > 0 {
		cmd = tea.Batch(cmd, e.remote.findAccounts(changes.Changed))
	}
	return cmd, wanted
}

// found takes in accounts that were looked up, unless they were deleted since.
func (a *accounts) found(msg accountsFoundMsg, e environment) (tea.Cmd, action) {
	if msg.session != e.remote.session {
		return nil, nil
	}
	if msg.err != nil {
		clear(a.looking)
		if errors.Is(msg.err, api.ErrUnauthorized) {
			return nil, keyRefused{msg.err}
		}
		return a.reload(e), nil // it says what is wrong, and tries again
	}
	news := false
	for _, account := range msg.found {
		if !a.looking[account.ID] {
			continue
		}
		delete(a.looking, account.ID)
		if before, known := a.list.ByID(account.ID); !known || !alike(before, account) {
			a.put(account)
			news = true
		}
	}
	for _, id := range msg.gone {
		if a.looking[id] {
			delete(a.looking, id)
			a.remove(id)
			news = true
		}
	}
	if !news {
		return nil, nil
	}
	return a.refreshSoon(e), nil
}

// alike reports whether two states of one account look the same in the table,
// but for its last use, of which nobody tells.
func alike(a, b api.ServiceAccount) bool {
	return a.Name == b.Name && a.Team == b.Team && a.Key.Hint == b.Key.Hint && a.CreatedBy == b.CreatedBy
}

// refreshSoon computes the view again, after what is being computed already:
// a steady stream of news would otherwise keep any of it from being shown.
func (a *accounts) refreshSoon(e environment) tea.Cmd {
	if a.busy() {
		a.computing.outdated = true
		return nil
	}
	return a.refreshView(e)
}

// by reports whether the caller did it: then the console has said so.
func by(caller *api.Caller, deleted feed.Deletion) bool {
	return caller != nil && caller.ID == deleted.By.ID
}
