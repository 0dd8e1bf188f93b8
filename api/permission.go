package api

import (
	"slices"
	"strings"
)

// Action is the wire name of a permission: kebab-case, verb first.
type Action string

// The permissions seen in Poolside's documentation.
const (
	AutoApproveCommands    Action = "auto-approve-commands"
	CreateAgent            Action = "create-agent"
	ManageAgents           Action = "manage-agents"
	UseAgents              Action = "use-agents"
	SetDefaultAgent        Action = "set-default-agent"
	ViewAgentSessions      Action = "view-agent-sessions"
	CreateCredential       Action = "create-credential"
	UseSandboxDefinitions  Action = "use-sandbox-definitions"
	ProvisionUsersWithSCIM Action = "provision-users-with-scim"
)

// The permissions that are Lifeguard's extension, so that support staff can
// look without touching. The first two may be scoped to team ids.
const (
	ViewServiceAccounts   Action = "view-service-accounts"
	ManageServiceAccounts Action = "manage-service-accounts"
	ViewAuditLog          Action = "view-audit-log"
)

// Actions are all known permissions, in the order they are shown.
var Actions = []Action{
	AutoApproveCommands, CreateAgent, ManageAgents, UseAgents, SetDefaultAgent, ViewAgentSessions,
	CreateCredential, UseSandboxDefinitions, ProvisionUsersWithSCIM,
	ViewServiceAccounts, ManageServiceAccounts, ViewAuditLog,
}

var actionWords = map[Action]string{
	AutoApproveCommands:    "Agents: Auto Approve Commands",
	CreateAgent:            "Agents: Create Agent",
	ManageAgents:           "Agents: Manage Agents",
	UseAgents:              "Agents: Use Agents",
	SetDefaultAgent:        "Agents: Set Default Agent",
	ViewAgentSessions:      "Agents: View Agent Sessions",
	CreateCredential:       "Credentials: Create Credential",
	UseSandboxDefinitions:  "Sandbox definitions: Use",
	ProvisionUsersWithSCIM: "Tenant: Provision Users with SCIM",
	ViewServiceAccounts:    "Service accounts: View",
	ManageServiceAccounts:  "Service accounts: Manage",
	ViewAuditLog:           "Audit log: View",
}

// Words returns the permission as Poolside's documentation writes it, with
// its group in front. An unknown permission is returned as it is.
func (a Action) Words() string {
	if words, ok := actionWords[a]; ok {
		return words
	}
	return string(a)
}

// Scope says how far a permission reaches.
type Scope string

// The scopes: every resource of the type, or those named by id.
const (
	ScopeAll      Scope = "all"
	ScopeSpecific Scope = "specific"
)

// The system roles. They cannot be changed or deleted.
const (
	RoleTenantAdmin = "tenant-admin" // grants everything
	RoleDeveloper   = "developer"    // grants nothing; the role of a new team
)

// Who created a role.
const (
	CreatedBySystem = "system"
	CreatedByUser   = "user"
)

// Permission grants an action on all resources of its type or on specific
// ones. There is no permission that denies: what is not granted is denied.
type Permission struct {
	Action    Action   `json:"action"`
	Scope     Scope    `json:"scope"`
	Resources []string `json:"resources,omitempty"` // ids, only with ScopeSpecific
}

// AllPermissions returns what tenant-admin grants: every action on everything.
func AllPermissions() []Permission {
	permissions := make([]Permission, 0, len(Actions))
	for _, action := range Actions {
		permissions = append(permissions, Permission{Action: action, Scope: ScopeAll})
	}
	return permissions
}

// Permits reports whether the granted permissions allow the action on the
// resource. An empty resource asks for all resources of the type.
func Permits(granted []Permission, action Action, resource string) bool {
	for _, p := range granted {
		if p.Action != action {
			continue
		}
		if p.Scope == ScopeAll || (p.Scope == ScopeSpecific && resource != "" && slices.Contains(p.Resources, resource)) {
			return true
		}
	}
	return false
}

// PermitsAny reports whether the action is granted on anything at all.
func PermitsAny(granted []Permission, action Action) bool {
	return slices.ContainsFunc(granted, func(p Permission) bool {
		return p.Action == action && (p.Scope == ScopeAll || (p.Scope == ScopeSpecific && len(p.Resources) > 0))
	})
}

// MissingPermissions returns the part of wanted that granted does not cover:
// who makes a key for a team must have all that the team has.
func MissingPermissions(granted, wanted []Permission) []Permission {
	var missing []Permission
	for _, w := range wanted {
		if w.Scope != ScopeSpecific { // also a scope that is not known: it may be anything
			if !Permits(granted, w.Action, "") {
				missing = append(missing, w)
			}
			continue
		}
		var resources []string
		for _, id := range w.Resources {
			if !Permits(granted, w.Action, id) {
				resources = append(resources, id)
			}
		}
		if len(resources) > 0 {
			missing = append(missing, Permission{Action: w.Action, Scope: ScopeSpecific, Resources: resources})
		}
	}
	return missing
}

// UnionPermissions merges what several teams grant: all wins over specific,
// specific ids add up. The order is that of [Actions], unknown actions last.
func UnionPermissions(sets ...[]Permission) []Permission {
	merged := map[Action]Permission{}
	for _, set := range sets {
		for _, p := range set {
			have, ok := merged[p.Action]
			switch {
			case p.Scope != ScopeAll && p.Scope != ScopeSpecific: // grants nothing, see Permits
			case !ok:
				merged[p.Action] = Permission{Action: p.Action, Scope: p.Scope, Resources: slices.Clone(p.Resources)}
			case have.Scope == ScopeAll:
			case p.Scope == ScopeAll:
				merged[p.Action] = p
			default:
				have.Resources = append(have.Resources, p.Resources...)
				merged[p.Action] = have
			}
		}
	}
	union := make([]Permission, 0, len(merged))
	for _, p := range merged {
		slices.Sort(p.Resources)
		p.Resources = slices.Compact(p.Resources)
		union = append(union, p)
	}
	slices.SortFunc(union, func(a, b Permission) int {
		if byOrder := actionOrder(a.Action) - actionOrder(b.Action); byOrder != 0 {
			return byOrder
		}
		return strings.Compare(string(a.Action), string(b.Action))
	})
	return union
}

func actionOrder(a Action) int {
	if i := slices.Index(Actions, a); i >= 0 {
		return i
	}
	return len(Actions)
}
