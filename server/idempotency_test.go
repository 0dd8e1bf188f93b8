package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// works reports whether a key is accepted, without being the first to use it.
func (f *fixture) works(key string) bool {
	f.t.Helper()
	_, err := f.store.IdentityByKey(f.t.Context(), api.HashKey(key))
	return err == nil
}

func (f *fixture) created(answer *httptest.ResponseRecorder) (account api.ServiceAccount, key string) {
	f.t.Helper()
	created := decode[api.CreatedServiceAccount](f.t, f.must(http.StatusCreated, answer))
	return created.ServiceAccount, created.APIKey.Reveal()
}

func TestARepeatedCreateGivesTheSameAccountAFreshKey(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("Pr\u00fcfung", f.teamA)
	account, lost := f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))

	f.clock.advance(api.IdempotencyWindow)
	// The same create, written differently: the rule is about what is asked.
	again := f.post("admin", `{ "team_id": "`+f.teamA+`", "name": "Pru\u0308fung" }`, api.HeaderIdempotencyKey, id)
	repeated, key := f.created(again)
	if again.Header().Get(api.HeaderIdempotentReplayed) != "true" {
		t.Errorf("headers %v", again.Header())
	}
	if repeated.ID != account.ID || repeated.Key.Hint != api.KeyHint(key) || !repeated.CreatedAt.Equal(account.CreatedAt) ||
		!repeated.Key.CreatedAt.Equal(f.clock.Now()) {
		t.Errorf("repeated %+v, first %+v", repeated, account)
	}
	if f.works(lost) || !f.works(key) {
		t.Errorf("the lost key works: %t, the fresh one: %t", f.works(lost), f.works(key))
	}
	events := f.events("service_account.create")
	last := events[len(events)-1]
	if last.ResourceID != account.ID || last.Metadata["replayed"] != "true" || last.Metadata["key_hint"] != repeated.Key.Hint {
		t.Errorf("event %+v", last)
	}
	if n := len(f.accounts("?query=fung").ServiceAccounts); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestARepeatedCreateIsRefused(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("ci", f.teamA)
	account, key := f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
	for _, other := range []string{createBody("ci 2", f.teamA), createBody("ci", f.teamB)} {
		f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch, f.post("admin", other, api.HeaderIdempotencyKey, id))
	}
	for _, bad := range []string{"1", "not-a-uuid", id + "0", f.keys["robot"]} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.post("admin", body, api.HeaderIdempotencyKey, bad))
		if problem.Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("errors %+v", problem.Errors)
		}
	}
	// Another caller's Idempotency-Key is another one.
	f.refused(http.StatusConflict, api.CodeNameTaken, f.post("robot", body, api.HeaderIdempotencyKey, id))
	// So is none, and one that is too old.
	f.refused(http.StatusConflict, api.CodeNameTaken, f.post("admin", body))
	f.clock.advance(api.IdempotencyWindow + time.Microsecond)
	f.refused(http.StatusConflict, api.CodeNameTaken, f.post("admin", body, api.HeaderIdempotencyKey, id))
	f.clock.advance(-time.Hour)
	if !f.works(key) {
		t.Fatal("a refused repetition ended the key")
	}

	f.must(http.StatusOK, f.do("key:"+key, http.MethodGet, api.PathMe, ""))
	problem := f.refused(http.StatusConflict, api.CodeIdempotencyKeyUsed, f.post("admin", body, api.HeaderIdempotencyKey, id))
	if problem.Existing == nil || problem.Existing.ID != account.ID || problem.Existing.Key.LastUsedAt == nil {
		t.Errorf("existing %+v", problem.Existing)
	}
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(account.ID), ""))
	f.refused(http.StatusConflict, api.CodeConflict, f.post("admin", body, api.HeaderIdempotencyKey, id))
	if n := len(f.accounts("?query=ci").ServiceAccounts); n != 0 {
		t.Errorf("%d accounts", n)
	}
	f.created(f.post("admin", body, api.HeaderIdempotencyKey, newID()))
}

// A repetition must not give back what the caller has lost the right to.
func TestARepeatedCreateNeedsThePermissionStill(t *testing.T) {
	f := newFixture(t)
	id := newID()
	account, key := f.created(f.post("manager of A", createBody("ci", f.teamA), api.HeaderIdempotencyKey, id))
	f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch,
		f.post("manager of A", createBody("ci 2", f.teamA), api.HeaderIdempotencyKey, id))
	f.refused(http.StatusForbidden, api.CodeForbidden,
		f.post("manager of A", createBody("ci", f.teamB), api.HeaderIdempotencyKey, id))
	if account.Team.ID != f.teamA || !f.works(key) {
		t.Error("a refused repetition changed the account")
	}
}

func TestARepetitionDuringTheCreateIsAskedToWait(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("ci", f.teamA)
	inside, proceed := make(chan struct{}), make(chan struct{})
	f.faults.set(func(s *faultyStore) {
		s.entered = sync.OnceFunc(func() { close(inside); <-proceed })
	})
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- f.post("admin", body, api.HeaderIdempotencyKey, id) }()
	<-inside
	f.refused(http.StatusConflict, api.CodeIdempotencyInFlight, f.post("admin", body, api.HeaderIdempotencyKey, id))
	close(proceed)
	_, key := f.created(<-first)
	if !f.works(key) {
		t.Error("the first one's key does not work")
	}
	if _, key = f.created(f.post("admin", body, api.HeaderIdempotencyKey, id)); !f.works(key) {
		t.Error("the repetition's key does not work")
	}
}

func TestManyAtOnceMakeOneAccountAndOneWorkingKey(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("ci", f.teamA)
	answers := make(chan *httptest.ResponseRecorder, 16)
	for range cap(answers) {
		go func() { answers <- f.post("admin", body, api.HeaderIdempotencyKey, id) }()
	}
	var keys []string
	for range cap(answers) {
		if answer := <-answers; answer.Code == http.StatusConflict {
			f.refused(http.StatusConflict, api.CodeIdempotencyInFlight, answer)
		} else {
			_, key := f.created(answer)
			keys = append(keys, key)
		}
	}
	working := slices.DeleteFunc(keys, func(key string) bool { return !f.works(key) })
	if len(working) != 1 {
		t.Errorf("%d of the handed out keys work, want exactly one", len(working))
	}
	if n := len(f.accounts("?query=ci").ServiceAccounts); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

// A create that was cut off in the middle does not stay in flight for ever.
func TestAnAbortedCreateCanBeRepeated(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("ci", f.teamA)
	for _, abort := range []any{http.ErrAbortHandler, "a fault"} {
		f.faults.set(func(s *faultyStore) { s.entered = func() { panic(abort) } })
		func() {
			defer func() { _ = recover() }()
			f.refused(http.StatusInternalServerError, api.CodeInternal, f.post("admin", body, api.HeaderIdempotencyKey, id))
		}()
		f.faults.heal()
	}
	f.created(f.post("admin", body, api.HeaderIdempotencyKey, id))
}

// A create whose answer failed is not remembered as being in flight.
func TestAFailedCreateCanBeRepeated(t *testing.T) {
	f := newFixture(t)
	id, body := newID(), createBody("ci", f.teamA)
	f.faults.set(func(s *faultyStore) { s.write = errDisk })
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.post("admin", body, api.HeaderIdempotencyKey, id))
	f.faults.heal()
	answer := f.post("admin", body, api.HeaderIdempotencyKey, id)
	if f.created(answer); answer.Header().Get(api.HeaderIdempotentReplayed) != "" {
		t.Error("nothing had been created, and yet it is called a repetition")
	}
}
