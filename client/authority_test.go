package client_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// authority connects to a real server as its administrator.
func authority(t *testing.T) (c *client.Client, address string) {
	t.Helper()
	address, key, stop := startAuthority(t.Context())
	t.Cleanup(stop)
	return connect(t, address, key), address
}

func must[T any](answer T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func names[T any](t *testing.T, rows iter.Seq2[T, error], name func(T) string) []string {
	t.Helper()
	found := []string{}
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, name(row))
	}
	return found
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// A role, a team with it and its people, from their making to their end.
func TestAccessControlOverARealServer(t *testing.T) {
	c, address := authority(t)
	ctx := t.Context()
	agents := []api.Permission{{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"a-1"}}}

	role := must(c.CreateRole(ctx, api.CreateRole{Name: "agents", Permissions: agents}))(t)
	if _, err := c.CreateRole(ctx, api.CreateRole{Name: "agents", Permissions: agents}); !errors.Is(err, api.ErrNameTaken) {
		t.Errorf("a second role of one name: %v", err)
	}
	renamed := "agent users"
	role = must(c.UpdateRole(ctx, role.ID, api.UpdateRole{Name: &renamed}))(t)
	same(t, "role", must(c.Role(ctx, role.ID))(t), role)
	same(t, "permissions", agents, role.Permissions)
	same(t, "roles", []string{"agent users", "developer", "tenant-admin"}, names(t, c.AllRoles(ctx), func(r api.Role) string { return r.Name }))

	team := must(c.CreateTeam(ctx, api.CreateTeam{Name: "platform", RoleID: role.ID}))(t)
	plain := must(c.CreateTeam(ctx, api.CreateTeam{Name: "plain"}))(t)
	same(t, "roles of the teams", []string{"agent users", api.RoleDeveloper}, []string{team.Role.Name, plain.Role.Name})
	eu := "platform eu"
	same(t, "team", eu, must(c.UpdateTeam(ctx, team.ID, api.UpdateTeam{Name: &eu}))(t).Name)
	same(t, "teams", []string{eu}, names(t, c.AllTeams(ctx, api.TeamFilter{NamePrefix: "platform"}), func(t api.Team) string { return t.Name }))

	ben := must(c.CreateUser(ctx, api.CreateUser{Email: "ben@example.com", Name: "Ben", Teams: []api.TeamRef{{ID: team.ID}}}))(t)
	eve := must(c.CreateUser(ctx, api.CreateUser{Email: "eve@example.com"}))(t)
	if ben.Status != api.UserCreated || len(ben.Teams.Teams) != 1 || eve.Teams.Teams == nil {
		t.Errorf("%+v", ben)
	}
	same(t, "added", api.MembersChanged{Added: 1}, must(c.AddMembers(ctx, team.ID, []string{ben.ID, eve.ID}))(t))
	email := func(m api.Member) string { return m.Email }
	same(t, "members", []string{"ben@example.com", "eve@example.com"}, names(t, c.AllMembers(ctx, team.ID), email))
	same(t, "set", api.MembersChanged{Removed: 1}, must(c.SetMembers(ctx, team.ID, []string{eve.ID}))(t))
	same(t, "removed", api.MembersChanged{Removed: 1}, must(c.RemoveMembers(ctx, team.ID, []string{ben.ID, eve.ID}))(t))
	same(t, "emptied", api.MembersChanged{Removed: 1}, func() api.MembersChanged {
		must(c.AddMembers(ctx, plain.ID, []string{eve.ID}))(t)
		same(t, "teams of eve", []string{"plain"}, names(t, c.AllUserTeams(ctx, eve.ID), func(r api.Ref) string { return r.Name }))
		return must(c.SetMembers(ctx, plain.ID, nil))(t)
	}())

	suspended := must(c.UpdateUser(ctx, ben.ID, api.UpdateUser{StatusAction: api.SuspendUser, Name: new(string)}))(t)
	if suspended.Status != api.UserSuspended || suspended.Name != "" {
		t.Errorf("%+v", suspended)
	}
	users := func(filter api.UserFilter) []string {
		return names(t, c.AllUsers(ctx, filter), func(u api.User) string { return u.Email })
	}
	same(t, "suspended users", []string{"ben@example.com"}, users(api.UserFilter{Statuses: []api.UserStatus{api.UserSuspended, api.UserDeleted}}))
	same(t, "users by email", []string{"eve@example.com"}, users(api.UserFilter{Email: "EVE@example.com"}))
	same(t, "user", suspended, must(c.User(ctx, ben.ID))(t))

	for _, err := range []error{
		c.DeleteUser(ctx, ben.ID), c.DeleteTeam(ctx, team.ID), c.DeleteRole(ctx, role.ID),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	_, noUser := c.User(ctx, ben.ID)
	_, noTeam := c.Members(ctx, team.ID, api.ListOptions{})
	_, noRole := c.Role(ctx, role.ID)
	for _, err := range []error{noUser, noTeam, noRole, c.DeleteRole(ctx, "agents")} {
		if !errors.Is(err, api.ErrNotFound) {
			t.Errorf("%v; want what is gone to be not found", err)
		}
	}

	// Somebody whose key is no good gets the refusal, whatever they ask for.
	stranger := connect(t, address, newKey(t))
	for _, operation := range operations {
		if err := operation.run(ctx, stranger); !errors.Is(err, api.ErrUnauthorized) {
			t.Errorf("%s with an unknown key: %v", operation.name, err)
		}
	}
}

