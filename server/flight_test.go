package server_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// replica is another server on the same database.
func (f *fixture) replica() *fixture {
	other := *f
	other.server = server.New(server.Options{Store: f.store, Clock: f.clock.Now, TouchInterval: time.Hour})
	other.handler = other.server.Handler()
	f.t.Cleanup(func() {
		if err := other.server.Close(context.Background()); err != nil {
			f.t.Error(err)
		}
	})
	return &other
}

// Another replica cannot see whether a create was answered. For a moment it
// takes it to be in flight; then the answer was lost, or the replica died.
func TestACreateIsInFlightAtOtherReplicas(t *testing.T) {
	const moment = 2 * time.Second
	one := newFixture(t)
	two := one.replica()
	id, body := newID(), createBody("ci", one.teamA)
	create := func(f *fixture) (api.ServiceAccount, string) {
		t.Helper()
		return f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
	}
	wait := func(f *fixture) {
		t.Helper()
		f.refused(http.StatusConflict, api.CodeIdempotencyInFlight, f.post("admin", body, api.HeaderIdempotencyKey, id))
	}

	account, first := create(one)
	wait(two)
	one.clock.advance(moment - time.Microsecond)
	wait(two)
	if !one.works(first) {
		t.Fatal("the key that was on its way was replaced")
	}
	one.clock.advance(time.Microsecond)
	again, second := create(two)
	if again.ID != account.ID || one.works(first) || !two.works(second) {
		t.Errorf("account %s, want %s; the first key works: %t, the second: %t", again.ID, account.ID, one.works(first), two.works(second))
	}
	// Now the other one has handed a key out, and knows that it has answered.
	wait(one)
	if _, third := create(two); two.works(second) || !two.works(third) {
		t.Error("the replica that answered cannot repeat at once")
	}
	// A clock that is behind does not make the wait longer than that.
	one.clock.advance(-moment)
	create(one)
}
