package sample

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// grant is a permission as it is written here: on everything, or on the teams
// named, or on a number of made-up resources.
type grant struct {
	action api.Action
	teams  []string
	agents int
}

// teamPlan is a team with its role.
type teamPlan struct {
	name   string
	role   string
	grants []grant
}

// plans are the teams beside administrators and developers.
var plans = []teamPlan{
	{"platform", "platform-engineer", []grant{
		{action: api.AutoApproveCommands}, {action: api.CreateAgent}, {action: api.ManageAgents}, {action: api.UseAgents},
		{action: api.CreateCredential}, {action: api.UseSandboxDefinitions},
		{action: api.ViewServiceAccounts}, {action: api.ManageServiceAccounts, teams: []string{"platform", "release"}},
	}},
	{"data", "data-engineer", []grant{
		{action: api.CreateAgent}, {action: api.UseAgents}, {action: api.ViewAgentSessions}, {action: api.UseSandboxDefinitions},
		{action: api.ViewServiceAccounts, teams: []string{"data"}},
	}},
	{"payments", "payments-engineer", []grant{
		{action: api.UseAgents, agents: 3}, {action: api.ViewAgentSessions, agents: 3},
		{action: api.ViewServiceAccounts, teams: []string{"payments"}},
	}},
	{"mobile", "app-engineer", appGrants},
	{"web", "app-engineer", appGrants},
	{"security", "security-auditor", []grant{
		{action: api.ViewAgentSessions}, {action: api.ViewServiceAccounts}, {action: api.ViewAuditLog},
	}},
	{"support", "support-viewer", []grant{{action: api.ViewServiceAccounts}}},
	{"identity", "identity-provisioner", []grant{{action: api.ProvisionUsersWithSCIM}, {action: api.ViewAuditLog}}},
	{"machine-learning", "agent-builder", []grant{
		{action: api.CreateAgent}, {action: api.ManageAgents}, {action: api.UseAgents}, {action: api.SetDefaultAgent},
		{action: api.ViewAgentSessions}, {action: api.UseSandboxDefinitions, agents: 2},
	}},
	{"release", "release-automation", []grant{
		{action: api.AutoApproveCommands}, {action: api.UseAgents}, {action: api.CreateCredential}, {action: api.UseSandboxDefinitions},
	}},
}

var appGrants = []grant{{action: api.UseAgents}, {action: api.ManageAgents, agents: 2}, {action: api.UseSandboxDefinitions}}

func rolesAndTeams(random *rand.Rand, founded time.Time) ([]api.Role, []api.Team) {
	ids := make(map[string]string, len(plans))
	for i, plan := range plans {
		ids[plan.name] = newID(random, founded, i)
	}
	var roles []api.Role
	var teams []api.Team
	for i, plan := range plans {
		at := slices.IndexFunc(roles, func(r api.Role) bool { return r.Name == plan.role })
		if at < 0 {
			at = len(roles)
			role := api.Role{ID: newID(random, founded, i), Name: plan.role, CreatedBy: api.CreatedByUser}
			for _, g := range plan.grants {
				role.Permissions = append(role.Permissions, g.permission(random, founded, ids))
			}
			role.Permissions = api.UnionPermissions(role.Permissions)
			roles = append(roles, role)
		}
		made := founded.Add(time.Duration(i) * 24 * time.Hour)
		teams = append(teams, api.Team{ID: ids[plan.name], Name: plan.name, Role: roles[at], CreatedAt: made, UpdatedAt: made})
	}
	return roles, teams
}

func (g grant) permission(random *rand.Rand, founded time.Time, teams map[string]string) api.Permission {
	permission := api.Permission{Action: g.action, Scope: api.ScopeAll}
	for _, team := range g.teams {
		permission.Scope = api.ScopeSpecific
		permission.Resources = append(permission.Resources, teams[team])
	}
	for i := range g.agents {
		permission.Scope = api.ScopeSpecific
		permission.Resources = append(permission.Resources, newID(random, founded, i))
	}
	return permission
}
