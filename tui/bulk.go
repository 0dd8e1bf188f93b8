package tui

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// bulkDialog asks before many accounts end, deletes them one by one, and keeps
// the outcome of each. Cancel has the focus, and the count must be typed.
type bulkDialog struct {
	// items are the accounts. They are changed where they are: copying thousands
	// with every outcome would be most of the work, and no older dialog is looked
	// at again.
	items  []bulkItem
	hidden int       // how many of them the search hides
	loaded time.Time // when their last uses were loaded; zero: they were looked up
	phase  bulkPhase
	typed  textinput.Model
	focus  deleteFocus
	top    int // the first account in sight
	scroll int // of the outcomes

	next     int // the first item that may still wait
	running  int
	inARow   int // failures without a success in between
	resumeAt time.Time
	problem  string
	news     string // what happened to them meanwhile
}

type bulkItem struct {
	account api.ServiceAccount
	state   bulkState
	reason  string // why it failed
}

type bulkState int

const (
	bulkWaits bulkState = iota
	bulkRuns
	bulkDeleted
	bulkWasGone // already, or somebody else deleted it
	bulkFailed
)

type bulkPhase int

const (
	bulkLooks bulkPhase = iota // its last uses are being looked up
	bulkAsks
	bulkDeletes
	bulkStops // no further one begins; some answers are still to come
	bulkDone
)

const (
	// bulkAtOnce is how many deletions are under way at once.
	bulkAtOnce = 4
	// bulkLooksUp is how many accounts are looked up afresh. For more the person
	// would wait; then it is said how old their last uses are.
	bulkLooksUp = 200
	// bulkGivesUp is after how many failures in a row the rest is not tried.
	bulkGivesUp = 5
)

// markedCheckedMsg is the fresh state of the accounts in the dialog.
type markedCheckedMsg struct{ accountsFoundMsg }

func newBulkDialog(accounts []api.ServiceAccount, hidden int, loaded time.Time, e environment) (bulkDialog, tea.Cmd) {
	typed := textinput.New()
	typed.Prompt = ""
	typed.Placeholder = "to delete them"
	typed.CharLimit = 20
	typed.SetVirtualCursor(false)
	d := bulkDialog{items: make([]bulkItem, len(accounts)), hidden: hidden, loaded: loaded, phase: bulkAsks, typed: typed}
	ids := make([]string, len(accounts))
	for i, account := range accounts {
		d.items[i].account, ids[i] = account, account.ID
	}
	d = d.restyle(e).(bulkDialog)
	if len(ids) > bulkLooksUp {
		return d, nil
	}
	d.phase = bulkLooks
	look := e.remote.findAccounts(ids)
	return d, func() tea.Msg { return markedCheckedMsg{look().(accountsFoundMsg)} }
}

func (d bulkDialog) restyle(e environment) dialog {
	d.typed.SetStyles(inputStyles(e.styles))
	d.typed.SetWidth(max(e.width-34, 1))
	return d
}

func (d bulkDialog) waiting() bool {
	return d.phase == bulkLooks || d.phase == bulkDeletes || d.phase == bulkStops
}

// refuseQuit stops what has not begun before the program may end.
func (d bulkDialog) refuseQuit(time.Time) (dialog, bool) {
	if d.phase != bulkDeletes {
		return d, false
	}
	return d.stop("You stopped it."), true
}

// left is how many are not gone, as far as is known.
func (d bulkDialog) left() int {
	n := 0
	for i := range d.items {
		if s := d.items[i].state; s != bulkDeleted && s != bulkWasGone {
			n++
		}
	}
	return n
}

func (d bulkDialog) count(states ...bulkState) int {
	n := 0
	for i := range d.items {
		for _, s := range states {
			if d.items[i].state == s {
				n++
			}
		}
	}
	return n
}

func (d bulkDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case markedCheckedMsg:
		if d.phase == bulkLooks {
			return d.checked(msg, e)
		}
	case deletedElsewhereMsg:
		return d.deletedElsewhere(msg), nil, nil
	case accountDeletedMsg:
		return d.outcome(msg.id, func(item *bulkItem) {
			item.state = bulkDeleted
			if msg.already {
				item.state = bulkWasGone
			}
		}, nil, e)
	case deleteFailedMsg:
		return d.outcome(msg.id, func(item *bulkItem) {
			item.state, item.reason = bulkFailed, msg.err.Detail
			if msg.err.RetryAfter > 0 {
				item.state = bulkWaits
			}
		}, msg.err, e)
	case retryDueMsg:
		if msg.id == bulkRetry && !d.resumeAt.IsZero() && d.resumeAt.Equal(msg.at) {
			d.resumeAt = time.Time{}
			return d.goOn()
		}
	case tea.PasteMsg:
		if d.phase == bulkAsks && d.focus == focusTyped {
			var cmd tea.Cmd
			d.typed, cmd = d.typed.Update(msg)
			return d, cmd, nil
		}
	case tea.KeyPressMsg:
		return d.press(msg, e)
	}
	return d, nil, nil
}

// bulkRetry names the wait of this dialog.
const bulkRetry = "many"

func (d bulkDialog) checked(msg markedCheckedMsg, e environment) (dialog, tea.Cmd, action) {
	d.phase = bulkAsks
	if msg.session != e.remote.session {
		return d, nil, nil // their last uses stay as they were loaded
	}
	fresh := map[string]api.ServiceAccount{}
	for _, account := range msg.found {
		fresh[account.ID] = account
	}
	gone := map[string]bool{}
	for _, id := range msg.gone {
		gone[id] = true
	}
	for i := range d.items {
		item := &d.items[i]
		if account, ok := fresh[item.account.ID]; ok {
			item.account = account
		} else if gone[item.account.ID] {
			item.state = bulkWasGone
		}
	}
	if msg.err == nil {
		d.loaded = time.Time{}
	}
	if len(msg.gone) > 0 {
		d.news = count(len(msg.gone)) + " of them had been deleted already."
	}
	if d.left() == 0 {
		return d, nil, bulkEnded{deleted: 0, gone: len(d.items)}
	}
	if msg.err != nil && errors.Is(msg.err, api.ErrUnauthorized) {
		return d, nil, askForKey{err: msg.err}
	}
	return d, nil, nil
}

// deletedElsewhere drops what somebody else deleted while this one asks.
func (d bulkDialog) deletedElsewhere(msg deletedElsewhereMsg) dialog {
	var gone int
	var last string
	for i := range d.items {
		item := &d.items[i]
		by, is := msg.by(item.account.ID)
		if !is || item.state != bulkWaits && item.state != bulkFailed {
			continue
		}
		item.state, item.reason = bulkWasGone, ""
		gone++
		last = item.account.Name + " was deleted by " + by + " meanwhile."
	}
	switch {
	case gone == 1:
		d.news = last
	case gone > 1:
		d.news = count(gone) + " of them were deleted by others meanwhile."
	}
	return d
}

// counted reports whether what was typed is how many are left.
func (d bulkDialog) counted() bool {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(d.typed.Value()), ",", ""))
	return err == nil && n == d.left()
}

func (d bulkDialog) wantsCount() string {
	return fmt.Sprintf("Type how many they are: %d", d.left())
}
