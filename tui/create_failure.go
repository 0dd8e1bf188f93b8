package tui

import (
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// createRetry is the pause before a create is repeated with the same
// idempotency key.
type createRetry struct {
	attempt int // of the next try
	at      time.Time
	lost    bool // the request may have been carried out
	why     string
}

// createWaits are the pauses between tries of a create whose answer was lost:
// short at first, because somebody sits and waits for a key.
var createWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// failed puts an error where it belongs, with nothing that was entered lost.
func (d createDialog) failed(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	d.sending, d.note = false, ""
	attempt := 2
	lost := err.Lost
	if d.retry != nil {
		attempt = d.retry.attempt + 1
		// Once an answer was lost, a later failure does not tell what became
		// of that first request.
		lost = lost || d.retry.lost
	}
	if err.Lost || errors.Is(err, api.ErrIdempotencyInFlight) || errors.Is(err, api.ErrRateLimited) || (lost && !lasting(err) && !settled(err)) {
		wait := createWaits[min(attempt-2, len(createWaits)-1)]
		if err.RetryAfter > 0 {
			wait = err.RetryAfter
		}
		d.retry = &createRetry{attempt: attempt, at: e.now.Add(wait), lost: lost || errors.Is(err, api.ErrIdempotencyInFlight), why: err.Detail}
		return d, after(wait, retryDueMsg{id: d.idempotencyKey}), nil
	}
	d.retry = nil
	return d.refused(err, e)
}

// settled reports whether the server has decided about this very create, so
// that asking again would give the same answer.
func settled(err *api.Error) bool { return err.Kind == api.KindRefused && err.Status < 500 }

func (d createDialog) refused(err *api.Error, e environment) (dialog, tea.Cmd, action) {
	switch {
	case errors.Is(err, api.ErrUnauthorized):
		d.problem = "The server refused your key. Sign in, then press enter again."
		return d, nil, askForKey{err: err}
	case errors.Is(err, api.ErrNameTaken):
		d.nameProblem = fmt.Sprintf("%s already has a service account of this name", d.team.Name)
	case errors.Is(err, api.ErrIdempotencyKeyUsed):
		d.problem = "The account exists and its key is in use already. Delete it if that was not you."
		d.idempotencyKey = ""
	case errors.Is(err, api.ErrExceedsCaller):
		d.teamProblem = err.Detail
	case errors.Is(err, api.ErrInvalid) && len(err.Fields) > 0:
		d.placeFields(err)
	default:
		d.problem = err.Error()
	}
	focus := d.focus
	switch {
	case d.nameProblem != "":
		focus = focusName
	case d.teamProblem != "":
		focus = focusTeam
	}
	return d.to(focus, e)
}

func (d *createDialog) placeFields(err *api.Error) {
	for _, field := range err.Fields {
		switch field.Location {
		case "body.name":
			d.nameProblem = field.Message
		case "body.team_id":
			d.teamProblem = field.Message
		default:
			d.problem = field.Message
		}
	}
}
