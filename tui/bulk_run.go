package tui

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// start deletes all that is left, from the first on.
func (d bulkDialog) start() (dialog, tea.Cmd, action) {
	d.phase, d.problem, d.news = bulkDeletes, "", ""
	d.next, d.inARow, d.scroll = 0, 0, 0
	d.typed.Blur()
	for i := range d.items {
		if d.items[i].state == bulkFailed {
			d.items[i].state, d.items[i].reason = bulkWaits, ""
		}
	}
	return d.goOn()
}

// goOn begins as many deletions as may be under way.
func (d bulkDialog) goOn() (dialog, tea.Cmd, action) {
	var ids []string
	for d.phase == bulkDeletes && d.resumeAt.IsZero() && d.running < bulkAtOnce && d.next < len(d.items) {
		item := &d.items[d.next]
		d.next++
		if item.state != bulkWaits {
			continue
		}
		item.state = bulkRuns
		d.running++
		ids = append(ids, item.account.ID)
	}
	if d.running == 0 && d.resumeAt.IsZero() && (d.next >= len(d.items) || d.phase == bulkStops) {
		return d.end()
	}
	if len(ids) == 0 {
		return d, nil, nil
	}
	return d, nil, deleteAccounts{ids}
}

// outcome keeps what became of one, and goes on with the next.
func (d bulkDialog) outcome(id string, note func(*bulkItem), err *api.Error, e environment) (dialog, tea.Cmd, action) {
	at := -1
	for i := range d.items {
		if d.items[i].account.ID == id && d.items[i].state == bulkRuns {
			at = i
			break
		}
	}
	if at < 0 {
		return d, nil, nil
	}
	note(&d.items[at])
	d.running--
	var cmd tea.Cmd
	switch {
	case err == nil:
		d.inARow = 0
	case d.items[at].state == bulkWaits:
		// The server said how long to wait; the item is tried again then.
		d.next = min(d.next, at)
		if until := e.now.Add(err.RetryAfter); until.After(d.resumeAt) && d.phase == bulkDeletes {
			d.resumeAt = until
			cmd = after(err.RetryAfter, retryDueMsg{id: bulkRetry, at: until})
		}
	default:
		d.inARow++
	}
	if d.phase == bulkDeletes && err != nil && errors.Is(err, api.ErrUnauthorized) {
		d = d.stop("The server refused your key: sign in, then try again.")
	}
	if d.phase == bulkDeletes && d.inARow >= bulkGivesUp {
		d = d.stop("It stopped after " + plural(d.inARow, "failure") + " in a row.")
	}
	next, more, wanted := d.goOn()
	cmd = tea.Batch(cmd, more)
	return next, cmd, bulkStep{gone: goneID(err, id), then: wanted}
}

// goneID is the id of an account that is gone, when it is.
func goneID(err *api.Error, id string) string {
	if err == nil {
		return id
	}
	return ""
}

// stop lets what is under way end, and begins nothing further.
func (d bulkDialog) stop(why string) bulkDialog {
	d.phase, d.problem, d.resumeAt = bulkStops, why, time.Time{}
	if d.running == 0 {
		d.phase = bulkDone
	}
	return d
}

// end closes the dialog when all went well. What failed stays in sight.
func (d bulkDialog) end() (dialog, tea.Cmd, action) {
	d.phase = bulkDone
	if d.left() == 0 {
		return d, nil, bulkEnded{deleted: d.count(bulkDeleted), gone: d.count(bulkWasGone)}
	}
	return d, nil, nil
}

