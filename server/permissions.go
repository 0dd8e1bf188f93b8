package server

import (
	"slices"

	"github.com/lifeguard-keys/lifeguard/api"
)

// rule says who may carry out an operation.
type rule struct {
	// public operations need no key at all.
	public bool
	// anyOf: one of these permissions suffices, the least of them first, which
	// is the one a refusal names. Empty asks for a valid key and no more.
	anyOf []api.Action
}

// rules has one row for each operation, by its id in the OpenAPI document. An
// operation without a row is refused to everybody, so that one cannot be added
// and forgotten here.
//
// A permission that is granted for specific teams lets its holder in; the
// operation then sees only those teams, through the caller's reach.
//
// Each area of the API has its own part, beside its operations; a new part is
// named here.
var rules = join(
	coreRules,
	auditRules,
	gatewayRules,
	metricsRules,
	accessRules,
	userWriteRules,
	memberRules,
	teamWriteRules,
	roleWriteRules,
	developerKeyRules,
	organizationRules,
	userKeyRules,
)

// join puts the parts of a table together. A key in two of them is a mistake
// of the program.
func join[V any](parts ...map[string]V) map[string]V {
	all := map[string]V{}
	for _, part := range parts {
		for key, value := range part {
			if _, twice := all[key]; twice {
				panic("two rows for " + key)
			}
			all[key] = value
		}
	}
	return all
}

var coreRules = map[string]rule{
	opHealthz: {public: true},
	opReadyz:  {public: true},
	opOpenAPI: {public: true},

	opMe: {},

	opListTeams: {anyOf: []api.Action{api.ViewServiceAccounts, api.ManageServiceAccounts, api.ProvisionUsersWithSCIM}},
	opGetTeam:   {anyOf: []api.Action{api.ViewServiceAccounts, api.ManageServiceAccounts, api.ProvisionUsersWithSCIM}},

	opListServiceAccounts:  {anyOf: readServiceAccounts},
	opGetServiceAccount:    {anyOf: readServiceAccounts},
	opCreateServiceAccount: {anyOf: []api.Action{api.ManageServiceAccounts}},
	opDeleteServiceAccount: {anyOf: []api.Action{api.ManageServiceAccounts}},
}

var readServiceAccounts = []api.Action{api.ViewServiceAccounts, api.ManageServiceAccounts}

// teamScoped are the permissions whose specific resources are team ids. Any
// other permission counts here only when it is granted on everything.
var teamScoped = []api.Action{api.ViewServiceAccounts, api.ManageServiceAccounts}

// reach is how far a caller may go in one operation: all teams, or those
// named.
type reach struct {
	all   bool
	teams []string
}

func (r reach) none() bool { return !r.all && len(r.teams) == 0 }

func (r reach) covers(teamID string) bool { return r.all || slices.Contains(r.teams, teamID) }

// teamIDs is the reach as a query takes it: nil does not narrow.
func (r reach) teamIDs() []string {
	if r.all {
		return nil
	}
	return r.teams
}

func reachOf(granted []api.Permission, anyOf []api.Action) reach {
	var r reach
	for _, p := range granted {
		switch {
		case !slices.Contains(anyOf, p.Action):
		case p.Scope == api.ScopeAll:
			return reach{all: true}
		case p.Scope == api.ScopeSpecific && slices.Contains(teamScoped, p.Action):
			r.teams = append(r.teams, p.Resources...)
		}
	}
	slices.Sort(r.teams)
	r.teams = slices.Compact(r.teams)
	return r
}

// permissionsOf is what a role grants. tenant-admin grants everything that
// this version knows, whatever was known when the database was made.
func permissionsOf(role api.Role) []api.Permission {
	if isTenantAdmin(role) {
		return api.AllPermissions()
	}
	if role.Permissions == nil {
		return []api.Permission{}
	}
	return role.Permissions
}

// isTenantAdmin tells the system's role from one that has taken its name.
func isTenantAdmin(role api.Role) bool {
	return role.CreatedBy == api.CreatedBySystem && role.Name == api.RoleTenantAdmin
}

// caller is the authenticated identity of a request, with the union of what
// its teams' roles grant, and its reach in the operation at hand.
type caller struct {
	Identity
	permissions []api.Permission
	reach       reach
	keyHash     api.KeyHash
}

func newCaller(identity Identity) caller {
	if len(identity.Teams) == 1 { // as of every service account; a store gives them merged
		return caller{Identity: identity, permissions: permissionsOf(identity.Teams[0].Role)}
	}
	sets := make([][]api.Permission, 0, len(identity.Teams))
	for _, team := range identity.Teams {
		sets = append(sets, permissionsOf(team.Role))
	}
	return caller{Identity: identity, permissions: api.UnionPermissions(sets...)}
}

// actor is the caller as events and created_by name it.
func (c caller) actor() api.Actor {
	name := c.Name
	if name == "" {
		name = c.Email
	}
	return api.Actor{Type: c.Type, ID: c.ID, Name: name}
}
