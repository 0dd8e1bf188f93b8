package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

const provisionOnly = `[{"action":"provision-users-with-scim","scope":"all"}]`

var roleWriteAccess = map[string]accessRow{
	"create-role": {func(*fixture) (string, string, string) {
		return http.MethodPost, api.PathRoles, roleBody(newID(), provisionOnly)
	}, provisioning("201")},
	"update-role": {func(f *fixture) (string, string, string) {
		return http.MethodPatch, rolePath(f.newRole(newID(), provisionOnly).ID), `{"name":"` + newID() + `"}`
	}, provisioning("200")},
	"delete-role": {func(f *fixture) (string, string, string) {
		return http.MethodDelete, rolePath(f.newRole(newID(), provisionOnly).ID), ""
	}, provisioning("204")},
}

var teamWriteAccess = map[string]accessRow{
	"create-team": {func(*fixture) (string, string, string) {
		return http.MethodPost, api.PathTeams, `{"name":"` + newID() + `"}`
	}, provisioning("201")},
	"update-team": {func(f *fixture) (string, string, string) {
		return http.MethodPatch, teamPath(f.newTeam(newID(), "").ID), `{"name":"` + newID() + `"}`
	}, provisioning("200")},
	"delete-team": {func(f *fixture) (string, string, string) {
		return http.MethodDelete, teamPath(f.newTeam(newID(), "").ID), ""
	}, provisioning("204")},
}

func roleBody(name, permissions string) string {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return `{"name":` + string(quoted) + `,"permissions":` + permissions + `}`
}

// newRole makes a role over HTTP.
func (f *fixture) newRole(name, permissions string) api.Role {
	f.t.Helper()
	return decode[api.Role](f.t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathRoles, roleBody(name, permissions))))
}

// newTeam makes a team over HTTP.
func (f *fixture) newTeam(name, role string) api.Team {
	f.t.Helper()
	return decode[api.Team](f.t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathTeams, `{"name":"`+name+`","role_id":"`+role+`"}`)))
}

func TestARoleIsMadeChangedAndDeleted(t *testing.T) {
	f := newFixture(t)
	role := f.newRole("Prufer", `[{"action":"use-agents","scope":"specific","resources":["b","a","a"]},
		{"action":"create-agent","scope":"all"},{"action":"use-agents","scope":"specific","resources":["c"]}]`)
	want := api.Role{
		ID: role.ID, Name: "Prufer", CreatedBy: api.CreatedByUser, CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now(),
		Permissions: []api.Permission{
			{Action: api.CreateAgent, Scope: api.ScopeAll},
			{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"a", "b", "c"}},
		},
	}
	if diff := cmp.Diff(want, role); diff != "" {
		t.Error(diff)
	}
	bob := f.newUser("bob@example.com", f.newTeam("auditors", role.ID).ID)
	f.giveKey(bob, "bob")
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("bob", http.MethodGet, api.PathServiceAccounts, ""))
	f.clock.advance(time.Minute)
	want.UpdatedAt, want.Permissions = f.clock.Now(), []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}
	patch := `{"permissions":[{"action":"view-service-accounts","scope":"all"}]}`
	for range 2 { // the second changes nothing
		if diff := cmp.Diff(want, decode[api.Role](t, f.must(http.StatusOK, f.do("admin", http.MethodPatch, rolePath(role.ID), patch)))); diff != "" {
			t.Error(diff)
		}
		f.clock.advance(time.Minute)
	}
	if diff := cmp.Diff(want, read[api.Role](f, rolePath(role.ID))); diff != "" {
		t.Error(diff)
	}
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathServiceAccounts, ""))
	if event := f.oneEvent(server.ActionRoleUpdate); event.ResourceID != role.ID || event.ResourceType != "role" ||
		event.Metadata["permissions"] != `[{"action":"view-service-accounts","scope":"all"}]` || !strings.Contains(event.Metadata["previous_permissions"], "use-agents") {
		t.Errorf("%+v", event)
	}
	problem := f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodDelete, rolePath(role.ID), ""))
	if !strings.Contains(problem.Detail, "1 team.") {
		t.Errorf("the refusal does not say how many teams have it: %s", problem.Detail)
	}
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, teamPath(bob.Teams.Teams[0].ID), ""))
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, rolePath(role.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, rolePath(role.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, rolePath(role.ID), ""))
	if f.oneEvent(server.ActionRoleCreate).ResourceID != role.ID || f.oneEvent(server.ActionRoleDelete).ResourceName != "Prufer" {
		t.Error("the events are of another role")
	}
}

