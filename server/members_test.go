package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var memberAccess = map[string]accessRow{
	"add-team-members": {func(f *fixture) (string, string, string) {
		return http.MethodPost, membersPath(f.teamA, "add"), idsBody(f.newUser(newID() + "@example.com").ID)
	}, provisioning("200")},
	"remove-team-members": {func(f *fixture) (string, string, string) {
		return http.MethodPost, membersPath(f.teamB, "remove"), idsBody(f.newUser(newID()+"@example.com", f.teamB).ID)
	}, provisioning("200")},
	"set-team-members": {func(f *fixture) (string, string, string) {
		return http.MethodPost, membersPath(f.teamA, "set"), idsBody(f.newUser(newID() + "@example.com").ID)
	}, provisioning("200")},
}

var memberDocumented = map[string]bool{"add-team-members": true, "remove-team-members": true, "set-team-members": true}

func membersPath(team, what string) string { return teamPath(team) + "/members/" + what }

func idsBody(ids ...string) string {
	text, err := json.Marshal(map[string][]string{"user_ids": append([]string{}, ids...)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (f *fixture) memberIDs(team string) []string {
	f.t.Helper()
	ids := []string{}
	for _, member := range read[api.MemberList](f, teamPath(team)+"/members").Users {
		ids = append(ids, member.ID)
	}
	return ids
}

func TestMembersAreAddedRemovedAndSet(t *testing.T) {
	f := newFixture(t)
	a, b, c := f.newUser("a@example.com").ID, f.newUser("b@example.com").ID, f.newUser("c@example.com").ID
	for _, step := range []struct {
		what  string
		ids   []string
		want  string
		after []string
	}{
		{"add", []string{a, strings.ToUpper(b), a}, `{"added":2,"removed":0}`, []string{a, b}},
		{"add", []string{b, c}, `{"added":1,"removed":0}`, []string{a, b, c}},
		{"add", []string{}, `{"added":0,"removed":0}`, []string{a, b, c}},
		{"remove", []string{a, newID()}, `{"added":0,"removed":1}`, []string{b, c}},
		{"remove", []string{a, f.accountA.ID}, `{"added":0,"removed":0}`, []string{b, c}},
		{"set", []string{c, a}, `{"added":1,"removed":1}`, []string{a, c}},
		{"set", []string{a, c}, `{"added":0,"removed":0}`, []string{a, c}},
		{"set", nil, `{"added":0,"removed":2}`, []string{}},
	} {
		got := strings.TrimSpace(f.must(http.StatusOK, f.do("scim", http.MethodPost, membersPath(f.teamA, step.what), idsBody(step.ids...))).Body.String())
		if members := f.memberIDs(f.teamA); got != step.want || !cmp.Equal(members, step.after) {
			t.Errorf("%s %v: %s and then %v, want %s and %v", step.what, step.ids, got, members, step.want, step.after)
		}
	}
	adds, removes, sets := f.events(server.ActionTeamAddMember), f.events(server.ActionTeamRemoveMember), f.events(server.ActionTeamSetMembers)
	if len(adds) != 2 || len(removes) != 1 || len(sets) != 2 {
		t.Fatalf("%d, %d and %d events", len(adds), len(removes), len(sets))
	}
	want := map[string]string{"added_ids": a, "removed_ids": b}
	if !cmp.Equal(want, sets[0].Metadata) || sets[0].ResourceType != "team" || sets[0].ResourceID != f.teamA || sets[0].ResourceName != "A" {
		t.Errorf("%+v", sets[0])
	}
	f.must(http.StatusOK, f.do("account of A", http.MethodGet, api.PathMe, ""))
}

// A team has more users than fit into a body of the usual size, and set wants
// them all.
func TestManyMembersAreSetAtOnce(t *testing.T) {
	f := newFixture(t)
	ids := make([]string, 26000)
	for i := range ids {
		ids[i] = f.ids["nobody"]
	}
	ids[len(ids)-1] = f.ids["scim"]
	answer := f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(f.teamA, "set"), idsBody(ids...)))
	if got := strings.TrimSpace(answer.Body.String()); got != `{"added":2,"removed":0}` {
		t.Error(got)
	}
	for _, what := range []string{"add", "remove", "set"} {
		f.refused(http.StatusRequestEntityTooLarge, api.CodeTooLarge,
			f.do("admin", http.MethodPost, membersPath(f.teamA, what), idsBody(append(ids, ids...)...)))
	}
}

func TestWhatCannotBeAMember(t *testing.T) {
	f := newFixture(t)
	gone := f.newUser("gone@example.com")
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, userPath(gone.ID), ""))
	for _, what := range []string{"add", "set"} {
		for _, id := range []string{newID(), gone.ID, f.accountA.ID} {
			problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid,
				f.do("admin", http.MethodPost, membersPath(f.teamA, what), idsBody(f.ids["nobody"], id)))
			if problem.Errors[0].Location != "body.user_ids" {
				t.Errorf("%+v", problem)
			}
		}
	}
	for _, body := range []string{`{}`, `{"user_ids":null}`, idsBody("mary"), `{"user_ids":"x"}`} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, membersPath(f.teamA, "set"), body))
	}
	for _, team := range []string{"A", newID()} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodPost, membersPath(team, "add"), idsBody(f.ids["nobody"])))
	}
	if members := f.memberIDs(f.teamA); len(members) != 0 {
		t.Errorf("%v", members)
	}
}

func TestNobodyMakesThemselvesAnAdministrator(t *testing.T) {
	f := newFixture(t)
	for _, what := range []string{"add", "set"} {
		problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller,
			f.do("scim", http.MethodPost, membersPath(f.admins, what), idsBody(f.ids["scim"], f.ids["admin"])))
		if len(problem.Missing) != len(api.Actions)-1 {
			t.Errorf("%+v", problem.Missing)
		}
	}
	if members := f.memberIDs(f.admins); !cmp.Equal(members, []string{f.ids["admin"]}) {
		t.Errorf("%v", members)
	}
}

func TestTheLastActiveAdministratorStaysAMember(t *testing.T) {
	f := newFixture(t)
	bob := f.newUser("bob@example.com", f.admins)
	for _, caller := range []string{"admin", "scim", "robot"} {
		for what, ids := range map[string][]string{"remove": {f.ids["admin"]}, "set": {}} {
			f.refused(http.StatusConflict, api.CodeConflict, f.do(caller, http.MethodPost, membersPath(f.admins, what), idsBody(ids...)))
		}
	}
	f.giveKey(bob, "bob")
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathMe, ""))
	f.must(http.StatusOK, f.do("scim", http.MethodPost, membersPath(f.admins, "set"), idsBody(bob.ID)))
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("admin", http.MethodGet, api.PathUsers, ""))
	f.refused(http.StatusConflict, api.CodeConflict, f.do("bob", http.MethodPost, membersPath(f.admins, "remove"), idsBody(bob.ID)))
}
