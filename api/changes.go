package api

// TeamRef names a team by its id where a request asks for no more.
type TeamRef struct {
	ID string `json:"id"`
}

// CreateUser is the body of a user's create (documented).
type CreateUser struct {
	Email string    `json:"email"`
	Name  string    `json:"name,omitempty"`
	Teams []TeamRef `json:"teams,omitempty"` // at most 50
	// SSHKeys are as in [User] (extension).
	SSHKeys []string `json:"ssh_keys,omitempty"`
}

// StatusAction is what a change of a user does to its status.
type StatusAction string

// The actions (contract, documented endpoints). An unsuspended user is active.
const (
	SuspendUser   StatusAction = "suspend"
	UnsuspendUser StatusAction = "unsuspend"
)

// UpdateUser is the body of a user's change (documented). What is nil or empty
// stays as it is; a Name that points to "" takes the name away.
type UpdateUser struct {
	Email        *string      `json:"email,omitempty"`
	Name         *string      `json:"name,omitempty"`
	StatusAction StatusAction `json:"status_action,omitempty"`
	// SSHKeys are all that the user has from then on; an empty list that is not
	// nil takes them all away (extension).
	SSHKeys []string `json:"ssh_keys,omitzero"`
}

// ChangeMembers is the body of each change of a team's users (documented).
type ChangeMembers struct {
	UserIDs []string `json:"user_ids"`
}

// CreateTeam is the body of a team's create (extension). Without a RoleID the
// team gets [RoleDeveloper].
type CreateTeam struct {
	Name   string `json:"name"`
	RoleID string `json:"role_id,omitempty"`
}

// UpdateTeam is the body of a team's change (extension). What is nil stays as
// it is.
type UpdateTeam struct {
	Name   *string `json:"name,omitempty"`
	RoleID *string `json:"role_id,omitempty"`
}

// CreateRole is the body of a role's create (extension).
type CreateRole struct {
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"` // 1 to 64
}

// UpdateRole is the body of a role's change (extension). What is nil or empty
// stays as it is; Permissions are all that the role grants from then on.
type UpdateRole struct {
	Name        *string      `json:"name,omitempty"`
	Permissions []Permission `json:"permissions,omitempty"`
}
