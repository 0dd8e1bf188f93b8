package api

import "slices"

// specificActions are the permissions that Poolside documents as grantable on
// specific resources, and our own that are grantable on specific teams.
var specificActions = []Action{
	ManageAgents, UseAgents, ViewAgentSessions, UseSandboxDefinitions, ViewServiceAccounts, ManageServiceAccounts,
}

// Known reports whether the permission is one of [Actions].
func (a Action) Known() bool { return slices.Contains(Actions, a) }

// Specific reports whether the permission can be granted on specific resources
// and not only on all.
func (a Action) Specific() bool { return slices.Contains(specificActions, a) }

// TeamScoped reports whether the specific resources of the permission are
// teams.
func (a Action) TeamScoped() bool { return a == ViewServiceAccounts || a == ManageServiceAccounts }
