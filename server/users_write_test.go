package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var userWriteAccess = map[string]accessRow{
	"create-user": {func(*fixture) (string, string, string) {
		return http.MethodPost, api.PathUsers, userBody(newID() + "@example.com")
	}, provisioning("201")},
	"update-user": {func(f *fixture) (string, string, string) {
		return http.MethodPatch, userPath(f.newUser(newID() + "@example.com").ID), `{"status_action":"suspend"}`
	}, provisioning("200")},
	"delete-user": {func(f *fixture) (string, string, string) {
		return http.MethodDelete, userPath(f.newUser(newID() + "@example.com").ID), ""
	}, provisioning("204")},
}

var userWriteDocumented = map[string]bool{"create-user": true, "update-user": true, "delete-user": true}

func userBody(email string, teams ...string) string {
	body := map[string]any{"email": email, "name": "Name of " + strings.TrimSuffix(email, "@example.com")}
	refs := []map[string]string{}
	for _, team := range teams {
		refs = append(refs, map[string]string{"id": team})
	}
	if len(refs) > 0 {
		body["teams"] = refs
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// newUser makes a user over HTTP.
func (f *fixture) newUser(email string, teams ...string) api.User {
	f.t.Helper()
	return decode[api.User](f.t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathUsers, userBody(email, teams...))))
}

// giveKey gives a user a developer key, under which they are a caller.
func (f *fixture) giveKey(user api.User, caller string) {
	f.t.Helper()
	key := mint(f.t)
	f.write(func(tx server.Tx) error {
		return tx.InsertDeveloperKey(f.t.Context(), user.ID, server.KeyRecord{ID: newID(), Hash: api.HashKey(key), Hint: api.KeyHint(key), CreatedAt: f.clock.Now()})
	})
	f.keys[caller], f.ids[caller] = key, user.ID
}

// oneEvent is the only event of an action.
func (f *fixture) oneEvent(action string) server.Event {
	f.t.Helper()
	events := f.events(action)
	if len(events) != 1 {
		f.t.Fatalf("%d events %s, want 1", len(events), action)
	}
	return events[0]
}

func TestAUserIsCreatedAndBecomesActive(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("Bob@example.com", f.teamA, strings.ToUpper(f.teamB), f.teamA)
	want := api.User{
		ID: bob.ID, Email: "Bob@example.com", Name: "Name of Bob", Status: api.UserCreated,
		Teams:     api.UserTeams{Teams: []api.Ref{{ID: f.teamA, Name: "A"}, {ID: f.teamB, Name: "B"}}},
		CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now(),
	}
	if diff := cmp.Diff(want, bob); diff != "" {
		t.Error(diff)
	}
	event := f.oneEvent(server.ActionUserCreate)
	if event.ResourceType != "user" || event.ResourceID != bob.ID || event.ResourceName != "Bob@example.com" ||
		event.Actor.Name != "Mary" || event.Metadata["team_ids"] != f.teamA+","+f.teamB {
		t.Errorf("%+v", event)
	}
	f.giveKey(bob, "bob")
	f.clock.advance(time.Minute)
	for range 2 {
		f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
	}
	want.Status, want.UpdatedAt = api.UserActive, f.clock.Now()
	if diff := cmp.Diff(want, read[api.User](f, userPath(bob.ID))); diff != "" {
		t.Error(diff)
	}
	if event := f.oneEvent(server.ActionUserActivate); event.Actor.ID != bob.ID || event.ResourceID != bob.ID {
		t.Errorf("%+v", event)
	}
}

func TestWhatCannotBeAUser(t *testing.T) {
	f := newFixture(t)
	for body, location := range map[string]string{
		`{}`:                                   "body.email",
		`{"email":""}`:                         "body.email",
		`{"email":"bob"}`:                      "body.email",
		`{"email":"b ob@example.com"}`:         "body.email",
		`{"email":"bob@example.com\u200b"}`:    "body.email",
		`{"email":"a@b@example.com"}`:          "body.email",
		`{"email":"` + mint(t) + `@x"}`:        "body.email",
		`{"email":"b@x","name":" b"}`:          "body.name",
		`{"email":"b@x","teams":[{"id":"A"}]}`: "body.teams[0].id",
		`{"email":"b@x","teams":[{"id":"` + f.teamA + `"},{"id":"` + newID() + `"}]}`:   "body.teams[1].id",
		`{"email":"b@x","teams":[` + strings.Repeat(`{"id":"A"},`, 50) + `{"id":"A"}]}`: "body.teams",
		`{"email":"` + strings.Repeat("b", 255-len("@example.com")) + `@example.com"}`:  "body.email",
		`{"email":"b@x","status":"active"}`:                                             "body.status",
		`{"email":"b@x","teams":[{"id":"` + f.teamA + `","name":"A"}]}`:                 "body.teams[0].name",
		`{"email":"b@x","teams":[{"id":"` + f.teamA + `","` + mint(t) + `":"A"}]}`:      "body.teams[0]",
		`{"email":"b@x","x.` + mint(t) + `":1}`:                                         "body.x",
		`{"email":"b@x","` + mint(t) + `.x":1}`:                                         "body",
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathUsers, body))
		if len(problem.Errors) != 1 || problem.Errors[0].Location != location {
			t.Errorf("%s: %+v, want %s", body, problem.Errors, location)
		}
	}
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPost, api.PathUsers, userBody("MARY@EXAMPLE.COM")))
	if events := f.events(server.ActionUserCreate); len(events) != 0 {
		t.Errorf("%+v", events)
	}
}

