package tui

import (
	"errors"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// deleteDialog asks before an account ends. Cancel has the focus. The account
// is looked up afresh when the dialog opens, because its weight is in its last
// use: one that was used within a day must be named to be deleted.
type deleteDialog struct {
	account  api.ServiceAccount
	checked  bool // the state is fresh, or could not be had
	stale    string
	name     textinput.Model
	focus    deleteFocus
	deleting bool
	attempt  int
	lost     bool      // the account may be deleted already
	retryAt  time.Time // the deletion is repeated then, zero when not
	problem  string
	note     string
	goneBy   string // who deleted it meanwhile
}

type deleteFocus int

const (
	focusKeep deleteFocus = iota // the Cancel button
	focusTyped
	focusDelete
)

func newDeleteDialog(account api.ServiceAccount, e environment) deleteDialog {
	name := textinput.New()
	name.Prompt = ""
	name.Placeholder = "to delete it"
	name.CharLimit = 4 * api.MaxNameLength
	name.SetVirtualCursor(false)
	d := deleteDialog{account: account, name: name}
	return d.restyle(e).(deleteDialog)
}

func (d deleteDialog) restyle(e environment) dialog {
	d.name.SetStyles(inputStyles(e.styles))
	d.name.SetWidth(max(e.width-20, 1))
	return d
}

func (d deleteDialog) waiting() bool {
	return d.goneBy == "" && (d.deleting || !d.checked || !d.retryAt.IsZero())
}

// weighty reports whether the name must be typed: something depends on the
// key, or it could not be found out whether something does.
func (d deleteDialog) weighty(now time.Time) bool {
	used := d.account.Key.LastUsedAt
	return d.stale != "" || (used != nil && now.Sub(*used) < inUse)
}

func (d deleteDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case accountCheckedMsg:
		if msg.id == d.account.ID && !d.checked && d.goneBy == "" {
			return d.check(msg)
		}
	case signedInMsg:
		if d.stale != "" && !d.deleting {
			d.stale, d.checked = "", false
			return d, nil, checkAccount{id: d.account.ID}
		}
	case accountDeletedMsg:
		if msg.id == d.account.ID && d.goneBy == "" {
			return d, nil, deletionDone{account: d.account, already: msg.already && d.attempt <= 1}
		}
	case deleteFailedMsg:
		if msg.id == d.account.ID && d.deleting {
			return d.failed(msg.err, e)
		}
	case retryDueMsg:
		if msg.id == d.account.ID && !d.retryAt.IsZero() && d.retryAt.Equal(msg.at) {
			return d.send()
		}
	case deletedElsewhereMsg:
		if by, gone := msg.by(d.account.ID); gone && !d.deleting {
			d.goneBy, d.retryAt, d.problem, d.note = by, time.Time{}, "", ""
		}
	case tea.PasteMsg:
		if d.focus == focusTyped && !d.deleting && d.goneBy == "" {
			var cmd tea.Cmd
			d.name, cmd = d.name.Update(msg)
			return d, cmd, nil
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	}
	return d, nil, nil
}

func (d deleteDialog) check(msg accountCheckedMsg) (dialog, tea.Cmd, action) {
	d.checked = true
	switch {
	case msg.err == nil:
		d.account = msg.account
	case errors.Is(msg.err, api.ErrNotFound):
		return d, nil, deletionDone{account: d.account, already: true}
	case errors.Is(msg.err, api.ErrUnauthorized):
		d.stale = "Its last use could not be looked up: the server refused your key."
		return d, nil, askForKey{err: msg.err}
	default:
		d.stale = "Its last use could not be looked up: " + msg.err.Error()
	}
	return d, nil, nil
}

func (d deleteDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case d.goneBy != "":
		if k.Back.matches(press) || k.Take.matches(press) {
			return d, nil, closeDialog{}
		}
		return d, nil, nil
	case d.deleting:
		if k.Back.matches(press) {
			d.note = "Waiting for the answer."
		}
		return d, nil, nil
	case k.Back.matches(press) && d.lost:
		return d, nil, abandonDelete{name: d.account.Name}
	case k.Back.matches(press):
		return d, nil, closeDialog{}
	case k.Next.matches(press):
		return d.move(1, e)
	case k.Previous.matches(press):
		return d.move(-1, e)
	case k.Take.matches(press):
		return d.enter(e)
	}
	if d.focus == focusTyped {
		if press.String() == "ctrl+v" {
			return d, nil, nil
		}
		var cmd tea.Cmd
		d.name, cmd = d.name.Update(press)
		d.problem = ""
		return d, cmd, nil
	}
	switch press.String() {
	case "left", "right":
		if d.focus == focusKeep {
			return d.to(focusDelete)
		}
		return d.to(focusKeep)
	}
	if press.Text != "" && d.checked && d.weighty(e.now) {
		// Who types is typing the name that is asked for.
		next, focus, _ := d.to(focusTyped)
		typed, cmd, a := next.update(press, e)
		return typed, tea.Batch(focus, cmd), a
	}
	return d, nil, nil
}

