package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// provisioning is what an operation on users, teams and roles answers: to who
// may provision users, administrators, and nobody else.
func provisioning(status string) string {
	return "401 401 401 401 401 401 401 401 403 " + status + " 403 403 403 403 " + status + " " + status
}

var accessControlAccess = map[string]accessRow{
	"list-users": {get(api.PathUsers), provisioning("200")},
	"get-user": {func(f *fixture) (string, string, string) {
		return http.MethodGet, userPath(f.ids["nobody"]), ""
	}, provisioning("200")},
	"list-user-teams": {func(f *fixture) (string, string, string) {
		return http.MethodGet, userPath(f.ids["nobody"]) + "/teams", ""
	}, provisioning("200")},
	"list-team-members": {func(f *fixture) (string, string, string) {
		return http.MethodGet, teamPath(f.admins) + "/members", ""
	}, provisioning("200")},
	"list-roles": {get(api.PathRoles), provisioning("200")},
	"get-role": {func(f *fixture) (string, string, string) {
		return http.MethodGet, rolePath(f.role(api.RoleDeveloper).ID), ""
	}, provisioning("200")},
}

var accessControlDocumented = map[string]bool{
	"list-users": true, "get-user": true, "list-user-teams": true, "list-team-members": true,
}

func userPath(id string) string { return api.PathUsers + "/" + id }
func teamPath(id string) string { return api.PathTeams + "/" + id }
func rolePath(id string) string { return api.PathRoles + "/" + id }

// read gets what the administrator sees at a path.
func read[T any](f *fixture, path string) T {
	f.t.Helper()
	return decode[T](f.t, f.must(http.StatusOK, f.do("admin", http.MethodGet, path, "")))
}

// role finds a role by its name.
func (f *fixture) role(name string) api.Role {
	f.t.Helper()
	for _, role := range read[api.RoleList](f, api.PathRoles+"?page_size=300").Roles {
		if role.Name == name {
			return role
		}
	}
	f.t.Fatalf("there is no role %q", name)
	return api.Role{}
}

func userEmails(list api.UserList) []string {
	emails := []string{}
	for _, user := range list.Users {
		emails = append(emails, strings.TrimSuffix(user.Email, "@example.com"))
	}
	return emails
}

func TestAUserIsAsTheContractHasIt(t *testing.T) {
	f := newFixture(t)
	at := f.clock.Now().Format(time.RFC3339)
	want := `{"id":"` + f.ids["admin"] + `","email":"mary@example.com","name":"Mary","status":"active",` +
		`"teams":{"teams":[{"id":"` + f.admins + `","name":"administrators"}],"links":{}},"created_at":"` + at + `","updated_at":"` + at + `"}`
	for _, id := range []string{f.ids["admin"], strings.ToUpper(f.ids["admin"])} {
		got := strings.TrimSpace(f.must(http.StatusOK, f.do("scim", http.MethodGet, userPath(id), "")).Body.String())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, id := range []string{"mary", newID(), f.accountA.ID} {
		for _, path := range []string{userPath(id), userPath(id) + "/teams"} {
			f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, path, ""))
		}
	}
}

func TestUsersAreFilteredAndPaged(t *testing.T) {
	f := newFixture(t)
	all := []string{"manager.of.A", "manager", "mary", "nobody", "scim", "suspended", "viewer.of.A", "viewer"} // "." is before "@"
	for query, want := range map[string][]string{
		"":                        all,
		"?email=MARY@example.com": {"mary"},
		"?email=mary":             {},
		"?status=suspended":       {"suspended"},
		"?status=created,active":  append(append([]string{}, all[:5]...), all[6:]...),
		"?status=deleted":         {},
		"?team=" + f.admins:       {"mary"},
		"?team=" + strings.ToUpper(f.admins) + "&status=suspended": {},
	} {
		if got := userEmails(read[api.UserList](f, api.PathUsers+query)); !cmp.Equal(want, got) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	var got []string
	next := api.PathUsers + "?page_size=3&include_totals=true&status=active,suspended"
	for pages := 1; next != ""; pages++ {
		list := read[api.UserList](f, next)
		if got = append(got, userEmails(list)...); *list.Total != len(all) || pages > 3 {
			t.Fatalf("page %d has total %d", pages, *list.Total)
		}
		if next = list.Links.Next; next != "" {
			link, err := url.Parse(next)
			if err != nil || link.Query().Get("status") != "active,suspended" || link.Query().Get("page_size") != "3" {
				t.Errorf("links.next lost a filter: %s, %v", next, err)
			}
		}
	}
	if diff := cmp.Diff(all, got); diff != "" {
		t.Error(diff)
	}
	for _, query := range []string{"?page=1", "?status=gone", "?status=active,active,active,active,active", "?team=web", "?page_size=301", "?start_token=abc", "?email=%00"} {
		f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathUsers+query, ""))
	}
}

