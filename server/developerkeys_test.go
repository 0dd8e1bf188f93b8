package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var developerKeyAccess = map[string]accessRow{
	"list-my-api-keys": {get(api.PathMyAPIKeys), "401 401 401 401 401 401 401 401 200 200 200 200 200 200 200 200"},
	"create-my-api-key": {func(*fixture) (string, string, string) {
		return http.MethodPost, api.PathMyAPIKeys, ""
	}, "401 401 401 401 401 401 401 401 201 201 201 201 201 201 201 409"},
	"delete-my-api-key": {func(f *fixture) (string, string, string) {
		return http.MethodDelete, myKeyPath(f.newKey("admin", "").Key.ID), ""
	}, "401 401 401 401 401 401 401 401 404 404 404 404 404 404 204 404"},
}

func myKeyPath(id string) string { return api.PathMyAPIKeys + "/" + id }

// newKey makes a developer key over HTTP and keeps its text under another
// caller's name, if there is one.
func (f *fixture) newKey(by, caller string, headers ...string) api.CreatedDeveloperKey {
	f.t.Helper()
	answer := f.must(http.StatusCreated, f.do(by, http.MethodPost, api.PathMyAPIKeys, "", headers...))
	created := decode[api.CreatedDeveloperKey](f.t, answer)
	created.Replayed = answer.Header().Get(api.HeaderIdempotentReplayed) == "true"
	if caller != "" {
		f.keys[caller], f.ids[caller] = created.APIKey.Reveal(), f.ids[by]
	}
	return created
}

func (f *fixture) worksAs(caller string, works bool) {
	f.t.Helper()
	if answer := f.do(caller, http.MethodGet, api.PathMe, ""); works != (answer.Code == http.StatusOK) {
		f.t.Errorf("%s: status %d", caller, answer.Code)
	}
}

func TestAUserMakesAndDeletesKeys(t *testing.T) {
	f := newFixture(t)
	created := f.newKey("nobody", "laptop")
	if err := api.CheckKey(created.APIKey.Reveal()); err != nil || created.Key.Hint != api.KeyHint(f.keys["laptop"]) || created.Replayed {
		t.Errorf("%+v, %v", created.Key, err)
	}
	list := func(by, query string) api.DeveloperKeyList {
		t.Helper()
		answer := f.must(http.StatusOK, f.do(by, http.MethodGet, api.PathMyAPIKeys+query, ""))
		if strings.Contains(answer.Body.String(), f.keys["laptop"]) {
			t.Error("the list holds a key")
		}
		return decode[api.DeveloperKeyList](t, answer)
	}
	f.clock.advance(time.Minute)
	f.worksAs("laptop", true)
	both := list("laptop", "?include_totals=true")
	if len(both.APIKeys) != 2 || *both.Total != 2 || both.APIKeys[1].ID != created.Key.ID || !both.APIKeys[1].LastUsedAt.Equal(f.clock.Now()) || both.APIKeys[1].LastUsedIP != "192.0.2.7" {
		t.Errorf("%+v", both)
	}
	first := list("nobody", "?page_size=1")
	next := strings.TrimPrefix(first.Links.Next, api.PathMyAPIKeys)
	if second := list("nobody", next); len(second.APIKeys) != 1 || second.APIKeys[0].ID != created.Key.ID || second.Links.Next != "" {
		t.Errorf("%+v", second)
	}
	f.refused(http.StatusConflict, api.CodeConflict, f.do("laptop", http.MethodDelete, myKeyPath(created.Key.ID), ""))
	f.must(http.StatusNoContent, f.do("nobody", http.MethodDelete, myKeyPath(strings.ToUpper(created.Key.ID)), ""))
	f.worksAs("laptop", false)
	f.worksAs("nobody", true)
	for _, id := range []string{created.Key.ID, newID(), "laptop", list("admin", "").APIKeys[0].ID} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("nobody", http.MethodDelete, myKeyPath(id), ""))
	}
	for _, action := range []string{server.ActionAPIKeyCreate, server.ActionAPIKeyDelete} {
		if event := f.oneEvent(action); event.ResourceType != "api_key" || event.ResourceID != created.Key.ID ||
			event.ResourceName != created.Key.Hint || event.Actor.ID != f.ids["nobody"] || event.Metadata["user_email"] != "nobody@example.com" {
			t.Errorf("%+v", event)
		}
	}
	if keys := list("robot", ""); keys.APIKeys == nil || len(keys.APIKeys) != 0 {
		t.Errorf("a service account has %+v", keys)
	}
}

