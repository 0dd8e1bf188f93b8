package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (t *teamsPage) bindings(e environment) []binding {
	k := e.keys
	if t.typing() {
		return []binding{k.KeepSearch, k.LeaveSearch, k.Down.whileTyping(), k.Up.whileTyping()}
	}
	nothing := ""
	if t.table.Length() == 0 {
		nothing = "There is no team to look at."
	}
	bindings := []binding{k.NewTeam.because(t.changeForbidden(e)), k.ShowKeys.because(nothing), k.Inspect.because(nothing), k.Search}
	if t.box.query() != "" {
		bindings = append(bindings, k.ClearSearch)
	}
	return append(append(bindings, k.Refresh), k.movements()...)
}

// changeForbidden says why the person can make no team, or "".
func (t *teamsPage) changeForbidden(e environment) string {
	switch {
	case e.readOnly:
		return "This console is read-only: it makes no team."
	case !e.mayProvision():
		return "You need the permission " + string(api.ProvisionUsersWithSCIM) + " to make a team; a " + api.RoleTenantAdmin + " has it."
	}
	return ""
}

func (t *teamsPage) commands() []binding { return nil }

func (t *teamsPage) run(b binding, e environment) (tea.Cmd, action) {
	k := e.keys
	team, _ := t.current()
	switch b.name {
	case k.NewTeam.name:
		d, cmd := newTeamDialog(e)
		return tea.Batch(cmd, e.remote.loadRoles(d.turn)), openDialog{d}
	case k.ShowKeys.name:
		return nil, showTeam{team}
	case k.Inspect.name:
		return t.askMembers(e), openDialog{teamDetailsDialog{facts: *t.facts(team, e.inventory)}}
	case k.Search.name:
		return t.box.input.Focus(), nil
	case k.ClearSearch.name:
		t.box.set("")
		return t.searched(e), nil
	case k.Refresh.name:
		if t.failure != nil && t.failure.unauthorized() {
			return nil, keyRefused{t.failure.err}
		}
		return nil, t.refresh()
	}
	return nil, nil
}
