package tui

import (
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// keyDialog shows a new key, once. It has the screen to itself and the key a
// line to itself, from the first column, so that a mouse selects it cleanly.
// It does not go away by accident: not before the key was copied here, written
// to a file, or the person said that they have it.
type keyDialog struct {
	created api.CreatedServiceAccount
	// sealTo are those whom the key is sealed to: what is shown, copied and
	// written is then the sealed text, and the key is in this program no more.
	sealTo seal.Recipients
	// copied is what became of the last copy, delivered whether the key is known
	// to have arrived somewhere.
	copied    clipboard.Result
	delivered bool
	copying   bool

	leaving bool // asking whether to leave without the key
	quit    bool // leaving ends the program

	path    textinput.Model // of the file to write to
	writing bool            // the path has the focus
	saving  bool            // the file is being written
	since   time.Time       // when that began
	written string
	problem string
	copies  int

	// appeared is when the screen, or its question, was first seen. Keys that
	// end it count only after a moment: they were typed for something else.
	appeared time.Time
}

// settleTime is how long after its appearance a key cannot be dismissed. Each
// key that is pressed too early starts it again: somebody is still typing.
const settleTime = time.Second

func newKeyDialog(created api.CreatedServiceAccount, sealTo seal.Recipients, e environment) keyDialog {
	path := textinput.New()
	path.Prompt = ""
	path.CharLimit = 1024
	path.SetVirtualCursor(false)
	d := keyDialog{created: created, sealTo: sealTo, path: path, copying: true, appeared: e.now}
	d.path.SetValue(d.suggestion())
	return d.restyle(e).(keyDialog)
}

func (d keyDialog) waiting() bool { return d.copying || d.saving }

func (d keyDialog) refuseQuit(now time.Time) (dialog, bool) {
	if d.delivered && !d.saving { // a copy that still runs takes nothing away
		return d, false
	}
	return d.ask(true, now), true
}

// ask asks whether the key may be lost.
func (d keyDialog) ask(quit bool, now time.Time) keyDialog {
	d.leaving, d.quit, d.writing, d.problem = true, quit, false, ""
	d.path.Blur()
	d.appeared = now
	return d
}

// mine reports whether an answer is about this key.
func (d keyDialog) mine(account string) bool { return account == d.created.ServiceAccount.ID }

func (d keyDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case keyCopiedMsg:
		if !d.mine(msg.account) {
			break
		}
		d.copying = false
		d.copies++
		if d.copied = msg.result; d.copied.Native {
			d.delivered, d.leaving = true, false
		}
	case keyWrittenMsg:
		if d.mine(msg.account) {
			d.writeDone(msg)
		}
	case tea.PasteMsg:
		if d.writing && !d.saving {
			if d.path.Value() == d.suggestion() {
				d.path.SetValue("") // a pasted path takes the suggestion's place
			}
			var cmd tea.Cmd
			d.path, cmd = d.path.Update(msg)
			return d, cmd, nil
		}
	case tea.KeyPressMsg:
		switch {
		case d.leaving:
			return d.answer(msg, e)
		case d.writing:
			return d.typePath(msg, e)
		}
		return d.press(msg, e)
	}
	return d, nil, nil
}

func (d keyDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case k.Copy.matches(press):
		d.copying, d.leaving = true, false
		return d, nil, copySecret{account: d.created.ServiceAccount.ID, secret: d.created.APIKey}
	case k.Write.matches(press):
		d.writing, d.leaving, d.problem = true, false, ""
		return d, d.path.Focus(), nil
	case k.Have.matches(press):
		if !d.settled(e) {
			return d, nil, nil
		}
		return d, nil, discardSecret{secret: d.created.APIKey, account: d.created.ServiceAccount, kept: true}
	case k.Back.matches(press):
		if d.delivered && !d.saving { // a copy that still runs takes nothing away
			return d, nil, discardSecret{secret: d.created.APIKey, account: d.created.ServiceAccount, kept: true}
		}
		return d.ask(false, e.now), nil, nil
	}
	return d, nil, nil
}

// maxSaving is how long a file that is being written keeps the key's screen: a
// folder on a dead network never answers.
const maxSaving = 5 * time.Second

// settled reports whether the screen may be ended now, and notes a key that
// came too early.
func (d *keyDialog) settled(e environment) bool {
	hung := d.saving && e.now.Sub(d.since) > maxSaving
	if (d.waiting() && !hung) || e.now.Sub(d.appeared) < settleTime {
		d.appeared = e.now
		return false
	}
	return true
}

// answer takes the answer to whether the key may be lost.
func (d keyDialog) answer(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case k.Copy.matches(press), k.Write.matches(press):
		return d.press(press, e)
	case k.LeaveKey.matches(press):
		if !d.settled(e) {
			return d, nil, nil
		}
		if d.quit {
			d.created.APIKey.Destroy()
			return d, nil, quitProgram{}
		}
		return d, nil, discardSecret{secret: d.created.APIKey, account: d.created.ServiceAccount, kept: d.delivered}
	case k.StayWithKey.matches(press):
		d.leaving = false
	}
	return d, nil, nil
}

func (d keyDialog) bindings(e environment) []binding {
	k := e.keys
	switch {
	case d.leaving:
		return []binding{k.StayWithKey, k.LeaveKey, k.Copy, k.Write, k.Interrupt}
	case d.writing:
		return []binding{k.Take.as("write"), k.Back, k.Interrupt}
	}
	done := k.Back
	if d.delivered {
		done = k.Back.as("done")
	}
	return []binding{k.Copy, k.Write, k.Have, done, k.Interrupt}
}

// created shows the key of a new account, whatever became of the form: a key
// that was made must reach its person.
func (m *Model) created(msg accountCreatedMsg) tea.Cmd {
	m.closeWhere(func(s stacked) bool {
		form, ok := s.dialog.(createDialog)
		return ok && form.idempotencyKey == msg.idempotencyKey
	})
	m.closeSignIn() // it would cover the key; the status line keeps what it says
	account := msg.created.ServiceAccount
	m.accounts.box.set("")
	m.accounts.add(account)
	m.open(newKeyDialog(msg.created, msg.sealTo, m.environment()))
	return tea.Batch(tea.ClearScreen, m.accounts.refreshView(m.environment()), m.copyKey(account.ID, msg.created.APIKey))
}

// copyKey takes the ways to the clipboard that work here.
func (m *Model) copyKey(account string, secret api.Secret) tea.Cmd {
	ctx, board := m.options.Context, m.options.Clipboard
	return func() tea.Msg {
		result := board.Copy(ctx, secret.Reveal())
		sequence := result.Sequence
		result.Sequence = "" // the key is in it
		done := func() tea.Msg { return keyCopiedMsg{account: account, result: result} }
		if sequence == "" {
			return done()
		}
		return tea.Sequence(tea.Raw(sequence), done)()
	}
}

// discard ends the key's screen. The key is overwritten and the whole screen
// painted anew, so that nothing of it stays in the program or on the terminal.
func (m *Model) discard(a discardSecret) tea.Cmd {
	a.secret.Destroy()
	if a.kept {
		m.say(toastGood, "Made "+a.account.Name+" in "+a.account.Team.Name+".")
	} else {
		m.say(toastWarning, a.account.Name+" exists, and nobody has its key. Delete it and make a new one.")
	}
	return tea.ClearScreen
}