// move goes through what can have the focus, in the order of the screen.
func (d deleteDialog) move(step int, e environment) (dialog, tea.Cmd, action) {
	order := []deleteFocus{focusKeep, focusDelete}
	if d.weighty(e.now) {
		order = []deleteFocus{focusTyped, focusKeep, focusDelete}
	}
	at := 0
	for i, focus := range order {
		if focus == d.focus {
			at = i
		}
	}
	return d.to(order[(at+step+len(order))%len(order)])
}

func (d deleteDialog) to(focus deleteFocus) (dialog, tea.Cmd, action) {
	d.focus = focus
	if focus == focusTyped {
		return d, d.name.Focus(), nil
	}
	d.name.Blur()
	return d, nil, nil
}

func (d deleteDialog) enter(e environment) (dialog, tea.Cmd, action) {
	switch {
	case d.focus == focusKeep && d.lost:
		return d, nil, abandonDelete{name: d.account.Name}
	case d.focus == focusKeep:
		return d, nil, closeDialog{}
	case d.focus == focusTyped && d.name.Value() == d.account.Name:
		// The name alone deletes nothing: the button is pressed by itself.
		return d.to(focusDelete)
	case d.focus == focusTyped:
		d.problem = "That is not its name: " + d.account.Name
		return d, nil, nil
	case !d.checked:
		d.note = "Looking up when it was last used."
		return d, nil, nil
	case d.weighty(e.now) && d.name.Value() != d.account.Name:
		next, cmd, a := d.to(focusTyped)
		d = next.(deleteDialog)
		d.problem = "First type its name: " + d.account.Name
		return d, cmd, a
	}
	return d.send()
}

func (d deleteDialog) send() (dialog, tea.Cmd, action) {
	d.deleting, d.problem, d.note = true, "", ""
	d.retryAt = time.Time{}
	d.attempt++
	return d, nil, deleteAccount{id: d.account.ID}
}

// maxDeletes is how often a deletion is sent before the person is asked: it may
// be repeated safely, because one that is gone counts as deleted.
const maxDeletes = 3

func (d deleteDialog) failed(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	d.deleting, d.note = false, ""
	d.problem = sentence(err.Error())
	d.lost = d.lost || err.Lost
	switch {
	case errors.Is(err, api.ErrUnauthorized):
		return d, nil, askForKey{err: err}
	case lasting(err) || d.attempt >= maxDeletes:
		if !lasting(err) {
			d.problem += " Nothing is known to be deleted; Delete tries again."
		}
		return d, nil, nil
	}
	wait := retryWait(d.attempt, err)
	d.retryAt = e.now.Add(wait)
	return d, after(wait, retryDueMsg{id: d.account.ID, at: d.retryAt}), nil
}

func (d deleteDialog) bindings(e environment) []binding {
	k := e.keys
	if d.goneBy != "" {
		return []binding{bind(k.Take.name, "close", "enter"), k.Back, k.Interrupt}
	}
	if d.deleting {
		return []binding{k.Back.because("waiting for the answer"), k.Interrupt}
	}
	enter := map[deleteFocus]string{focusKeep: "cancel", focusTyped: "to the button", focusDelete: "delete"}[d.focus]
	return []binding{k.Take.as(enter), k.Next, k.Previous, k.Back, k.Interrupt}
}