func (d bulkDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	back := k.Back.matches(press)
	switch {
	case d.phase == bulkDeletes && back:
		return d.stop("You stopped it.").goOn()
	case d.phase == bulkDeletes || d.phase == bulkStops:
		return d, nil, nil
	case d.phase == bulkDone:
		switch {
		case k.Refresh.matches(press):
			return d.start()
		case back, k.Take.matches(press):
			return d, nil, closeDialog{}
		case k.Down.matches(press):
			d.scroll++
		case k.Up.matches(press):
			d.scroll--
		}
		d.scroll = max(min(d.scroll, d.left()-1), 0)
		return d, nil, nil
	case back:
		return d, nil, closeDialog{}
	case k.Next.matches(press):
		return d.move(1)
	case k.Previous.matches(press):
		return d.move(-1)
	case k.Take.matches(press):
		return d.enter()
	}
	switch press.String() {
	case "down":
		d.top = min(d.top+1, max(d.left()-1, 0))
		return d, nil, nil
	case "up":
		d.top = max(d.top-1, 0)
		return d, nil, nil
	case "ctrl+v":
		return d, nil, nil
	case "left", "right":
		if d.focus != focusTyped {
			return d.move(1)
		}
	}
	return d.write(press)
}

// write types into the field of the count: who types is typing that.
func (d bulkDialog) write(press tea.KeyPressMsg) (dialog, tea.Cmd, action) {
	var focused tea.Cmd
	if d.focus != focusTyped {
		if press.Text == "" {
			return d, nil, nil
		}
		next, cmd, _ := d.to(focusTyped)
		d, focused = next.(bulkDialog), cmd
	}
	var cmd tea.Cmd
	d.typed, cmd = d.typed.Update(press)
	d.problem = ""
	return d, tea.Batch(focused, cmd), nil
}

func (d bulkDialog) move(step int) (dialog, tea.Cmd, action) {
	order := []deleteFocus{focusTyped, focusKeep, focusDelete}
	at := map[deleteFocus]int{focusTyped: 0, focusKeep: 1, focusDelete: 2}[d.focus]
	return d.to(order[(at+step+len(order))%len(order)])
}

func (d bulkDialog) to(focus deleteFocus) (dialog, tea.Cmd, action) {
	d.focus = focus
	if focus == focusTyped {
		return d, d.typed.Focus(), nil
	}
	d.typed.Blur()
	return d, nil, nil
}

func (d bulkDialog) enter() (dialog, tea.Cmd, action) {
	switch {
	case d.focus == focusKeep, d.left() == 0:
		return d, nil, closeDialog{}
	case d.phase == bulkLooks:
		d.problem = "Their last uses are being looked up."
		return d, nil, nil
	case !d.counted():
		next, cmd, a := d.to(focusTyped)
		d = next.(bulkDialog)
		d.problem = d.wantsCount() + "."
		return d, cmd, a
	case d.focus == focusTyped:
		// The count alone deletes nothing: the button is pressed by itself.
		return d.to(focusDelete)
	}
	return d.start()
}

func (d bulkDialog) bindings(e environment) []binding {
	k := e.keys
	switch d.phase {
	case bulkDeletes:
		return []binding{k.Back.as("stop"), k.Interrupt}
	case bulkStops:
		return []binding{k.Back.because("waiting for the last answers"), k.Interrupt}
	case bulkDone:
		return []binding{k.Refresh.as("try again"), k.Back, k.Down, k.Up, k.Interrupt}
	}
	enter := map[deleteFocus]string{focusKeep: "cancel", focusTyped: "to the button", focusDelete: "delete"}[d.focus]
	return []binding{k.Take.as(enter), k.Next, k.Previous, k.Back, k.Down.whileTyping(), k.Up.whileTyping(), k.Interrupt}
}

// bulkStepped takes the step of a dialog over many accounts.
func (m *Model) bulkStepped(step bulkStep, from int) tea.Cmd {
	var cmd tea.Cmd
	if step.gone != "" {
		m.accounts.remove(step.gone)
		cmd = m.accounts.refreshSoon(m.environment())
	}
	if step.then != nil {
		cmd = tea.Batch(cmd, m.perform(step.then, from))
	}
	return cmd
}

func (a bulkEnded) words() string {
	switch {
	case a.deleted == 0:
		return "They had all been deleted already. Their keys are refused."
	case a.gone > 0:
		return "Deleted " + plural(a.deleted, "service account") + "; " + count(a.gone) + " had been deleted already. Their keys are refused."
	}
	return "Deleted " + plural(a.deleted, "service account") + ". Their keys are refused from now on."
}
