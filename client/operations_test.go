package client_test

import (
	"context"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// operation is one method of the client, without its result.
type operation struct {
	name    string
	changes bool
	item    bool
	run     func(context.Context, *client.Client) error
}

const accountID = "0198c0de-0000-7000-8000-00000000000a"

// operations has every method that sends a request, but those that follow a
// link of another page.
var operations = []operation{
	reads("Me", false, func(ctx context.Context, c *client.Client) (api.Caller, error) { return c.Me(ctx) }),
	reads("Teams", false, func(ctx context.Context, c *client.Client) (api.TeamList, error) {
		return c.Teams(ctx, api.TeamFilter{}, api.ListOptions{})
	}),
	reads("Team", true, func(ctx context.Context, c *client.Client) (api.Team, error) { return c.Team(ctx, "t1") }),
	changes("CreateTeam", false, func(ctx context.Context, c *client.Client) (api.Team, error) {
		return c.CreateTeam(ctx, api.CreateTeam{Name: "platform"})
	}),
	changes("UpdateTeam", true, func(ctx context.Context, c *client.Client) (api.Team, error) {
		return c.UpdateTeam(ctx, "t1", api.UpdateTeam{})
	}),
	deletes("DeleteTeam", func(ctx context.Context, c *client.Client) error { return c.DeleteTeam(ctx, "t1") }),
	reads("Members", true, func(ctx context.Context, c *client.Client) (api.MemberList, error) {
		return c.Members(ctx, "t1", api.ListOptions{})
	}),
	changes("AddMembers", true, func(ctx context.Context, c *client.Client) (api.MembersChanged, error) {
		return c.AddMembers(ctx, "t1", []string{"u1"})
	}),
	changes("RemoveMembers", true, func(ctx context.Context, c *client.Client) (api.MembersChanged, error) {
		return c.RemoveMembers(ctx, "t1", []string{"u1"})
	}),
	changes("SetMembers", true, func(ctx context.Context, c *client.Client) (api.MembersChanged, error) {
		return c.SetMembers(ctx, "t1", nil)
	}),
	reads("Users", false, func(ctx context.Context, c *client.Client) (api.UserList, error) {
		return c.Users(ctx, api.UserFilter{}, api.ListOptions{})
	}),
	reads("User", true, func(ctx context.Context, c *client.Client) (api.User, error) { return c.User(ctx, "u1") }),
	reads("UserTeams", true, func(ctx context.Context, c *client.Client) (api.UserTeams, error) {
		return c.UserTeams(ctx, "u1", api.ListOptions{})
	}),
	changes("CreateUser", false, func(ctx context.Context, c *client.Client) (api.User, error) {
		return c.CreateUser(ctx, api.CreateUser{Email: "ada@example.com"})
	}),
	changes("UpdateUser", true, func(ctx context.Context, c *client.Client) (api.User, error) {
		return c.UpdateUser(ctx, "u1", api.UpdateUser{})
	}),
	deletes("DeleteUser", func(ctx context.Context, c *client.Client) error { return c.DeleteUser(ctx, "u1") }),
	reads("Roles", false, func(ctx context.Context, c *client.Client) (api.RoleList, error) {
		return c.Roles(ctx, api.ListOptions{})
	}),
	reads("Role", true, func(ctx context.Context, c *client.Client) (api.Role, error) { return c.Role(ctx, "r1") }),
	changes("CreateRole", false, func(ctx context.Context, c *client.Client) (api.Role, error) {
		return c.CreateRole(ctx, api.CreateRole{Name: "viewers"})
	}),
	changes("UpdateRole", true, func(ctx context.Context, c *client.Client) (api.Role, error) {
		return c.UpdateRole(ctx, "r1", api.UpdateRole{})
	}),
	deletes("DeleteRole", func(ctx context.Context, c *client.Client) error { return c.DeleteRole(ctx, "r1") }),
	reads("DeveloperKeys", false, func(ctx context.Context, c *client.Client) (api.DeveloperKeyList, error) {
		return c.DeveloperKeys(ctx, api.ListOptions{})
	}),
	changes("CreateDeveloperKey", false, func(ctx context.Context, c *client.Client) (api.CreatedDeveloperKey, error) {
		return c.CreateDeveloperKey(ctx, client.NewIdempotencyKey())
	}),
	changes("CreateUserKey", true, func(ctx context.Context, c *client.Client) (api.CreatedDeveloperKey, error) {
		return c.CreateUserKey(ctx, "u1", client.NewIdempotencyKey())
	}),
	deletes("DeleteDeveloperKey", func(ctx context.Context, c *client.Client) error { return c.DeleteDeveloperKey(ctx, "k1") }),
	{"ServiceAccounts", false, false, list},
	reads("ServiceAccount", true, func(ctx context.Context, c *client.Client) (api.ServiceAccount, error) {
		return c.ServiceAccount(ctx, accountID)
	}),
	{"CreateServiceAccount", true, false, create},
	deletes("DeleteServiceAccount", func(ctx context.Context, c *client.Client) error {
		return c.DeleteServiceAccount(ctx, accountID)
	}),
	reads("Organization", false, func(ctx context.Context, c *client.Client) (api.Organization, error) { return c.Organization(ctx) }),
	changes("PlanOrganization", false, func(ctx context.Context, c *client.Client) (api.OrganizationPlan, error) {
		return c.PlanOrganization(ctx, api.Organization{})
	}),
	changes("ApplyOrganization", false, func(ctx context.Context, c *client.Client) (api.OrganizationPlan, error) {
		return c.ApplyOrganization(ctx, api.Organization{}, "*")
	}),
	reads("AuditEvents", false, func(ctx context.Context, c *client.Client) (api.AuditEventList, error) {
		return c.AuditEvents(ctx, api.AuditFilter{}, api.ListOptions{})
	}),
}

func reads[T any](name string, item bool, run func(context.Context, *client.Client) (T, error)) operation {
	return operation{name, false, item, func(ctx context.Context, c *client.Client) error { _, err := run(ctx, c); return err }}
}

func changes[T any](name string, item bool, run func(context.Context, *client.Client) (T, error)) operation {
	o := reads(name, item, run)
	o.changes = true
	return o
}

func deletes(name string, run func(context.Context, *client.Client) error) operation {
	return operation{name, true, true, run}
}

func list(ctx context.Context, c *client.Client) error {
	_, err := c.ServiceAccounts(ctx, api.ServiceAccountFilter{}, api.ListOptions{})
	return err
}

func create(ctx context.Context, c *client.Client) error {
	_, err := c.CreateServiceAccount(ctx, api.CreateServiceAccount{Name: "ci", TeamID: "t1"}, client.NewIdempotencyKey())
	return err
}