// Poolside's bodies have a $schema, so its clients may send one.
func TestASchemaLinkInABodySaysNothing(t *testing.T) {
	f := newFixture(t)
	answer := f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathUsers, `{"$schema":"https://api.example.com/schemas/User.json","email":"b@example.com"}`))
	path := userPath(decode[api.User](t, answer).ID)
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, path, `{"$schema":"x","name":"Bob"}`))
	problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, path, `{"$Schema":"x","name":"Eve"}`))
	if len(problem.Errors) != 1 || problem.Errors[0].Location != "body" {
		t.Errorf("%+v", problem)
	}
}

func TestNobodyAddsToATeamThatExceedsThem(t *testing.T) {
	f := newFixture(t)
	problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller,
		f.do("scim", http.MethodPost, api.PathUsers, userBody("bob@example.com", f.teamA, f.teamB)))
	want := []api.Permission{{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1"}}}
	if diff := cmp.Diff(want, problem.Missing); diff != "" || !strings.Contains(problem.Detail, "use-agents") {
		t.Errorf("%s: %s", problem.Detail, diff)
	}
	if users := read[api.UserList](f, api.PathUsers+"?email=bob@example.com"); len(users.Users) != 0 {
		t.Errorf("%+v", users)
	}
	f.must(http.StatusCreated, f.do("scim", http.MethodPost, api.PathUsers, userBody("bob@example.com", f.teamA)))
}

func (f *fixture) patchUser(id, body string) api.User {
	f.t.Helper()
	return decode[api.User](f.t, f.must(http.StatusOK, f.do("scim", http.MethodPatch, userPath(id), body)))
}

func TestAUserIsChanged(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com", f.teamA)
	f.clock.advance(time.Minute)
	want := bob
	want.Email, want.Name, want.UpdatedAt = "BOB@example.com", "", f.clock.Now()
	if diff := cmp.Diff(want, f.patchUser(bob.ID, `{"email":"BOB@example.com","name":""}`)); diff != "" {
		t.Error(diff)
	}
	event := f.oneEvent(server.ActionUserUpdate)
	if event.ResourceName != "BOB@example.com" || event.Metadata["previous_email"] != "bob@example.com" || event.Metadata["previous_name"] != "Name of bob" {
		t.Errorf("%+v", event)
	}
	f.clock.advance(time.Minute)
	for _, body := range []string{`{}`, `{"email":"BOB@example.com"}`, `{"status_action":"unsuspend"}`} {
		if diff := cmp.Diff(want, f.patchUser(bob.ID, body)); diff != "" {
			t.Errorf("%s changed something: %s", body, diff)
		}
	}
	f.oneEvent(server.ActionUserUpdate)
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPatch, userPath(bob.ID), `{"email":"mary@EXAMPLE.com"}`))
	for body, location := range map[string]string{
		`{"email":""}`: "body.email", `{"name":"\u0000"}`: "body.name", `{"status_action":"delete"}`: "body.status_action",
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, userPath(bob.ID), body))
		if problem.Errors[0].Location != location {
			t.Errorf("%s: %+v", body, problem.Errors)
		}
	}
	for _, id := range []string{"bob", newID()} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodPatch, userPath(id), `{"name":"x"}`))
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, userPath(id), ""))
	}
}