func TestACreateOfAKeyIsRepeated(t *testing.T) {
	f := newFixture(t)
	id := newID()
	first := f.newKey("nobody", "first", api.HeaderIdempotencyKey, id)
	again := f.newKey("nobody", "again", api.HeaderIdempotencyKey, strings.ToUpper(id))
	if again.Key.ID != first.Key.ID || !again.Replayed || first.Replayed || f.keys["again"] == f.keys["first"] {
		t.Errorf("%+v, then %+v", first, again)
	}
	f.worksAs("first", false)
	f.worksAs("again", true)
	repeat := func(key string) api.Problem {
		t.Helper()
		return f.refused(http.StatusConflict, api.CodeIdempotencyKeyUsed, f.do("nobody", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, key))
	}
	repeat(id)
	if other := f.newKey("viewer", "other", api.HeaderIdempotencyKey, id); other.Key.ID == first.Key.ID {
		t.Error("another user's create was repeated")
	}
	f.must(http.StatusNoContent, f.do("nobody", http.MethodDelete, myKeyPath(first.Key.ID), ""))
	f.refused(http.StatusConflict, api.CodeConflict, f.do("nobody", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, id))
	f.clock.advance(api.IdempotencyWindow + time.Second)
	if late := f.newKey("nobody", "late", api.HeaderIdempotencyKey, id); late.Replayed || late.Key.ID == first.Key.ID {
		t.Errorf("%+v", late)
	}
	f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("nobody", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, "x"))

	id = newID()
	f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathServiceAccounts, createBody("ci", f.teamA), api.HeaderIdempotencyKey, id))
	f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch, f.do("admin", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, id))
}

func TestACreateOfAKeyIsInFlightAtOtherReplicas(t *testing.T) {
	one := newFixture(t)
	two := one.replica()
	id := newID()
	first := one.newKey("nobody", "first", api.HeaderIdempotencyKey, id)
	two.refused(http.StatusConflict, api.CodeIdempotencyInFlight, two.do("nobody", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, id))
	one.clock.advance(2 * time.Second)
	if again := two.newKey("nobody", "again", api.HeaderIdempotencyKey, id); again.Key.ID != first.Key.ID || !again.Replayed {
		t.Errorf("%+v", again)
	}
	one.worksAs("first", false)
	one.refused(http.StatusConflict, api.CodeIdempotencyInFlight, one.do("nobody", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, id))
	one.worksAs("again", true)
}

// A key that ends while its request is being carried out leaves none behind.
func TestAKeyThatHasEndedMakesNoOther(t *testing.T) {
	f := newFixture(t)
	spare := f.newKey("nobody", "spare")
	f.worksAs("spare", true)
	for _, end := range []func(){
		func() { f.patchUser(f.ids["nobody"], `{"status_action":"suspend"}`) },
		func() { f.must(http.StatusNoContent, f.do("nobody", http.MethodDelete, myKeyPath(spare.Key.ID), "")) },
	} {
		ended := false
		f.faults.set(func(s *faultyStore) { s.authenticated = func() { end(); ended = true } })
		f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("spare", http.MethodPost, api.PathMyAPIKeys, ""))
		if !ended {
			t.Error("the key was refused before it ended")
		}
		f.patchUser(f.ids["nobody"], `{"status_action":"unsuspend"}`)
	}
	keys := decode[api.DeveloperKeyList](t, f.must(http.StatusOK, f.do("nobody", http.MethodGet, api.PathMyAPIKeys, "")))
	if len(keys.APIKeys) != 1 {
		t.Errorf("%+v", keys)
	}
}

func TestAUserHasOnlySoManyKeys(t *testing.T) {
	f := newFixture(t)
	for range api.MaxDeveloperKeys - 1 {
		f.newKey("nobody", "")
	}
	problem := f.refused(http.StatusConflict, api.CodeConflict, f.do("nobody", http.MethodPost, api.PathMyAPIKeys, ""))
	if !strings.Contains(problem.Detail, "50 keys") {
		t.Error(problem.Detail)
	}
	f.faults.set(func(s *faultyStore) { s.write = errDisk })
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("viewer", http.MethodPost, api.PathMyAPIKeys, ""))
	f.faults.heal()
	keys := decode[api.DeveloperKeyList](t, f.must(http.StatusOK, f.do("viewer", http.MethodGet, api.PathMyAPIKeys, "")))
	if diff := cmp.Diff(1, len(keys.APIKeys)); diff != "" {
		t.Error(diff)
	}
}
