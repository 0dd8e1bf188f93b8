package client

import (
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// maxKey is the longest key that is taken from an answer, in bytes.
const maxKey = 512

// incomplete says in words what an answer lacks that the API always sends, or
// "". JSON of another make decodes without error, into nothing: taking it for
// an empty list would tell a person that there are no keys.
func incomplete(answer any) string {
	switch a := answer.(type) {
	case *api.Caller:
		return lacksID(a.ID)
	case *api.Team:
		return lacksID(a.ID)
	case *api.User:
		return lacksID(a.ID)
	case *api.Role:
		return lacksID(a.ID)
	case *api.ServiceAccount:
		return lacksID(a.ID)
	case *api.TeamList:
		return incompleteList("teams", a.Teams, func(row *api.Team) string { return row.ID })
	case *api.ServiceAccountList:
		return incompleteList("service accounts", a.ServiceAccounts, func(row *api.ServiceAccount) string { return row.ID })
	case *api.UserList:
		return incompleteList("users", a.Users, func(row *api.User) string { return row.ID })
	case *api.UserTeams:
		return incompleteList("teams", a.Teams, func(row *api.Ref) string { return row.ID })
	case *api.MemberList:
		return incompleteList("users", a.Users, func(row *api.Member) string { return row.ID })
	case *api.RoleList:
		return incompleteList("roles", a.Roles, func(row *api.Role) string { return row.ID })
	case *api.DeveloperKeyList:
		return incompleteList("keys", a.APIKeys, func(row *api.DeveloperKey) string { return row.ID })
	case *api.AuditEventList:
		return incompleteEvents(a.AuditEvents)
	case *chainList:
		return incompleteEvents(a.AuditEvents)
	case *api.Organization:
		if a.Roles == nil || a.Teams == nil || a.Users == nil {
			return "it lacks a list of roles, teams or users"
		}
	case *api.OrganizationPlan:
		if a.Changes == nil {
			return "it lacks the list of changes"
		}
	case *membersChanged:
		if a.Added == nil || a.Removed == nil {
			return "it does not say how many members were added and removed"
		}
	case *api.CreatedServiceAccount:
		return incompleteCreate(a.ServiceAccount.ID, a.APIKey)
	case *api.CreatedDeveloperKey:
		return incompleteCreate(a.Key.ID, a.APIKey)
	}
	return ""
}

func lacksID(id string) string {
	if id == "" {
		return "it lacks an id"
	}
	return ""
}

func incompleteList[T any](rows string, list []T, id func(*T) string) string {
	if list == nil {
		return "it lacks the list of " + rows
	}
	for i := range list {
		if reason := lacksID(id(&list[i])); reason != "" {
			return reason
		}
	}
	return ""
}

func incompleteCreate(id string, key api.Secret) string {
	if reason := lacksID(id); reason != "" {
		return reason
	}
	return unusableKey(key.Reveal())
}

func incompleteEvents(events []api.AuditEvent) string {
	if events == nil {
		return "it lacks the list of audit events"
	}
	for i := range events {
		if events[i].Sequence == 0 {
			return "it lacks the sequence of an audit event"
		}
	}
	return ""
}

// unusableKey looks at a new key. Servers of another make may have keys of
// another length, but not ones without the prefix, nor ones that would write
// to the screen what nobody typed.
func unusableKey(key string) string {
	if !strings.HasPrefix(key, api.KeyPrefix) || len(key) == len(api.KeyPrefix) {
		return "it holds no API key"
	}
	if !printable(key) || len(key) > maxKey {
		return "its API key has characters that no key has"
	}
	return ""
}