func TestPagesOfAccessControlOverARealServer(t *testing.T) {
	c, _ := authority(t)
	ctx := t.Context()
	crowd := must(c.CreateTeam(ctx, api.CreateTeam{Name: "crowd"}))(t)
	want := []string{}
	for i := range 7 {
		user := must(c.CreateUser(ctx, api.CreateUser{Email: fmt.Sprintf("u%d@example.com", i), Teams: []api.TeamRef{{ID: crowd.ID}}}))(t)
		want = append(want, user.Email)
	}
	options := api.ListOptions{PageSize: 3, IncludeTotals: true}

	var users, members []string
	page := must(c.Users(ctx, api.UserFilter{Team: crowd.ID}, options))(t)
	for {
		same(t, "total", 7, *page.Total)
		for _, user := range page.Users {
			users = append(users, user.Email)
		}
		if page.Links.Next == "" {
			break
		}
		page = must(c.NextUsers(ctx, page.Links.Next))(t)
	}
	same(t, "users", want, users)

	in := must(c.Members(ctx, crowd.ID, options))(t)
	for {
		for _, member := range in.Users {
			members = append(members, member.Email)
		}
		if in.Links.Next == "" {
			break
		}
		in = must(c.NextMembers(ctx, crowd.ID, in.Links.Next))(t)
	}
	same(t, "members", want, members)

	roles := must(c.Roles(ctx, api.ListOptions{PageSize: 1}))(t)
	same(t, "second role", "tenant-admin", must(c.NextRoles(ctx, roles.Links.Next))(t).Roles[0].Name)
}

func TestDeveloperKeysOverARealServer(t *testing.T) {
	c, address := authority(t)
	ctx := t.Context()
	idempotencyKey := client.NewIdempotencyKey()
	first := must(c.CreateDeveloperKey(ctx, idempotencyKey))(t)
	again := must(c.CreateDeveloperKey(ctx, idempotencyKey))(t)
	if first.Replayed || !again.Replayed || first.Key.ID != again.Key.ID {
		t.Errorf("replayed %t and %t", first.Replayed, again.Replayed)
	}
	for key, want := range map[api.Secret]error{first.APIKey: api.ErrUnauthorized, again.APIKey: nil} {
		if _, err := connect(t, address, key).Me(ctx); !errors.Is(err, want) {
			t.Errorf("signed in with a key of a repeated create: %v, want %v", err, want)
		}
	}
	id := func(k api.DeveloperKey) string { return k.ID }
	same(t, "keys", again.Key.ID, names(t, c.AllDeveloperKeys(ctx), id)[1])
	page := must(c.DeveloperKeys(ctx, api.ListOptions{PageSize: 1}))(t)
	same(t, "second page", again.Key.ID, must(c.NextDeveloperKeys(ctx, page.Links.Next))(t).APIKeys[0].ID)
	if err := c.DeleteDeveloperKey(ctx, again.Key.ID); err != nil {
		t.Error(err)
	}
	if _, err := connect(t, address, again.APIKey).Me(ctx); !errors.Is(err, api.ErrUnauthorized) {
		t.Errorf("signed in with a deleted key: %v", err)
	}
	if _, err := c.CreateDeveloperKey(ctx, ""); failure(t, err, api.Secret{}).Kind != api.KindLocal {
		t.Errorf("a create without an Idempotency-Key: %v", err)
	}
	for _, id := range []string{"", "..", "."} {
		if _, err := c.Members(ctx, id, api.ListOptions{}); !errors.Is(err, api.ErrNotFound) {
			t.Errorf("members of %q: %v", id, err)
		}
	}
}

func TestTheOrganizationAsADocumentOverARealServer(t *testing.T) {
	c, _ := authority(t)
	ctx := t.Context()
	document := must(c.Organization(ctx))(t)
	document.Users = append(document.Users, api.DeclaredUser{Email: "ben@example.com"})
	plan := must(c.PlanOrganization(ctx, document))(t)
	if len(plan.Changes) != 1 || plan.Applied || plan.ETag != document.ETag || plan.ETag == "" {
		t.Errorf("%+v of %q", plan, document.ETag)
	}
	must(c.CreateTeam(ctx, api.CreateTeam{Name: "in between"}))(t)
	if _, err := c.ApplyOrganization(ctx, document, plan.ETag); !errors.Is(err, api.ErrPreconditionFailed) {
		t.Errorf("applied to another state: %v", err)
	}
	document = must(c.Organization(ctx))(t)
	document.Users = append(document.Users, api.DeclaredUser{Email: "ben@example.com"})
	done := must(c.ApplyOrganization(ctx, document, document.ETag))(t)
	if !done.Applied || done.ETag != must(c.Organization(ctx))(t).ETag {
		t.Errorf("%+v", done)
	}
	if _, err := c.ApplyOrganization(ctx, document, ""); failure(t, err, api.Secret{}).Kind != api.KindLocal {
		t.Errorf("applied to any state, unasked: %v", err)
	}
}
