package tui

import (
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// teamDialog is the form New Team: a Role, a Name, Create. It goes like New API
// Key: enter takes the role and moves to the name, enter on the name creates.
type teamDialog struct {
	form
	turn  string    // names the form, for the answers that it waits for
	role  *api.Role // taken; nil until then
	roles []api.Role
	// rolesFailed is why there are no roles, loaded whether they came.
	rolesFailed *api.Error
	loaded      bool

	sending bool
	lost    bool // an answer was lost: the team may exist
}

// rolesLoadedMsg are the roles for a form that asked for them.
type rolesLoadedMsg struct {
	turn  string
	roles []api.Role
	err   *api.Error
}

// teamMadeMsg is the team that a form asked for.
type teamMadeMsg struct {
	turn string
	team api.Team
}

type teamRefusedMsg struct {
	turn string
	err  *api.Error
}

func (r remote) loadRoles(turn string) tea.Cmd {
	return func() tea.Msg {
		var roles []api.Role
		list, err := r.client.Roles(r.ctx, api.ListOptions{PageSize: api.MaxPageSize})
		err = everyPage(list, err, func(list api.RoleList) string {
			roles = append(roles, list.Roles...)
			return list.Links.Next
		}, func(next string) (api.RoleList, error) { return r.client.NextRoles(r.ctx, next) })
		if err != nil {
			return rolesLoadedMsg{turn: turn, err: asAPIError(err)}
		}
		return rolesLoadedMsg{turn: turn, roles: roles}
	}
}

func (r remote) createTeam(turn string, request api.CreateTeam) tea.Cmd {
	return func() tea.Msg {
		team, err := r.client.CreateTeam(r.ctx, request)
		if err != nil {
			return teamRefusedMsg{turn: turn, err: asAPIError(err)}
		}
		return teamMadeMsg{turn: turn, team: team}
	}
}

func newTeamDialog(e environment) (teamDialog, tea.Cmd) {
	f, cmd := newForm("type to search roles", "such as platform", e)
	return teamDialog{form: f, turn: e.newKey()}, cmd
}

func (d teamDialog) restyle(e environment) dialog {
	d.fit(e)
	return d
}

func (d teamDialog) waiting() bool { return d.sending || !d.loaded && d.rolesFailed == nil }

func (d teamDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case rolesLoadedMsg:
		if msg.turn != d.turn {
			break
		}
		if d.rolesFailed = msg.err; msg.err != nil && errors.Is(msg.err, api.ErrUnauthorized) {
			return d, nil, askForKey{err: msg.err}
		}
		d.loaded = msg.err == nil
		d.roles = msg.roles
		d.picker.SetItems(roleItems(msg.roles))
	case signedInMsg:
		if d.rolesFailed != nil {
			d.rolesFailed = nil
			return d, e.remote.loadRoles(d.turn), nil
		}
	case teamMadeMsg:
		if msg.turn == d.turn {
			return d, nil, teamMade{msg.team}
		}
	case teamRefusedMsg:
		if msg.turn == d.turn && d.sending {
			return d.refused(msg.err, e)
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	case tea.PasteMsg:
		if d.sending {
			break
		}
		cmd := d.pasted(msg.Content, e)
		return d, cmd, nil
	}
	return d, nil, nil
}

func (d teamDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	if d.sending {
		if k.Back.matches(press) {
			d.note = "Waiting for the answer."
		}
		return d, nil, nil
	}
	d.note = ""
	if focus, ok := d.leads(press, k); ok {
		return d.to(focus)
	}
	switch {
	case k.Back.matches(press), k.Take.matches(press) && d.focus == focusCancel:
		return d, nil, closeTeamForm{lost: d.lost}
	case k.Take.matches(press) && d.focus == focusPick:
		if _, ok := d.picker.Selected(); !ok {
			d.pickProblem = "select a role"
			return d, nil, nil
		}
		return d.to(focusName)
	case k.Take.matches(press):
		return d.submit(e)
	}
	cmd := d.typed(press, e)
	return d, cmd, nil
}

// to moves the focus. Leaving the roles takes the one under the cursor.
func (d teamDialog) to(focus formFocus) (dialog, tea.Cmd, action) {
	if item, ok := d.picker.Selected(); ok && d.focus == focusPick {
		for i := range d.roles {
			if d.roles[i].ID == item.ID {
				d.role, d.pickProblem = &d.roles[i], ""
			}
		}
	}
	cmd := d.move(focus)
	return d, cmd, nil
}

// submit checks what can be checked here and sends the rest to the server.
func (d teamDialog) submit(e environment) (dialog, tea.Cmd, action) {
	d.problem, d.nameProblem, d.pickProblem = "", "", ""
	if d.role == nil {
		next, cmd, a := d.to(focusPick)
		d = next.(teamDialog)
		d.pickProblem = "select a role"
		return d, cmd, a
	}
	if err := api.CheckName(d.name.Value()); err != nil {
		next, cmd, a := d.to(focusName)
		d = next.(teamDialog)
		d.nameProblem = err.Error()
		return d, cmd, a
	}
	d.sending = true
	return d, e.remote.createTeam(d.turn, api.CreateTeam{Name: d.name.Value(), RoleID: d.role.ID}), nil
}

// refused puts an error where it belongs, with nothing that was entered lost.
func (d teamDialog) refused(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	wasLost := d.lost
	d.sending, d.note = false, ""
	d.lost = d.lost || err.Lost
	switch {
	case errors.Is(err, api.ErrUnauthorized):
		d.problem = "The server refused your key. Sign in, then create again."
		return d, nil, askForKey{err: err}
	case err.Lost:
		d.problem = "No answer came: the team may exist. Create asks again, and makes no second one."
		return d, nil, nil
	case errors.Is(err, api.ErrNameTaken) && wasLost:
		d.problem = "There is a team of this name now: it may be the one whose answer was lost. " + e.keys.Back.Help().Key + " goes to the list."
		return d, nil, nil
	case errors.Is(err, api.ErrNameTaken):
		d.nameProblem = "there is a team of this name"
	case errors.Is(err, api.ErrExceedsCaller):
		d.pickProblem = err.Detail
	case errors.Is(err, api.ErrInvalid) && len(err.Fields) > 0:
		d.place(err.Fields, "body.role_id")
	default:
		d.problem = err.Error()
	}
	return d.to(d.wrong())
}

func (d teamDialog) bindings(e environment) []binding {
	k := e.keys
	enter := k.Take.as("create")
	switch {
	case d.sending:
		wait := k.Back.as("waits for the answer")
		return []binding{wait.because("waiting for the answer"), k.Interrupt}
	case d.focus == focusPick:
		return []binding{k.Take, k.Down.whileTyping(), k.Up.whileTyping(), k.Next, k.Back, k.Interrupt}
	case d.focus == focusCancel:
		enter = k.Take.as("cancel")
	}
	return []binding{enter, k.Next, k.Previous, k.Back, k.Interrupt}
}
