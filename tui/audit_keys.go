package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (a *audit) bindings(e environment) []binding {
	k := e.keys
	if a.typing() {
		return []binding{k.KeepSearch, k.LeaveSearch, k.Down.whileTyping(), k.Up.whileTyping()}
	}
	nothing := ""
	if a.table.Length() == 0 {
		nothing = "There is no event to look at."
	}
	bindings := []binding{k.ShowAccount.because(nothing), k.Inspect.because(nothing), k.Search}
	if a.box.query() != "" {
		bindings = append(bindings, k.ClearSearch)
	}
	follow := k.Follow
	if a.following {
		follow = follow.because("The cursor stays on the newest event already.")
	}
	return append(append(bindings, follow, k.Refresh), k.movements()...)
}

func (a *audit) commands() []binding { return nil }

func (a *audit) run(b binding, e environment) (tea.Cmd, action) {
	event, _ := a.current()
	switch b.name {
	case e.keys.ShowAccount.name:
		account, ok := accountOf(*event)
		if !ok {
			return nil, openDialog{newEventDialog(*event)}
		}
		return nil, showAccount{account}
	case e.keys.Inspect.name:
		return nil, openDialog{newEventDialog(*event)}
	case e.keys.Follow.name:
		a.table.Top()
		return a.moved(e), nil
	case e.keys.Search.name:
		return a.box.input.Focus(), nil
	case e.keys.ClearSearch.name:
		a.box.set("")
		return a.searched(e), nil
	case e.keys.Refresh.name:
		if a.failure != nil && a.failure.unauthorized() {
			return nil, keyRefused{a.failure.err}
		}
		return a.refresh(e), nil
	}
	return nil, nil
}

// accountOf returns the service account that an event is about, or else the one
// that acted.
func accountOf(event api.AuditEvent) (api.Ref, bool) {
	if event.Resource.Type == string(api.IdentityServiceAccount) && event.Resource.ID != "" {
		return api.Ref{ID: event.Resource.ID, Name: event.Resource.Name}, true
	}
	if event.Actor.Type == api.IdentityServiceAccount && event.Actor.ID != "" {
		return api.Ref{ID: event.Actor.ID, Name: event.Actor.Name}, true
	}
	return api.Ref{}, false
}