func TestSystemRolesAreImmutable(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{api.RoleTenantAdmin, api.RoleDeveloper} {
		path := rolePath(f.role(name).ID)
		for _, body := range []string{`{"name":"other"}`, `{"permissions":` + provisionOnly + `}`, `{}`} {
			f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPatch, path, body))
		}
		f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodDelete, path, ""))
		f.refused(http.StatusConflict, api.CodeNameTaken, f.do("admin", http.MethodPost, api.PathRoles, roleBody(name, provisionOnly)))
		other := f.newRole(newID(), provisionOnly)
		f.refused(http.StatusConflict, api.CodeNameTaken, f.do("admin", http.MethodPatch, rolePath(other.ID), `{"name":"`+name+`"}`))
	}
}

func TestWhatCannotBeARole(t *testing.T) {
	f := newFixture(t)
	role := f.newRole("role", provisionOnly)
	for permissions, location := range map[string]string{
		`[]`: "body.permissions", `[{"action":"use-agents"}]`: "body.permissions[0].scope",
		provisionOnly[:len(provisionOnly)-1] + `,{"action":"fly","scope":"all"}]`:                            "body.permissions[1].action",
		`[{"action":"use-agents","scope":"some"}]`:                                                           "body.permissions[0].scope",
		`[{"action":"create-agent","scope":"specific","resources":["a"]}]`:                                   "body.permissions[0].scope",
		`[{"action":"use-agents","scope":"specific"}]`:                                                       "body.permissions[0].resources",
		`[{"action":"use-agents","scope":"all","resources":["a"]}]`:                                          "body.permissions[0].resources",
		`[{"action":"use-agents","scope":"specific","resources":["a",""]}]`:                                  "body.permissions[0].resources[1]",
		`[{"action":"use-agents","scope":"specific","resources":["a\u202e"]}]`:                               "body.permissions[0].resources[0]",
		`[{"action":"use-agents","scope":"specific","resources":["` + mint(t) + `"]}]`:                       "body.permissions[0].resources[0]",
		`[{"action":"view-service-accounts","scope":"specific","resources":["A"]}]`:                          "body.permissions[0].resources[0]",
		`[{"action":"use-agents","scope":"specific","resources":[` + strings.Repeat(`"a",`, 1000) + `"a"]}]`: "body.permissions[0].resources",
	} {
		for _, answer := range []api.Problem{
			f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathRoles, roleBody("new", permissions))),
			f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, rolePath(role.ID), `{"permissions":`+permissions+`}`)),
		} {
			if len(answer.Errors) != 1 || answer.Errors[0].Location != location {
				t.Errorf("%.80s: %+v, want %s", permissions, answer.Errors, location)
			}
		}
	}
	f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathRoles, roleBody("new", "null")))
	for _, name := range []string{"", " a", "a\u200bb"} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathRoles, roleBody(name, provisionOnly)))
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, rolePath(role.ID), roleBody(name, provisionOnly)))
	}
	if got := read[api.Role](f, rolePath(role.ID)); !cmp.Equal(role, got) {
		t.Error(cmp.Diff(role, got))
	}
}

// Who may provision users shapes roles and teams only within what they can do.
func TestNobodyShapesWhatExceedsThem(t *testing.T) {
	f := newFixture(t)
	audit := `[{"action":"view-audit-log","scope":"all"}]`
	strong, weak := f.newRole("strong", audit), f.newRole("weak", provisionOnly)
	strongTeam, weakTeam := f.newTeam("strong", strong.ID), f.newTeam("weak", weak.ID)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, api.PathRoles, roleBody("new", audit)},
		{http.MethodPatch, rolePath(weak.ID), `{"permissions":` + audit + `}`},
		{http.MethodPatch, rolePath(strong.ID), `{"permissions":` + provisionOnly + `}`},
		{http.MethodPatch, rolePath(strong.ID), `{"name":"weaker"}`},
		{http.MethodDelete, rolePath(strong.ID), ""},
		{http.MethodPost, api.PathTeams, `{"name":"new","role_id":"` + strong.ID + `"}`},
		{http.MethodPatch, teamPath(weakTeam.ID), `{"role_id":"` + strong.ID + `"}`},
		{http.MethodPatch, teamPath(strongTeam.ID), `{"role_id":"` + weak.ID + `"}`},
		{http.MethodDelete, teamPath(strongTeam.ID), ""},
	} {
		problem := f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("scim", c.method, c.path, c.body))
		if diff := cmp.Diff([]api.Permission{{Action: api.ViewAuditLog, Scope: api.ScopeAll}}, problem.Missing); diff != "" {
			t.Errorf("%s %s: %s", c.method, c.path, diff)
		}
	}
	for id, want := range map[string]api.Role{strong.ID: strong, weak.ID: weak} {
		if got := read[api.Role](f, rolePath(id)); !cmp.Equal(want, got) {
			t.Error(cmp.Diff(want, got))
		}
	}
	for id, want := range map[string]api.Team{strongTeam.ID: strongTeam, weakTeam.ID: weakTeam} {
		if got := read[api.Team](f, teamPath(id)); !cmp.Equal(want, got) {
			t.Error(cmp.Diff(want, got))
		}
	}
}

