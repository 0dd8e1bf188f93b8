package tui

import (
	"errors"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// createDialog is the form New API Key: a Team, a Name, Create.
//
// A create is exactly-once. The form makes an idempotency key when it first
// sends a request and keeps it for every repetition of that request, so that
// a lost answer never leads to a second account.
type createDialog struct {
	picker picker.Model
	name   textinput.Model
	focus  createFocus
	team   *api.Team // taken; nil until then

	teamProblem, nameProblem, problem string

	sending        bool // a request is under way
	idempotencyKey string
	request        api.CreateServiceAccount
	retry          *createRetry // waiting before the same request is sent again
	// lost is true from a lost answer until the server has decided about this
	// very create: the account may exist, so nothing else may be sent.
	lost   bool
	sender string // id of the identity that the request was first sent by
	note   string
}

type createFocus int

const (
	focusTeam createFocus = iota
	focusName
	focusCreate
	focusCancel
	focusCount
)

func newCreateDialog(e environment) (createDialog, tea.Cmd) {
	name := textinput.New()
	name.Prompt = ""
	name.Placeholder = "such as ci-deploy-eu"
	// More than a name may have, so that one that is too long can be seen and
	// cut by its owner instead of losing its end in silence.
	name.CharLimit = 4 * api.MaxNameLength
	name.SetVirtualCursor(false)
	d := createDialog{picker: picker.New(pickerStyles(e), "type to search teams", 5), name: name}
	d.picker.SetItems(teamItems(e.teams))
	cmd := d.picker.Focus()
	return d.restyle(e).(createDialog), cmd
}

func (d createDialog) restyle(e environment) dialog {
	d.name.SetStyles(inputStyles(e.styles))
	width := max(e.width-labelWidth-1, 1)
	d.name.SetWidth(width - 1)
	d.picker.SetWidth(width - 11)
	return d
}

func (d createDialog) waiting() bool { return d.sending || d.retry != nil }

// refuseQuit keeps the program while a key is being made: it would be lost.
func (d createDialog) refuseQuit(time.Time) (dialog, bool) {
	words := "A key is being made; wait for it. Asking once more quits, and nobody will know that key."
	if !d.waiting() {
		words = "The account may exist, and nobody knows its key. Asking once more quits."
	}
	// The question is asked as long as it stands there.
	if d.note == words || !d.waiting() && !d.lost {
		return d, false
	}
	d.note = words
	return d, true
}

func (d createDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case teamsLoadedMsg:
		d.picker.SetItems(teamItems(e.teams))
	case createFailedMsg:
		if msg.idempotencyKey == d.idempotencyKey && d.sending {
			return d.failed(msg.err, e)
		}
	case retryDueMsg:
		if msg.id == d.idempotencyKey && d.retry != nil && d.retry.at.Equal(msg.at) && !d.sending {
			d.sending, d.note = true, ""
			return d, nil, createAccount{request: d.request, idempotencyKey: d.idempotencyKey}
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	case tea.PasteMsg:
		if d.waiting() || d.lost {
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

func (d createDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	if d.waiting() {
		if !k.Back.matches(press) {
			return d, nil, nil
		}
		if d.sending {
			d.note = "Waiting for the answer, so that no key is lost."
			return d, nil, nil
		}
		if d.lost {
			return d, nil, abandonCreate{}
		}
		d.retry, d.note = nil, ""
		return d, nil, nil
	}
	d.note = ""
	if d.lost {
		switch {
		case k.Back.matches(press):
			return d, nil, abandonCreate{}
		case k.Take.matches(press):
			return d.send()
		}
		return d, nil, nil
	}
	switch {
	case k.Back.matches(press) && d.focus == focusName:
		return d.to(focusTeam, e)
	case k.Back.matches(press) && d.focus == focusCreate:
		return d.to(focusName, e)
	case k.Back.matches(press):
		return d, nil, closeDialog{}
	case k.Next.matches(press):
		return d.to((d.focus+1)%focusCount, e)
	case k.Previous.matches(press):
		return d.to((d.focus+focusCount-1)%focusCount, e)
	case k.Take.matches(press):
		return d.enter(e)
	}
	switch d.focus {
	case focusCreate, focusCancel:
		if s := press.String(); s == "left" || s == "right" {
			return d.to(focusCreate+focusCancel-d.focus, e)
		}
		return d, nil, nil
	}
	return d.typed(press, e)
}

// typed hands a key or a pasted text to the field with the focus.
func (d createDialog) typed(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	if press, ok := msg.(tea.KeyPressMsg); ok && press.String() == "ctrl+v" {
		return d, nil, nil // the terminal pastes
	}
	var cmd tea.Cmd
	switch d.focus {
	case focusTeam:
		d.picker, cmd = d.picker.Update(e.keys.forPicker(msg))
		d.teamProblem = ""
	case focusName:
		before := d.name.Value()
		d.name, cmd = d.name.Update(msg)
		if d.name.Value() != before {
			d.nameProblem = ""
			d.name.EchoMode = textinput.EchoNormal
			if api.FindKey(d.name.Value()) != "" {
				d.name.EchoMode = textinput.EchoPassword // typed or pasted, it is not for the screen
			}
			if err := api.CheckName(d.name.Value()); err != nil && !errors.Is(err, api.ErrNameEmpty) {
				d.nameProblem = err.Error()
			}
		}
	}
	return d, cmd, nil
}

func (d createDialog) enter(e environment) (dialog, tea.Cmd, action) {
	switch d.focus {
	case focusTeam:
		if _, ok := d.picker.Selected(); !ok {
			d.teamProblem = "select a team"
			return d, nil, nil
		}
		return d.to(focusName, e)
	case focusCancel:
		return d, nil, closeDialog{}
	}
	return d.submit(e)
}

// to moves the focus. Leaving the teams takes the one under the cursor.
func (d createDialog) to(focus createFocus, e environment) (dialog, tea.Cmd, action) {
	if d.focus == focusTeam {
		d.take(e)
	}
	d.focus = focus
	d.picker.Blur()
	d.name.Blur()
	var cmd tea.Cmd
	switch focus {
	case focusTeam:
		cmd = d.picker.Focus()
	case focusName:
		cmd = d.name.Focus()
	}
	return d, cmd, nil
}

func (d *createDialog) take(e environment) {
	item, ok := d.picker.Selected()
	if !ok {
		return
	}
	for i := range e.teams {
		if e.teams[i].ID == item.ID {
			if d.team == nil || d.team.ID != item.ID {
				d.nameProblem = "" // what was wrong with it may be right there
			}
			d.team = &e.teams[i]
			d.teamProblem = ""
		}
	}
}

// submit checks what can be checked here and sends the rest to the server.
func (d createDialog) submit(e environment) (dialog, tea.Cmd, action) {
	d.problem, d.note, d.nameProblem, d.teamProblem = "", "", "", ""
	if d.team == nil {
		next, cmd, a := d.to(focusTeam, e)
		d = next.(createDialog)
		d.teamProblem = "select a team"
		return d, cmd, a
	}
	if err := api.CheckName(d.name.Value()); err != nil {
		next, cmd, a := d.to(focusName, e)
		d = next.(createDialog)
		d.nameProblem = err.Error()
		return d, cmd, a
	}
	request := api.CreateServiceAccount{Name: d.name.Value(), TeamID: d.team.ID}
	if d.idempotencyKey == "" || request != d.request {
		d.request, d.idempotencyKey, d.sender = request, e.newKey(), callerID(e)
	}
	return d.send()
}

func callerID(e environment) string {
	if e.caller == nil {
		return ""
	}
	return e.caller.ID
}

func (d createDialog) send() (dialog, tea.Cmd, action) {
	d.sending, d.retry, d.problem, d.note = true, nil, "", ""
	return d, nil, createAccount{request: d.request, idempotencyKey: d.idempotencyKey}
}

func (d createDialog) bindings(e environment) []binding {
	k := e.keys
	switch {
	case d.sending:
		wait := k.Back.as("waits for the answer")
		return []binding{wait.because("waiting for the answer"), k.Interrupt}
	case d.lost && d.retry == nil:
		return []binding{k.Take.as("ask again"), k.Back.as("stop trying"), k.Interrupt}
	case d.retry != nil:
		stop := k.Back.as("stop trying")
		return []binding{stop, k.Interrupt}
	case d.focus == focusTeam:
		return []binding{k.Take, k.Down.whileTyping(), k.Up.whileTyping(), k.Next, k.Back, k.Interrupt}
	}
	enter := k.Take.as("create")
	if d.focus == focusCancel {
		enter = k.Take.as("cancel")
	}
	return []binding{enter, k.Next, k.Previous, k.Back, k.Interrupt}
}
