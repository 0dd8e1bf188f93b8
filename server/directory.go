package server

import (
	"context"

	"github.com/lifeguard-keys/lifeguard/api"
)

// DirectoryReads is how a [Store] and a [Tx] tell who may do what.
type DirectoryReads interface {
	// Directory returns everything that is not about service accounts, of one
	// moment.
	Directory(ctx context.Context) (Directory, error)
}

// Directory is every living role, team and user of an organization, with the
// users of each team.
type Directory struct {
	Roles []api.Role      // by name and id
	Teams []DirectoryTeam // by name and id
	Users []User          // by email in any case, and id
	// SSHKeys are those of users that have some, by the user's id, in the order
	// of their lines; nil when nobody has.
	SSHKeys map[string][]SSHKey
}

// DirectoryTeam is a team with its users.
type DirectoryTeam struct {
	api.Team
	MemberIDs []string // of users, in the order of [Directory].Users
}
