package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
)

// createDialog is the form New API Key: a Team, a Name, Create.
//
// A create is exactly-once. The form makes an idempotency key when it first
// sends a request and keeps it for every repetition of that request, so that
// a lost answer never leads to a second account.
type createDialog struct {
	form
	team *api.Team // taken; nil until then

	sending        bool // a request is under way
	idempotencyKey string
	request        api.CreateServiceAccount
	sealTo         seal.Recipients // of the request; nil for a key that is shown
	retry          *createRetry    // waiting before the same request is sent again
	// reading names the recipients that are being read, "" for none.
	reading string
	// lost is true from a lost answer until the server has decided about this
	// very create: the account may exist, so nothing else may be sent.
	lost   bool
	sender string // id of the identity that the request was first sent by
}

func newCreateDialog(e environment) (createDialog, tea.Cmd) {
	f, cmd := newForm("type to search teams", "such as ci-deploy-eu", e)
	f.picker.SetItems(teamItems(e.teams))
	f.seal = newSealField(e)
	f.fit(e)
	return createDialog{form: f}, cmd
}

func (d createDialog) restyle(e environment) dialog {
	d.fit(e)
	return d
}

func (d createDialog) waiting() bool { return d.making() || d.reading != "" }

// making reports whether a key may be made at any moment.
func (d createDialog) making() bool { return d.sending || d.retry != nil }

// refuseQuit keeps the program while a key is being made: it would be lost.
func (d createDialog) refuseQuit(time.Time) (dialog, bool) {
	words := "A key is being made; wait for it. Asking once more quits, and nobody will know that key."
	if !d.making() {
		words = "The account may exist, and nobody knows its key. Asking once more quits."
	}
	// The question is asked as long as it stands there.
	if d.note == words || !d.making() && !d.lost {
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
			return d.send()
		}
	case recipientsReadMsg:
		if msg.turn == d.reading {
			return d.recipientsRead(msg, e)
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	case tea.PasteMsg:
		if d.waiting() || d.lost {
			break
		}
		cmd := d.pasted(msg.Content, e)
		return d, cmd, nil
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
		if d.reading != "" {
			d.reading = "" // nothing was sent
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
	if focus, ok := d.leads(press, k); ok {
		return d.to(focus, e)
	}
	switch {
	case k.Back.matches(press):
		return d, nil, closeDialog{}
	case k.Take.matches(press):
		return d.enter(e)
	}
	cmd := d.typed(press, e)
	return d, cmd, nil
}

func (d createDialog) enter(e environment) (dialog, tea.Cmd, action) {
	switch d.focus {
	case focusPick:
		if _, ok := d.picker.Selected(); !ok {
			d.pickProblem = "select a team"
			return d, nil, nil
		}
		return d.to(focusName, e)
	case focusCancel:
		return d, nil, closeDialog{}
	}
	return d.submit(e)
}

// to moves the focus. Leaving the teams takes the one under the cursor.
func (d createDialog) to(focus formFocus, e environment) (dialog, tea.Cmd, action) {
	if d.focus == focusPick {
		d.take(e)
	}
	cmd := d.move(focus)
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
			d.pickProblem = ""
		}
	}
}

// submit checks what can be checked here and sends the rest to the server.
func (d createDialog) submit(e environment) (dialog, tea.Cmd, action) {
	d.problem, d.note, d.nameProblem, d.pickProblem = "", "", "", ""
	if d.team == nil {
		next, cmd, a := d.to(focusPick, e)
		d = next.(createDialog)
		d.pickProblem = "select a team"
		return d, cmd, a
	}
	if err := api.CheckName(d.name.Value()); err != nil {
		next, cmd, a := d.to(focusName, e)
		d = next.(createDialog)
		d.nameProblem = err.Error()
		return d, cmd, a
	}
	if text := d.seal.text(); text != "" {
		d.reading = e.newKey()
		return d, nil, resolveRecipients{turn: d.reading, text: text}
	}
	return d.ask(nil, e)
}

// recipientsRead goes on when it is known whom the key is sealed to.
func (d createDialog) recipientsRead(msg recipientsReadMsg, e environment) (dialog, tea.Cmd, action) {
	d.reading = ""
	if msg.err != nil {
		next, cmd, a := d.to(focusSeal, e)
		d = next.(createDialog)
		d.sealed(msg.err.Error())
		return d, cmd, a
	}
	return d.ask(msg.recipients, e)
}

// ask sends the request that the form is filled with, sealed to the recipients
// if there are any.
func (d createDialog) ask(sealTo seal.Recipients, e environment) (dialog, tea.Cmd, action) {
	request := api.CreateServiceAccount{Name: d.name.Value(), TeamID: d.team.ID, SealedTo: sealTo.Fingerprints()}
	if d.idempotencyKey == "" || !request.Equal(d.request) {
		d.request, d.idempotencyKey, d.sender = request, e.newKey(), callerID(e)
	}
	d.sealTo = sealTo
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
	return d, nil, createAccount{request: d.request, idempotencyKey: d.idempotencyKey, sealTo: d.sealTo}
}

func (d createDialog) bindings(e environment) []binding {
	k := e.keys
	switch {
	case d.sending:
		wait := k.Back.as("waits for the answer")
		return []binding{wait.because("waiting for the answer"), k.Interrupt}
	case d.lost && d.retry == nil:
		return []binding{k.Take.as("ask again"), k.Back.as("stop trying"), k.Interrupt}
	case d.retry != nil || d.reading != "":
		stop := k.Back.as("stop trying")
		return []binding{stop, k.Interrupt}
	case d.focus == focusPick:
		return []binding{k.Take, k.Down.whileTyping(), k.Up.whileTyping(), k.Next, k.Back, k.Interrupt}
	}
	enter := k.Take.as("create")
	if d.focus == focusCancel {
		enter = k.Take.as("cancel")
	}
	return []binding{enter, k.Next, k.Previous, k.Back, k.Interrupt}
}
