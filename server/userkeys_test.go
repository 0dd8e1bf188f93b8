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

var userKeyAccess = map[string]accessRow{
	"create-user-api-key": {func(f *fixture) (string, string, string) {
		return http.MethodPost, userKeysPath(f.newUser(newID() + "@example.com").ID), ""
	}, provisioning("201")},
}

func userKeysPath(userID string) string {
	return strings.Replace(api.PathUserAPIKeys, "{user_id}", userID, 1)
}

// keyFor makes a key for a user over HTTP, under which they are a caller.
func (f *fixture) keyFor(by string, user api.User, caller string, headers ...string) api.CreatedDeveloperKey {
	f.t.Helper()
	answer := f.must(http.StatusCreated, f.do(by, http.MethodPost, userKeysPath(user.ID), "", headers...))
	created := decode[api.CreatedDeveloperKey](f.t, answer)
	created.Replayed = answer.Header().Get(api.HeaderIdempotentReplayed) == "true"
	f.keys[caller], f.ids[caller] = created.APIKey.Reveal(), user.ID
	return created
}

func TestAUserIsGivenTheirFirstKey(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com", f.teamB)
	created := f.keyFor("admin", bob, "bob")
	if err := api.CheckKey(created.APIKey.Reveal()); err != nil || created.Key.Hint != api.KeyHint(f.keys["bob"]) || created.Replayed {
		t.Errorf("%+v, %v", created.Key, err)
	}
	if me := decode[api.Caller](t, f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))); me.ID != bob.ID {
		t.Errorf("the key is of %+v", me)
	}
	event := f.oneEvent(server.ActionAPIKeyCreate)
	want := map[string]string{"user_id": bob.ID, "user_email": bob.Email}
	if !cmp.Equal(want, event.Metadata) || event.Actor.ID != f.ids["admin"] || event.ResourceID != created.Key.ID || event.ResourceName != created.Key.Hint {
		t.Errorf("%+v", event)
	}
	// The user has it like one of their own: sees it, makes another, and deletes it.
	f.newKey("bob", "bob's own")
	f.must(http.StatusNoContent, f.do("bob's own", http.MethodDelete, myKeyPath(created.Key.ID), ""))
	f.worksAs("bob", false)
	f.worksAs("bob's own", true)

	for _, id := range []string{newID(), "nobody", f.accountA.ID} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodPost, userKeysPath(id), ""))
	}
}

func TestNobodyMakesAKeyThatCanDoMore(t *testing.T) {
	f := newFixture(t)
	for user, missing := range map[string]string{
		"admin": "Audit log: View", "manager": "Service accounts: Manage", "viewer of A": "Service accounts: View",
	} {
		problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", http.MethodPost, userKeysPath(f.ids[user]), ""))
		if !strings.HasPrefix(problem.Detail, "This user can do more than you") || !strings.Contains(problem.Detail, missing) {
			t.Errorf("%s: %s", user, problem.Detail)
		}
	}
	// What counts is all teams, however many there are, and what they grant now.
	many := f.newUser("many@example.com")
	for range 25 {
		f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.newTeam("a "+newID(), "").ID, "add"), idsBody(many.ID)))
	}
	f.keyFor("scim", many, "many")
	f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.newTeam("zz", f.newRole("auditor", `[{"action":"view-audit-log","scope":"all"}]`).ID).ID, "add"), idsBody(many.ID)))
	f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", http.MethodPost, userKeysPath(many.ID), ""))
	f.keyFor("robot", many, "many")

	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPost, userKeysPath(f.ids["suspended"]), ""))
	gone := f.newUser("gone@example.com")
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, userPath(gone.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodPost, userKeysPath(gone.ID), ""))
	for range api.MaxDeveloperKeys - 2 {
		f.keyFor("admin", many, "many")
	}
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPost, userKeysPath(many.ID), ""))
}

func TestAKeyForAUserIsMadeExactlyOnce(t *testing.T) {
	f := newFixture(t)
	bob, carol := f.newUser("bob@example.com"), f.newUser("carol@example.com")
	idempotencyKey := newID()
	first := f.keyFor("admin", bob, "first", api.HeaderIdempotencyKey, idempotencyKey)
	again := f.keyFor("admin", bob, "again", api.HeaderIdempotencyKey, strings.ToUpper(idempotencyKey))
	if !again.Replayed || again.Key.ID != first.Key.ID {
		t.Errorf("%+v and then %+v", first, again)
	}
	f.worksAs("first", false)
	f.worksAs("again", true)
	// Once it is used it is not replaced, and it is nobody else's.
	f.refused(http.StatusConflict, api.CodeIdempotencyKeyUsed, f.do("admin", http.MethodPost, userKeysPath(bob.ID), "", api.HeaderIdempotencyKey, idempotencyKey))
	f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch,
		f.do("admin", http.MethodPost, userKeysPath(carol.ID), "", api.HeaderIdempotencyKey, idempotencyKey))
	f.refused(http.StatusUnprocessableEntity, api.CodeIdempotencyMismatch,
		f.do("admin", http.MethodPost, api.PathMyAPIKeys, "", api.HeaderIdempotencyKey, idempotencyKey))
	f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, userKeysPath(bob.ID), "", api.HeaderIdempotencyKey, "1"))
	f.keyFor("robot", bob, "robot's", api.HeaderIdempotencyKey, idempotencyKey)

	// What the user may do is looked at again when a create is repeated.
	other := newID()
	f.keyFor("scim", carol, "carol", api.HeaderIdempotencyKey, other)
	f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.admins, "add"), idsBody(carol.ID)))
	f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", http.MethodPost, userKeysPath(carol.ID), "", api.HeaderIdempotencyKey, other))
}

// A key that ended while its request was under way leaves no other behind.
func TestAKeyThatEndsMakesNoOther(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com")
	f.newKey("scim", "scim's other")
	gone := f.create("admin", "robot "+newID(), f.admins, "ending robot")
	for caller, end := range map[string]func(){
		"scim": func() {
			f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(f.ids["scim"]), `{"status_action":"suspend"}`))
		},
		"ending robot": func() { f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(gone.ID), "")) },
	} {
		f.clock.advance(time.Minute)
		f.faults.set(func(s *faultyStore) { s.authenticated = end })
		f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do(caller, http.MethodPost, userKeysPath(bob.ID), ""))
	}
}
