package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// A 503 promises that nothing was changed, and clients count on it.
func TestAnUncertainChangeIsNotCalledUnchanged(t *testing.T) {
	f := newFixture(t)
	f.faults.set(func(s *faultyStore) { s.write = fmt.Errorf("commit: %w", server.ErrUncertain) })
	id, body := newID(), createBody("ci", f.teamA)
	for _, answer := range []func() *api.Problem{
		func() *api.Problem {
			problem := f.refused(http.StatusInternalServerError, api.CodeInternal, f.post("admin", body, api.HeaderIdempotencyKey, id))
			return &problem
		},
		func() *api.Problem {
			problem := f.refused(http.StatusInternalServerError, api.CodeInternal, f.do("admin", http.MethodDelete, accountPath(f.accountA.ID), ""))
			return &problem
		},
	} {
		if problem := answer(); !strings.Contains(problem.Detail, "may have been made or not") {
			t.Errorf("%+v", problem)
		}
	}
	f.faults.heal()
	f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
}