func TestTheTeamsOfAUserArePaged(t *testing.T) {
	f := newFixture(t)
	f.write(func(tx server.Tx) error {
		for i := range 24 {
			team := api.Team{ID: newID(), Name: "b" + string(rune('a'+i)), Role: f.role(api.RoleDeveloper), CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
			if err := tx.InsertTeam(t.Context(), team); err != nil {
				return err
			}
			if err := tx.InsertMember(t.Context(), team.ID, f.ids["admin"], f.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	user := read[api.User](f, userPath(f.ids["admin"]))
	rest := read[api.UserTeams](f, user.Teams.Links.Next)
	if len(user.Teams.Teams) != 20 || len(rest.Teams) != 5 || rest.Links.Next != "" || rest.Teams[4].Name != "bx" {
		t.Errorf("%+v, then %+v", user.Teams, rest)
	}
	third := read[api.UserTeams](f, userPath(f.ids["admin"])+"/teams?page=3&page_size=10&include_totals=true")
	if !cmp.Equal(rest.Teams, third.Teams) || *third.Total != 25 {
		t.Errorf("by number: %+v", third)
	}
}

func TestMembersOfATeam(t *testing.T) {
	f := newFixture(t)
	f.write(func(tx server.Tx) error {
		return tx.InsertMember(t.Context(), f.teamA, f.ids["suspended"], f.clock.Now())
	})
	f.write(func(tx server.Tx) error { return tx.InsertMember(t.Context(), f.teamA, f.ids["nobody"], f.clock.Now()) })
	path := teamPath(f.teamA) + "/members"
	want := `{"users":[{"id":"` + f.ids["nobody"] + `","email":"nobody@example.com"},{"id":"` + f.ids["suspended"] + `","email":"suspended@example.com"}],"links":{}}`
	if got := strings.TrimSpace(f.must(http.StatusOK, f.do("scim", http.MethodGet, path, "")).Body.String()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	first := read[api.MemberList](f, path+"?page_size=1&include_totals=true")
	second := read[api.MemberList](f, first.Links.Next)
	if *first.Total != 2 || len(second.Users) != 1 || second.Users[0].ID != f.ids["suspended"] || second.Links.Next != "" {
		t.Errorf("%+v, then %+v", first, second)
	}
	for _, id := range []string{"A", newID()} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, teamPath(id)+"/members", ""))
	}
}

func TestRolesAreShownWithAllThatTheyGrant(t *testing.T) {
	f := newFixture(t)
	admin := f.role(api.RoleTenantAdmin)
	if !cmp.Equal(api.AllPermissions(), admin.Permissions) || admin.CreatedBy != api.CreatedBySystem || !admin.CreatedAt.Equal(f.clock.Now()) {
		t.Errorf("%+v", admin)
	}
	if got := read[api.Role](f, rolePath(strings.ToUpper(admin.ID))); !cmp.Equal(admin, got) {
		t.Error(cmp.Diff(admin, got))
	}
	first := read[api.RoleList](f, api.PathRoles+"?page_size=1")
	second := read[api.RoleList](f, first.Links.Next)
	if len(first.Roles) != 1 || len(second.Roles) != 1 || first.Roles[0].Name >= second.Roles[0].Name {
		t.Errorf("%+v, then %+v", first, second)
	}
	for _, id := range []string{"tenant-admin", newID()} {
		f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, rolePath(id), ""))
	}
}
