package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// Messages are facts from outside: answers of the server and the passing of
// time. A load carries its generation, so that the answer to one that was
// superseded is dropped.

type callerLoadedMsg struct {
	turn   int // of this side load: answers of an earlier turn are dropped
	caller api.Caller
}

type teamsLoadedMsg struct {
	turn  int
	teams []api.Team
}

// sideLoadFailedMsg says that the caller or the teams could not be had.
type sideLoadFailedMsg struct {
	turn int
	what sideLoad
	err  *api.Error
}

// sideLoadDueMsg says that it is time to try that again.
type sideLoadDueMsg struct {
	turn int
	what sideLoad
}

// accountCheckedMsg is the fresh state of the account in a dialog.
type accountCheckedMsg struct {
	session int
	account api.ServiceAccount
	id      string
	err     *api.Error // nil when account is set
}

type accountCreatedMsg struct {
	idempotencyKey string
	created        api.CreatedServiceAccount
	sealTo         seal.Recipients // those whom the key in it is sealed to already
}

type createFailedMsg struct {
	idempotencyKey string
	err            *api.Error
}

type accountDeletedMsg struct {
	id      string
	already bool // it was gone before
}

type deleteFailedMsg struct {
	id  string
	err *api.Error
}

// retryDueMsg says that a dialog's waiting time is over.
type retryDueMsg struct {
	id string
	at time.Time // which of its waits
}

type keyOwnerFoundMsg struct {
	lookup  int                 // late answers to an earlier paste are dropped
	account *api.ServiceAccount // nil when nobody has the key
	err     *api.Error
}

type keyCopiedMsg struct {
	account string // id of the account whose key it is
	result  clipboard.Result
}

type keyWrittenMsg struct {
	account string // id of the account whose key it is
	path    string
	err     error
}

type signedInMsg struct {
	try    string // an answer counts only for the try that the dialog waits for
	client Client
	caller api.Caller
}

type signInFailedMsg struct {
	try string
	err error
}

// viewComputedMsg carries the rows to show, computed beside the screen. While it
// is not done, next computes the rest.
type viewComputedMsg struct {
	generation int
	rows       inventory.List // that the view's numbers are of
	answer     selection.Answer
	conditions conditions // that its rows within meet
	done       bool
	next       tea.Cmd
}

// cursorRestedMsg says that the cursor stayed where it was for a moment.
type cursorRestedMsg struct{ move int }

// tickMsg is the passing of time, for countdowns, the spinner and ages.
type tickMsg struct {
	id int
	at time.Time
}

func (viewComputedMsg) page() pageID  { return pageAccounts }
func (cursorRestedMsg) page() pageID  { return pageAccounts }
func (keyOwnerFoundMsg) page() pageID { return pageAccounts }
