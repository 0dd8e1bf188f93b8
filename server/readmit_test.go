package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

// ways are how a caller, who is a user, comes to be able to do less.
var ways = map[string]struct {
	end    func(f *fixture, user api.User, keyID, team, role string)
	status int
	code   api.Code
}{
	"suspended": {func(f *fixture, user api.User, _, _, _ string) {
		f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(user.ID), `{"status_action":"suspend"}`))
	}, http.StatusUnauthorized, api.CodeUnauthorized},
	"deleted": {func(f *fixture, user api.User, _, _, _ string) {
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, userPath(user.ID), ""))
	}, http.StatusUnauthorized, api.CodeUnauthorized},
	"their key was deleted": {func(f *fixture, _ api.User, keyID, _, _ string) {
		f.must(http.StatusNoContent, f.do("other key", http.MethodDelete, api.PathMyAPIKeys+"/"+keyID, ""))
	}, http.StatusUnauthorized, api.CodeUnauthorized},
	"removed from the team": {func(f *fixture, user api.User, _, team, _ string) {
		f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(team, "remove"), idsBody(user.ID)))
	}, http.StatusForbidden, api.CodeForbidden},
	"their role was narrowed": {func(f *fixture, _ api.User, _, _, role string) {
		f.must(http.StatusOK, f.do("admin", http.MethodPatch, api.PathRoles+"/"+role, `{"permissions":[{"action":"create-agent","scope":"all"}]}`))
	}, http.StatusForbidden, api.CodeForbidden},
	"their team has another role": {func(f *fixture, _ api.User, _, team, _ string) {
		developer := decode[api.Team](f.t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathTeams+"/"+f.developers, ""))).Role.ID
		f.must(http.StatusOK, f.do("admin", http.MethodPatch, api.PathTeams+"/"+team, fmt.Sprintf(`{"role_id":%q}`, developer)))
	}, http.StatusForbidden, api.CodeForbidden},
}

// A request is let in before its body has come and before its change has its
// turn. What was answered in between to somebody who took something from its
// caller holds: it changes nothing.
func TestAChangeAsksAgainWhoseItIs(t *testing.T) {
	for way, lost := range ways {
		t.Run(way, func(t *testing.T) {
			f := newFixture(t)
			for i, request := range []struct{ method, path, body string }{
				{http.MethodPost, api.PathServiceAccounts, createBody("back door", f.teamA)},
				{http.MethodDelete, accountPath(f.accountA.ID), ""},
				{http.MethodPost, api.PathUsers, userBody("door@example.com")},
				{http.MethodPost, api.PathTeams, `{"name":"door"}`},
				{http.MethodPost, api.PathRoles, `{"name":"door","permissions":[{"action":"provision-users-with-scim","scope":"all"}]}`},
				{http.MethodPost, userKeysPath(f.ids["nobody"]), ""},
				{http.MethodPut, api.PathOrganization, `{"roles":[],"teams":[],"users":[]}`},
			} {
				role := decode[api.Role](t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathRoles, fmt.Sprintf(
					`{"name":"role %d","permissions":[{"action":"manage-service-accounts","scope":"all"},{"action":"provision-users-with-scim","scope":"all"}]}`, i))))
				team := decode[api.Team](t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathTeams,
					fmt.Sprintf(`{"name":"team %d","role_id":%q}`, i, role.ID))))
				user := f.newUser(fmt.Sprintf("user%d@example.com", i), team.ID)
				key := f.keyFor("admin", user, "caller")
				f.keyFor("admin", user, "other key")
				f.worksAs("caller", true)
				f.worksAs("other key", true)

				before := decode[api.Organization](t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathOrganization, "")))
				f.faults.set(func(s *faultyStore) {
					s.authenticated = func() { lost.end(f, user, key.Key.ID, team.ID, role.ID) }
				})
				f.refused(lost.status, lost.code, f.do("caller", request.method, request.path, request.body))
				after := decode[api.Organization](t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathOrganization, "")))
				if len(after.Teams) != len(before.Teams) || len(after.Roles) != len(before.Roles) || len(after.Users) > len(before.Users) {
					t.Errorf("%s %s has changed something", request.method, request.path)
				}
			}
			if list := f.accounts("?query=door"); len(list.ServiceAccounts) > 0 {
				t.Errorf("somebody left %+v behind", list.ServiceAccounts)
			}
		})
	}
}

// Whoever sends a body decides how long it takes.
func TestASlowBodyKeepsNoKeyAlive(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, api.PathServiceAccounts, "", http.StatusUnauthorized},
		{http.MethodGet, api.PathServiceAccounts, " ", http.StatusUnauthorized},
		{http.MethodPost, api.PathIntrospect, "token=x", http.StatusUnauthorized},
	} {
		f := newFixture(t)
		user := f.newUser("eve@example.com", f.admins)
		f.keyFor("admin", user, "eve")
		f.worksAs("eve", true)
		if c.body == "" {
			c.body = createBody("back door", f.admins)
		}
		body := &slowBody{Reader: strings.NewReader(c.body), first: func() {
			f.must(http.StatusOK, f.do("admin", http.MethodPatch, userPath(user.ID), `{"status_action":"suspend"}`))
		}}
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, body)
		r.ContentLength = int64(len(c.body))
		r.Header.Set("Authorization", "Bearer "+f.keys["eve"])
		r.Header.Set("Content-Type", "application/json")
		if c.path == api.PathIntrospect {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		f.refused(c.status, api.CodeUnauthorized, w)
	}
}

// slowBody is a body before which something happens.
type slowBody struct {
	io.Reader
	first func()
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.first != nil {
		b.first()
		b.first = nil
	}
	return b.Reader.Read(p)
}
