package server

import (
	"errors"
	"net/http"

	"github.com/lifeguard-keys/lifeguard/api"
)

// ErrUncertain is what a [Store] returns when nobody can say whether a change
// was kept: the connection to the database broke off during the commit. It is
// the one failure of a store after which something may have been changed.
var ErrUncertain = errors.New("whether the change was kept is not known")

// uncertain is not answered with 503, which promises that nothing was changed.
func uncertain(cause error) *problemError {
	refusal := refuse(http.StatusInternalServerError, api.CodeInternal,
		"The connection to the server's database broke off at the last moment, so the change may have been made or not. "+
			"Look before you repeat it. A create can be repeated safely with the same Idempotency-Key.")
	refusal.cause = cause
	return refusal
}