func TestATeamIsMadeChangedAndDeleted(t *testing.T) {
	f := newFixture(t)
	role := f.newRole("helpers", `[{"action":"view-service-accounts","scope":"all"}]`)
	team := decode[api.Team](t, f.must(http.StatusCreated, f.do("admin", http.MethodPost, api.PathTeams, `{"name":"Help"}`)))
	if team.Name != "Help" || team.Role.Name != api.RoleDeveloper || len(team.Role.Permissions) != 0 || !team.CreatedAt.Equal(f.clock.Now()) {
		t.Errorf("%+v", team)
	}
	bob := f.newUser("bob@example.com", team.ID)
	f.giveKey(bob, "bob")
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("bob", http.MethodGet, api.PathServiceAccounts, ""))
	f.clock.advance(time.Minute)
	body := `{"name":"Helpdesk","role_id":"` + strings.ToUpper(role.ID) + `"}`
	var changed api.Team
	for range 2 { // the second changes nothing
		changed = decode[api.Team](t, f.must(http.StatusOK, f.do("admin", http.MethodPatch, teamPath(team.ID), body)))
		if got := read[api.Team](f, teamPath(team.ID)); !cmp.Equal(changed, got) || got.Name != "Helpdesk" || got.Role.ID != role.ID {
			t.Errorf("%+v", got)
		}
	}
	f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathServiceAccounts, ""))
	if event := f.oneEvent(server.ActionTeamUpdate); event.ResourceName != "Helpdesk" || event.Metadata["previous_name"] != "Help" ||
		event.Metadata["role_name"] != "helpers" || event.Metadata["previous_role_name"] != api.RoleDeveloper {
		t.Errorf("%+v", event)
	}
	f.create("admin", "one", team.ID, "one")
	two := f.create("admin", "two", team.ID, "two")
	problem := f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodDelete, teamPath(team.ID), ""))
	if !strings.Contains(problem.Detail, "2 service accounts") {
		t.Errorf("the refusal does not say how many: %s", problem.Detail)
	}
	for _, id := range []string{f.ids["one"], two.ID} {
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(id), ""))
	}
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, teamPath(team.ID), ""))
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("bob", http.MethodGet, api.PathServiceAccounts, ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, teamPath(team.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, teamPath(team.ID), ""))
	if event := f.oneEvent(server.ActionTeamDelete); event.Metadata["removed_ids"] != bob.ID {
		t.Errorf("%+v", event)
	}
	f.newTeam("Helpdesk", "") // the name is free again
}

func TestWhatCannotBeATeam(t *testing.T) {
	f := newFixture(t)
	for body, location := range map[string]string{
		`{"name":""}`: "body.name", `{"name":"a\nb"}`: "body.name", `{"name":"new","role_id":"x"}`: "body.role_id",
		`{"name":"new","role_id":"` + newID() + `"}`: "body.role_id", `{"name":"new","color":"red"}`: "body.color",
	} {
		for _, problem := range []api.Problem{
			f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPost, api.PathTeams, body)),
			f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, teamPath(f.teamA), body)),
		} {
			if problem.Errors[0].Location != location {
				t.Errorf("%s: %+v", body, problem.Errors)
			}
		}
	}
	f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodPatch, teamPath(f.teamA), `{"role_id":""}`))
	f.refused(http.StatusConflict, api.CodeNameTaken, f.do("admin", http.MethodPost, api.PathTeams, `{"name":"A"}`))
	f.refused(http.StatusConflict, api.CodeNameTaken, f.do("admin", http.MethodPatch, teamPath(f.teamA), `{"name":"B"}`))
	for _, id := range []string{"A", newID()} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodPatch, teamPath(id), `{"name":"x"}`))
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodDelete, teamPath(id), ""))
	}
}

func TestTheTeamOfTheLastAdministratorStays(t *testing.T) {
	f := newFixture(t)
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(f.ids["robot"]), ""))
	demote := `{"role_id":"` + f.role(api.RoleDeveloper).ID + `"}`
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPatch, teamPath(f.admins), demote))
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodDelete, teamPath(f.admins), ""))
	second := f.newTeam("more administrators", f.role(api.RoleTenantAdmin).ID)
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodPatch, teamPath(f.admins), demote))
	f.must(http.StatusOK, f.do("admin", http.MethodPost, membersPath(second.ID, "add"), idsBody(f.ids["admin"])))
	f.must(http.StatusOK, f.do("admin", http.MethodPatch, teamPath(f.admins), demote))
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, teamPath(f.admins), ""))
	f.refused(http.StatusConflict, api.CodeConflict, f.do("admin", http.MethodDelete, teamPath(second.ID), ""))
}
