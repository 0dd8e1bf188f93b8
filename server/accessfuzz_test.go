package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
)

// FuzzAccessBody sends any bytes as the body of every operation on users,
// teams and roles. Whatever happens, the answer is whole, what is kept can be
// shown, and the administrator stays one.
func FuzzAccessBody(f *testing.F) {
	fix := newFixture(f)
	user, team := fix.newUser("fuzz@example.com"), fix.newTeam("fuzz", "")
	role := fix.newRole("fuzz", provisionOnly)
	operations := []documentedOperation{
		{"create-user", http.MethodPost, api.PathUsers}, {"update-user", http.MethodPatch, userPath(user.ID)},
		{"create-team", http.MethodPost, api.PathTeams}, {"update-team", http.MethodPatch, teamPath(team.ID)},
		{"create-role", http.MethodPost, api.PathRoles}, {"update-role", http.MethodPatch, rolePath(role.ID)},
		{"add-team-members", http.MethodPost, membersPath(fix.admins, "add")},
		{"remove-team-members", http.MethodPost, membersPath(fix.admins, "remove")},
		{"set-team-members", http.MethodPost, membersPath(fix.admins, "set")},
		{"apply-organization", http.MethodPut, api.PathOrganization + "?dry_run=true"},
	}
	fix.fuzzesEveryBody(operations)
	for i := range operations {
		for _, seed := range []string{
			userBody("bob@example.com", fix.teamA), `{"email":"a\u202e@b","name":"\ud800"}`, `{"status_action":"suspend"}`,
			roleBody("r", provisionOnly), `{"name":"x","role_id":"` + role.ID + `"}`, idsBody(user.ID), idsBody(), jsonOf(fix.organization()),
			`{"roles":[],"teams":[{"name":"A","role":"tenant-admin","members":["mary@example.com"]}],"users":[{"email":"mary@example.com","suspended":true}]}`, `{"user_ids":[null]}`,
			`{"permissions":[{"action":"use-agents","scope":"specific","resources":["\u0000"]}]}`, `{}`, `[]`, `null`, "\xff", strings.Repeat("[", 9999),
		} {
			f.Add(byte(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		fix := fix.within(t)
		operation := operations[int(which)%len(operations)]
		answer := fix.do("admin", operation.method, operation.path, string(body))
		switch {
		case answer.Code < http.StatusMultipleChoices:
			fix.shownAsKept(operation.method, operation.path, answer)
		case answer.Code >= http.StatusInternalServerError:
			t.Errorf("%d: %s", answer.Code, answer.Body)
		default:
			var problem api.Problem
			if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil || problem.Detail == "" {
				t.Errorf("%d without a problem: %s", answer.Code, answer.Body)
			}
		}
		if members := fix.memberIDs(fix.admins); !slices.Contains(members, fix.ids["admin"]) {
			t.Errorf("the administrators are %v", members)
		}
	})
}

// fuzzesEveryBody fails when an operation of the document takes a body that no
// target sends anything as: besides these the create and the introspection
// have targets of their own.
func (f *fixture) fuzzesEveryBody(operations []documentedOperation) {
	f.t.Helper()
	fuzzed := map[string]bool{"create-service-account": true, "introspect": true}
	for _, operation := range operations {
		fuzzed[operation.id] = true
	}
	for _, operation := range f.documented(func(_, _ string, o openAPIOperation) bool { return o.RequestBody != nil }) {
		if !fuzzed[operation.id] {
			f.t.Errorf("the body of %s is not fuzzed", operation.id)
		}
		delete(fuzzed, operation.id)
	}
	if len(fuzzed) > 0 {
		f.t.Errorf("the document has no bodies of %v", fuzzed)
	}
}

// shownAsKept checks that what was made or changed is harmless to show, and
// takes away what was made.
func (f *fixture) shownAsKept(method, path string, answer *httptest.ResponseRecorder) {
	f.t.Helper()
	if strings.Contains(path, "/members/") {
		return
	}
	shown := decode[struct {
		ID, Name, Email string
		Permissions     []api.Permission
	}](f.t, answer)
	texts := []string{shown.Name, shown.Email}
	for _, p := range shown.Permissions {
		texts = append(texts, p.Resources...)
	}
	for _, text := range texts {
		if diff := cmp.Diff(api.Clean(text), text); diff != "" {
			f.t.Errorf("%+q would be shown as something else: %s", text, diff)
		}
	}
	if method == http.MethodPost {
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, path+"/"+shown.ID, ""))
	}
}
