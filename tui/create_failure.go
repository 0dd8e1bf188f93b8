package tui

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// createRetry is the pause before a create is repeated with the same
// idempotency key.
type createRetry struct {
	attempt int // of the next try
	at      time.Time
	why     string
}

// createWaits are the pauses between tries of a create whose answer was lost:
// short at first, because somebody sits and waits for a key.
var createWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// maxLostWait bounds how long a create whose answer was lost is put off: the
// server knows its idempotency key for a day, and a person waits for a key.
const maxLostWait = time.Minute

// failed puts an error where it belongs, with nothing that was entered lost.
func (d createDialog) failed(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	d.sending, d.note = false, ""
	attempt := 2
	if d.retry != nil {
		attempt = d.retry.attempt + 1
	}
	// A refusal tells what became of a lost request only when it is about this
	// very create: a key that is refused now was accepted then.
	wasLost := d.lost
	d.lost = (d.lost || err.Lost || errors.Is(err, api.ErrIdempotencyInFlight)) && !decided(err)
	if (d.lost && !lasting(err)) || errors.Is(err, api.ErrRateLimited) {
		wait := createWaits[min(attempt-2, len(createWaits)-1)]
		if err.RetryAfter > 0 {
			wait = err.RetryAfter
		}
		if d.lost {
			wait = min(wait, maxLostWait)
		}
		d.retry = &createRetry{attempt: attempt, at: e.now.Add(wait), why: err.Detail}
		return d, after(wait, retryDueMsg{id: d.idempotencyKey, at: d.retry.at}), nil
	}
	d.retry = nil
	if wasLost && errors.Is(err, api.ErrNameTaken) && d.sender != callerID(e) {
		// Another identity asks: the server cannot know that it is the same create.
		d.problem = "There is an account of this name: it may be the one whose answer was lost. Nobody knows its key: delete it."
		return d, nil, nil
	}
	return d.refused(err, e)
}

// decided reports whether the server has judged this very create, so that it
// is known not to have been carried out, or to have been undone or used.
func decided(err *api.Error) bool {
	if err.Kind != api.KindRefused || errors.Is(err, api.ErrIdempotencyInFlight) {
		return false
	}
	return err.Status == 409 || err.Status == 422 || err.Status == 400
}

func (d createDialog) refused(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	switch {
	case errors.Is(err, api.ErrUnauthorized):
		d.problem = "The server refused your key. Sign in, then create again."
		return d, nil, askForKey{err: err}
	case d.lost:
		d.problem = "An answer was lost, and now: " + err.Error()
		return d, nil, nil
	case errors.Is(err, api.ErrNameTaken):
		d.nameProblem = d.team.Name + " has a service account of this name"
	case errors.Is(err, api.ErrIdempotencyKeyUsed):
		d.problem = "The account exists and its key is in use already. Delete it if that was not you."
		d.idempotencyKey = ""
	case err.Code == api.CodeConflict:
		d.problem = "It was made, and deleted by somebody since. Create makes it again."
		d.idempotencyKey = ""
	case errors.Is(err, api.ErrExceedsCaller):
		d.pickProblem = err.Detail
	case errors.Is(err, api.ErrInvalid) && len(err.Fields) > 0:
		d.place(err.Fields, "body.team_id")
	default:
		d.problem = err.Error()
	}
	return d.to(d.wrong(), e)
}
