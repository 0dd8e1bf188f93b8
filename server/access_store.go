package server

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// AccessReads is what a [Store] tells of users, members and roles.
type AccessReads interface {
	// Users returns one page of users, ordered by email in any case and id.
	Users(ctx context.Context, query UserQuery) (UserPage, error)
	// User returns a living user, or ErrNotFound.
	User(ctx context.Context, id string) (UserDetails, error)
	// UserTeams returns one page of a user's teams, ordered by name and id. A
	// user that does not exist has none.
	UserTeams(ctx context.Context, userID string, query PageQuery) (UserTeamPage, error)
	// Members returns one page of a team's users, ordered by email in any case
	// and id. A team that does not exist has none.
	Members(ctx context.Context, teamID string, query PageQuery) (MemberPage, error)
	// Roles returns one page of roles, ordered by name and id.
	Roles(ctx context.Context, query PageQuery) (RolePage, error)
	// Role returns a living role, or ErrNotFound.
	Role(ctx context.Context, id string) (api.Role, error)
}

// CallerReads is what a [Tx] tells of whoever asks for its change.
type CallerReads interface {
	// AccessUnchanged reports that nothing was taken from any user since an
	// identity with this AccessVersion was read: no user was suspended or deleted
	// or left a team, no key of a user ended, no team or role was changed. False
	// says nothing.
	AccessUnchanged(ctx context.Context, since int64) (bool, error)
	// IdentityByKey and IdentityBySSHKey are those of [Store], as it is within
	// the transaction; the teams are in no particular order.
	IdentityByKey(ctx context.Context, hash api.KeyHash) (Identity, error)
	IdentityBySSHKey(ctx context.Context, fingerprint SSHFingerprint) (Identity, error)
}

// UserWrites is what a [Tx] can do with users beside inserting them.
type UserWrites interface {
	// User returns a living user, or ErrNotFound.
	User(ctx context.Context, id string) (UserDetails, error)
	// UpdateUser keeps the email, name, status and UpdatedAt of a living user,
	// or returns ErrNotFound.
	UpdateUser(ctx context.Context, user User) error
	// DeleteUser ends a user, its developer keys and its memberships, or returns
	// ErrNotFound; the rows of the user and its keys are kept, marked deleted.
	DeleteUser(ctx context.Context, id string, at time.Time) error
	// TeamsOf returns all living teams of a user with their roles, in the order
	// of their ids.
	TeamsOf(ctx context.Context, userID string) ([]api.Team, error)
	// HasActiveAdministrator reports whether an active user is in a living team
	// whose role is tenant-admin.
	HasActiveAdministrator(ctx context.Context) (bool, error)
}

// MemberWrites is what a [Tx] can do with the users of a team.
type MemberWrites interface {
	// MemberIDs returns the ids of a team's users, in their own order.
	MemberIDs(ctx context.Context, teamID string) ([]string, error)
	// AddMembers makes living users members of a team and returns the ids of
	// those that were none before. An id of no living user is ErrNotFound.
	AddMembers(ctx context.Context, teamID string, userIDs []string, at time.Time) (added []string, err error)
	// RemoveMembers ends the memberships of users in a team and returns the ids
	// of those that were members.
	RemoveMembers(ctx context.Context, teamID string, userIDs []string) (removed []string, err error)
}

// TeamWrites is what a [Tx] can do with teams beside inserting them.
type TeamWrites interface {
	// TeamByName returns the living team of exactly that name, or ErrNotFound.
	TeamByName(ctx context.Context, name string) (api.Team, error)
	// UpdateTeam keeps the name, the role's id and UpdatedAt of a living team, or
	// returns ErrNotFound.
	UpdateTeam(ctx context.Context, team api.Team) error
	// DeleteTeam ends a team and the memberships of its users, or returns
	// ErrNotFound; its row is kept, marked deleted.
	DeleteTeam(ctx context.Context, id string, at time.Time) error
	// CountServiceAccounts is how many living service accounts a team has.
	CountServiceAccounts(ctx context.Context, teamID string) (int, error)
}

// RoleWrites is what a [Tx] can do with roles beside inserting them.
type RoleWrites interface {
	// Role returns a living role, or ErrNotFound.
	Role(ctx context.Context, id string) (api.Role, error)
	// RoleByName returns the living role of exactly that name, or ErrNotFound.
	RoleByName(ctx context.Context, name string) (api.Role, error)
	// UpdateRole keeps the name, the permissions and UpdatedAt of a living role,
	// or returns ErrNotFound.
	UpdateRole(ctx context.Context, role api.Role) error
	// DeleteRole ends a role that no living team has, or returns ErrNotFound;
	// its row is kept, marked deleted.
	DeleteRole(ctx context.Context, id string, at time.Time) error
	// CountTeams is how many living teams have a role.
	CountTeams(ctx context.Context, roleID string) (int, error)
}

// UserDetails is a user with the first of its teams, by name and id: at most
// api.DefaultPageSize. MoreTeams says whether it has others.
// SSHKeys are all it has, in the order of their lines, nil for none.
type UserDetails struct {
	User
	Teams     []api.Ref
	MoreTeams bool
	SSHKeys   []SSHKey
}

// UserQuery asks for users. Its After is a Next of an earlier page.
type UserQuery struct {
	PageQuery
	api.UserFilter
}

// UserPage is one page of users. Next is where the following page starts, nil
// on the last one; Total is -1 unless it was asked for.
type UserPage struct {
	Users []UserDetails
	Next  *Cursor
	Total int
}

// UserTeamPage is one page of a user's teams. More says whether rows follow;
// Total is -1 unless it was asked for.
type UserTeamPage struct {
	Teams []api.Ref
	More  bool
	Total int
}

// MemberPage is one page of a team's users. Next is where the following page
// starts, nil on the last one; Total is -1 unless it was asked for.
type MemberPage struct {
	Members []api.Member
	Next    *Cursor
	Total   int
}

// RolePage is one page of roles. More says whether rows follow; Total is -1
// unless it was asked for.
type RolePage struct {
	Roles []api.Role
	More  bool
	Total int
}
