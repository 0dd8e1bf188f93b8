package api

import "time"

// Paths of access control: users, the members of teams, roles and developer
// keys.
const (
	// PathUsers is the list of users (documented).
	PathUsers = "/poolside/v1/users"
	// PathUser is one user, by {user_id} (documented).
	PathUser = PathUsers + "/{user_id}"
	// PathUserTeams are the teams of a user (documented).
	PathUserTeams = PathUser + "/teams"
	// PathTeamMembers are the users of a team (documented).
	PathTeamMembers = PathTeam + "/members"
	// PathAddMembers, PathRemoveMembers and PathSetMembers change the users of a
	// team (documented).
	PathAddMembers    = PathTeamMembers + "/add"
	PathRemoveMembers = PathTeamMembers + "/remove"
	PathSetMembers    = PathTeamMembers + "/set"
	// PathRoles is the list of roles (extension).
	PathRoles = "/poolside/v1/roles"
	// PathRole is one role, by {id} (extension).
	PathRole = PathRoles + "/{id}"
)

// MaxSSHKeys is how many SSH keys a user can have.
const MaxSSHKeys = 20

// UserStatus is where a user is in its lifecycle.
type UserStatus string

// The statuses of a user (contract, documented endpoints).
const (
	UserCreated   UserStatus = "created" // has never used a key
	UserActive    UserStatus = "active"
	UserSuspended UserStatus = "suspended" // keys are refused
	UserDeleted   UserStatus = "deleted"
)

// User is a person of the organization.
type User struct {
	ID     string     `json:"id"`
	Email  string     `json:"email"`
	Name   string     `json:"name,omitempty"`
	Status UserStatus `json:"status" enum:"created,active,suspended,deleted"`
	// Teams is the first page of the user's teams, with [DefaultPageSize] rows.
	Teams UserTeams `json:"teams"`
	// SSHKeys are the public keys that the user may sign in with over SSH, as
	// lines of an authorized_keys file without options, in the order of their
	// text: at most [MaxSSHKeys], and no two users share one. Left out when
	// there are none (extension).
	SSHKeys   []string   `json:"ssh_keys,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
}

// UserList is one page of users, ordered by email in any case.
type UserList struct {
	Users []User `json:"users"`
	Links Links  `json:"links"`
	Total *int   `json:"total,omitempty"` // only with include_totals
}

// UserTeams is one page of the teams of a user, ordered by name.
type UserTeams struct {
	Teams []Ref `json:"teams"`
	Links Links `json:"links"`
	Total *int  `json:"total,omitempty"` // only with include_totals
}

// UserFilter narrows a list of users. Zero fields do not filter; without
// Statuses, users that are deleted are left out.
type UserFilter struct {
	Email    string       // the whole email, any case
	Statuses []UserStatus // any of these
	Team     string       // team id
}

// Member is a user as the list of a team's members shows it.
type Member struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// MemberList is one page of the users of a team, ordered by email in any case.
type MemberList struct {
	Users []Member `json:"users"`
	Links Links    `json:"links"`
	Total *int     `json:"total,omitempty"` // only with include_totals
}

// MembersChanged is how many memberships a change of a team's users added and
// removed.
type MembersChanged struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

// RoleList is one page of roles, ordered by name.
type RoleList struct {
	Roles []Role `json:"roles"`
	Links Links  `json:"links"`
	Total *int   `json:"total,omitempty"` // only with include_totals
}