// What a user has made for automation outlives the user; what speaks for the
// user does not.
func TestSuspendingAndDeletingAUserEndsTheirKeysOnly(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com", f.admins)
	f.giveKey(bob, "bob")
	account := f.create("bob", "made by bob", f.teamA, "made by bob")
	works := func() {
		t.Helper()
		f.must(http.StatusOK, f.do("made by bob", http.MethodGet, api.PathMe, ""))
		got := read[api.ServiceAccount](f, accountPath(account.ID))
		if got.CreatedBy != (api.Actor{Type: api.IdentityUser, ID: bob.ID, Name: "Name of bob"}) {
			t.Errorf("made by %+v", got.CreatedBy)
		}
	}
	if user := f.patchUser(bob.ID, `{"status_action":"suspend"}`); user.Status != api.UserSuspended {
		t.Errorf("%+v", user)
	}
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("bob", http.MethodGet, api.PathMe, ""))
	works()
	if user := f.patchUser(bob.ID, `{"status_action":"unsuspend"}`); user.Status != api.UserActive {
		t.Errorf("%+v", user)
	}
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
	f.must(http.StatusNoContent, f.do("scim", http.MethodDelete, userPath(bob.ID), ""))
	f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do("bob", http.MethodGet, api.PathMe, ""))
	works()
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, userPath(bob.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, userPath(bob.ID), ""))
	deleted := read[api.UserList](f, api.PathUsers+"?status=deleted").Users
	if len(deleted) != 1 || deleted[0].ID != bob.ID || deleted[0].DeletedAt == nil || len(deleted[0].Teams.Teams) != 0 {
		t.Errorf("%+v", deleted)
	}
	for _, action := range []string{server.ActionUserSuspend, server.ActionUserUnsuspend, server.ActionUserDelete} {
		if event := f.oneEvent(action); event.ResourceID != bob.ID || event.Actor.ID != f.ids["scim"] {
			t.Errorf("%+v", event)
		}
	}
	f.newUser("bob@example.com") // the email is free again
}

func TestTheLastActiveAdministratorStays(t *testing.T) {
	f := newFixture(t)
	last := func(method, body string) {
		t.Helper()
		for _, caller := range []string{"admin", "robot", "scim"} {
			problem := f.refused(http.StatusConflict, api.CodeConflict, f.do(caller, method, userPath(f.ids["admin"]), body))
			if !strings.Contains(problem.Detail, "tenant-admin") {
				t.Errorf("the refusal does not say why: %s", problem.Detail)
			}
		}
	}
	suspend := `{"status_action":"suspend"}`
	last(http.MethodPatch, suspend)
	last(http.MethodDelete, "")
	bob := f.newUser("bob@example.com", f.admins)
	last(http.MethodDelete, "") // bob has never been here
	f.giveKey(bob, "bob")
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
	f.patchUser(f.ids["admin"], suspend)
	f.refused(http.StatusConflict, api.CodeConflict, f.do("robot", http.MethodDelete, userPath(bob.ID), ""))
	f.must(http.StatusNoContent, f.do("bob", http.MethodDelete, userPath(f.ids["admin"]), ""))
	if len(f.events(server.ActionUserSuspend)) != 1 || len(f.events(server.ActionUserDelete)) != 1 {
		t.Error("a refused change left an event")
	}
}

func TestTwoAdministratorsCannotBothBeSuspendedAtOnce(t *testing.T) {
	f := newFixture(t)
	for range 10 {
		bob := f.newUser(newID()+"@example.com", f.admins)
		f.giveKey(bob, "bob")
		f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
		admins := read[api.UserList](f, api.PathUsers+"?status=active&team="+f.admins).Users
		if len(admins) != 2 {
			t.Fatalf("%d administrators", len(admins))
		}
		var work sync.WaitGroup
		statuses := make([]int, 2)
		for i, admin := range admins {
			work.Go(func() {
				statuses[i] = f.do("robot", http.MethodPatch, userPath(admin.ID), `{"status_action":"suspend"}`).Code
			})
		}
		work.Wait()
		if slices.Sort(statuses); !slices.Equal(statuses, []int{http.StatusOK, http.StatusConflict}) {
			t.Fatalf("%v", statuses)
		}
		for _, admin := range admins { // whoever is left signs in as the administrator
			if user := decode[api.User](t, f.must(http.StatusOK, f.do("robot", http.MethodGet, userPath(admin.ID), ""))); user.Status == api.UserActive {
				if user.ID != f.ids["admin"] {
					f.keys["admin"], f.ids["admin"] = f.keys["bob"], user.ID
				}
			}
		}
	}
}

func TestNoUserIsChangedWithoutItsEvent(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com", f.teamA)
	f.faults.set(func(s *faultyStore) { s.write = errDisk })
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("admin", http.MethodPost, api.PathUsers, userBody("eve@example.com")))
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("admin", http.MethodPatch, userPath(bob.ID), `{"status_action":"suspend","name":"x"}`))
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("admin", http.MethodDelete, userPath(bob.ID), ""))
	f.faults.heal()
	if got := read[api.User](f, userPath(bob.ID)); !cmp.Equal(bob, got) {
		t.Error(cmp.Diff(bob, got))
	}
	if users := read[api.UserList](f, api.PathUsers+"?email=eve@example.com"); len(users.Users) != 0 {
		t.Errorf("%+v", users)
	}
}
