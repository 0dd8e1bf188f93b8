package tui

import (
	"errors"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// teamDialog is the form New Team: a Role, a Name, Create. It goes like New API
// Key: enter takes the role and moves to the name, enter on the name creates.
type teamDialog struct {
	turn   string // names the form, for the answers that it waits for
	picker picker.Model
	name   textinput.Model
	focus  createFocus // focusTeam stands for the role
	role   *api.Role   // taken; nil until then
	roles  []api.Role
	// rolesFailed is why there are no roles, loaded whether they came.
	rolesFailed *api.Error
	loaded      bool

	roleProblem, nameProblem, problem string

	sending bool
	lost    bool // an answer was lost: the team may exist
	note    string
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
		list, err := r.client.Roles(r.ctx, api.ListOptions{PageSize: api.MaxPageSize})
		roles := list.Roles
		followed := map[string]bool{}
		for err == nil && list.Links.Next != "" {
			if followed[list.Links.Next] {
				err = errCircle()
				break
			}
			followed[list.Links.Next] = true
			list, err = r.client.NextRoles(r.ctx, list.Links.Next)
			roles = append(roles, list.Roles...)
		}
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
	name := textinput.New()
	name.Prompt = ""
	name.Placeholder = "such as platform"
	name.CharLimit = 4 * api.MaxNameLength
	name.SetVirtualCursor(false)
	d := teamDialog{turn: e.newKey(), picker: picker.New(pickerStyles(e), "type to search roles", 5), name: name}
	cmd := d.picker.Focus()
	return d.restyle(e).(teamDialog), cmd
}

func (d teamDialog) restyle(e environment) dialog {
	d.name.SetStyles(inputStyles(e.styles))
	width := max(e.width-labelWidth-1, 1)
	d.name.SetWidth(width - 1)
	d.picker.SetWidth(width - 11)
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
		if api.FindKey(msg.Content) != "" {
			d.note = "That was an API key: it was not pasted. Paste it into the list to find its owner."
			return d, nil, nil
		}
		return d.typed(tea.PasteMsg{Content: strings.TrimSpace(msg.Content)}, e)
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
	switch {
	case k.Back.matches(press) && d.focus == focusName:
		return d.to(focusTeam)
	case k.Back.matches(press) && d.focus == focusCreate:
		return d.to(focusName)
	case k.Back.matches(press):
		return d, nil, closeTeamForm{lost: d.lost}
	case k.Next.matches(press):
		return d.to((d.focus + 1) % focusCount)
	case k.Previous.matches(press):
		return d.to((d.focus + focusCount - 1) % focusCount)
	case k.Take.matches(press) && d.focus == focusCancel:
		return d, nil, closeTeamForm{lost: d.lost}
	case k.Take.matches(press) && d.focus == focusTeam:
		if _, ok := d.picker.Selected(); !ok {
			d.roleProblem = "select a role"
			return d, nil, nil
		}
		return d.to(focusName)
	case k.Take.matches(press):
		return d.submit(e)
	}
	if d.focus == focusCreate || d.focus == focusCancel {
		if s := press.String(); s == "left" || s == "right" {
			return d.to(focusCreate + focusCancel - d.focus)
		}
		return d, nil, nil
	}
	return d.typed(press, e)
}

// typed hands a key or a pasted text to the field with the focus.
func (d teamDialog) typed(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	if press, ok := msg.(tea.KeyPressMsg); ok && press.String() == "ctrl+v" {
		return d, nil, nil // the terminal pastes
	}
	var cmd tea.Cmd
	switch d.focus {
	case focusTeam:
		d.picker, cmd = d.picker.Update(e.keys.forPicker(msg))
		d.roleProblem = ""
	case focusName:
		before := d.name.Value()
		d.name, cmd = d.name.Update(msg)
		if d.name.Value() != before {
			d.nameProblem = ""
			d.name.EchoMode = textinput.EchoNormal
			if api.FindKey(d.name.Value()) != "" {
				d.name.EchoMode = textinput.EchoPassword
			}
			if err := api.CheckName(d.name.Value()); err != nil && !errors.Is(err, api.ErrNameEmpty) {
				d.nameProblem = err.Error()
			}
		}
	}
	return d, cmd, nil
}

// to moves the focus. Leaving the roles takes the one under the cursor.
func (d teamDialog) to(focus createFocus) (dialog, tea.Cmd, action) {
	if item, ok := d.picker.Selected(); ok && d.focus == focusTeam {
		for i := range d.roles {
			if d.roles[i].ID == item.ID {
				d.role, d.roleProblem = &d.roles[i], ""
			}
		}
	}
	d.focus = focus
	d.picker.Blur()
	d.name.Blur()
	switch focus {
	case focusTeam:
		return d, d.picker.Focus(), nil
	case focusName:
		return d, d.name.Focus(), nil
	}
	return d, nil, nil
}

// submit checks what can be checked here and sends the rest to the server.
func (d teamDialog) submit(e environment) (dialog, tea.Cmd, action) {
	d.problem, d.nameProblem, d.roleProblem = "", "", ""
	if d.role == nil {
		next, cmd, a := d.to(focusTeam)
		d = next.(teamDialog)
		d.roleProblem = "select a role"
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
		d.roleProblem = err.Detail
	case errors.Is(err, api.ErrInvalid) && len(err.Fields) > 0:
		for _, field := range err.Fields {
			switch field.Location {
			case "body.name":
				d.nameProblem = field.Message
			case "body.role_id":
				d.roleProblem = field.Message
			default:
				d.problem = field.Message
			}
		}
	default:
		d.problem = err.Error()
	}
	switch {
	case d.nameProblem != "":
		return d.to(focusName)
	case d.roleProblem != "":
		return d.to(focusTeam)
	}
	return d, nil, nil
}

func (d teamDialog) bindings(e environment) []binding {
	k := e.keys
	enter := k.Take.as("create")
	switch {
	case d.sending:
		wait := k.Back.as("waits for the answer")
		return []binding{wait.because("waiting for the answer"), k.Interrupt}
	case d.focus == focusTeam:
		return []binding{k.Take, k.Down.whileTyping(), k.Up.whileTyping(), k.Next, k.Back, k.Interrupt}
	case d.focus == focusCancel:
		enter = k.Take.as("cancel")
	}
	return []binding{enter, k.Next, k.Previous, k.Back, k.Interrupt}
}
