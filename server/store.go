package server

import (
	"context"
	"errors"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Store keeps an organization: users, roles, teams, memberships, service
// accounts, keys and audit events. It holds data and no rules: who may do what
// is decided in this package. All methods are safe for concurrent use, also by
// several processes on one database, and every error that is not one of the
// sentinels below means that the store itself failed and nothing was changed.
type Store interface {
	AuditStore
	AccessReads
	DeveloperKeyReads
	DirectoryReads
	SSHKeyReads

	// Organization returns the organization, or ErrNotInitialised.
	Organization(ctx context.Context) (Organization, error)

	// IdentityByKey returns the living identity that a key's hash belongs to,
	// with its teams and their roles, or ErrNotFound. A suspended user is
	// returned with that status; a deleted user or account is not found.
	IdentityByKey(ctx context.Context, hash api.KeyHash) (Identity, error)

	// Teams returns one page of teams ordered by name and id.
	Teams(ctx context.Context, query TeamQuery) (TeamPage, error)
	// Team returns a living team with its role, or ErrNotFound.
	Team(ctx context.Context, id string) (api.Team, error)

	// ServiceAccounts returns one page of service accounts ordered by name and id.
	ServiceAccounts(ctx context.Context, query ServiceAccountQuery) (ServiceAccountPage, error)
	// ServiceAccount returns a living service account, or ErrNotFound.
	ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error)

	// Write runs change in one transaction and appends the event it returns
	// within the same one: no mutation is kept without its event, and when the
	// event cannot be written nothing is changed. An error from change rolls
	// back and is returned as it is. change may run more than once when the
	// database asks to try again; it must have no effect outside tx. Changes
	// that come at the same time may share a transaction: each sees what those
	// before it did, fails for itself alone, and is answered when all is kept.
	// When ctx ends before change has run, nothing is changed; when it ends
	// later, the answer is still what became of the change.
	Write(ctx context.Context, change func(tx Tx) (Event, error)) error
	// WriteAll is Write for a change of several steps, each with its event: all
	// of it is kept, with the events in the order given and next to each other,
	// or nothing. A change without an event is an error.
	WriteAll(ctx context.Context, change func(tx Tx) ([]Event, error)) error

	// Touch records the last use of keys. A use older than the one that is
	// recorded is ignored.
	Touch(ctx context.Context, uses []KeyUse) error

	// Close flushes and releases the database.
	Close() error
}

// Tx is what a mutation can do inside [Store.Write]. Its reads see the
// transaction's own writes and are not invalidated before it commits.
type Tx interface {
	CallerReads
	UserWrites
	MemberWrites
	TeamWrites
	RoleWrites
	DeveloperKeyWrites
	DirectoryReads
	SSHKeyWrites

	Organization(ctx context.Context) (Organization, error)
	Team(ctx context.Context, id string) (api.Team, error)
	ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error)

	// ServiceAccountByName returns the living account of that name in that
	// team, or ErrNotFound. Names compare exactly; the caller normalises them.
	ServiceAccountByName(ctx context.Context, teamID, name string) (api.ServiceAccount, error)
	// InsertServiceAccount adds an account with its key and its membership.
	InsertServiceAccount(ctx context.Context, account api.ServiceAccount, key KeyRecord) error
	// DeleteServiceAccount ends an account and its key; the row is kept, marked
	// deleted, so that audit events keep their name.
	DeleteServiceAccount(ctx context.Context, id string, at time.Time) error
	// ReplaceKey gives a service account another key; the old hash is gone.
	ReplaceKey(ctx context.Context, accountID string, key KeyRecord) error

	// IdempotentCreate returns what is remembered of a create, or ErrNotFound.
	IdempotentCreate(ctx context.Context, callerID, key string) (IdempotentCreate, error)
	// RememberCreate remembers a create, in place of what was remembered under
	// the same key, and forgets those before expiry.
	RememberCreate(ctx context.Context, create IdempotentCreate, expiry time.Time) error

	// Seeding, used once by Initialise and by sample organizations.
	InsertOrganization(ctx context.Context, organization Organization) error
	InsertRole(ctx context.Context, role api.Role, at time.Time) error
	InsertTeam(ctx context.Context, team api.Team) error
	InsertUser(ctx context.Context, user User) error
	InsertMember(ctx context.Context, teamID, identityID string, at time.Time) error
	// InsertDeveloperKey adds a developer API key, which belongs to a user.
	InsertDeveloperKey(ctx context.Context, userID string, key KeyRecord) error
	// UserByEmail returns the living user of that email, any case, or ErrNotFound.
	UserByEmail(ctx context.Context, email string) (User, error)
}

// Errors of a [Store] that callers act upon.
var (
	// ErrNotFound: there is no such living row.
	ErrNotFound = errors.New("not found")
	// ErrNotInitialised: the database has a schema but no organization yet.
	ErrNotInitialised = errors.New("the database holds no organization yet")
	// ErrInitialised: the database holds an organization already.
	ErrInitialised = errors.New("the database holds an organization already")
)

// Organization is the tenant that everything in a store belongs to.
type Organization struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// UserStatus is where a user is in its lifecycle.
type UserStatus = api.UserStatus

// The statuses of a user.
const (
	UserCreated   = api.UserCreated
	UserActive    = api.UserActive
	UserSuspended = api.UserSuspended
	UserDeleted   = api.UserDeleted
)

// User is a person of the organization.
type User struct {
	ID        string
	Email     string
	Name      string
	Status    UserStatus
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt *time.Time
}

// Identity is who a key belongs to: a user or a service account, with its
// teams and their roles. Status is that of the user; a living service account
// is always active.
type Identity struct {
	Type   api.IdentityType
	ID     string
	Name   string
	Email  string // users only
	Status UserStatus
	Teams  []api.Team
	KeyID  string
	// KeyCreatedAt is when the key was made.
	KeyCreatedAt time.Time
	// KeyUsedAt is when the key was last used, nil when never.
	KeyUsedAt *time.Time
	// AccessVersion is what the store knows this reading by, 0 when it has no
	// name for it. See AccessUnchanged of [CallerReads].
	AccessVersion int64
}

// KeyRecord is what is stored of a key: its hash and hint, never its text.
type KeyRecord struct {
	ID        string
	Hash      api.KeyHash
	Hint      string
	CreatedAt time.Time
}

// KeyUse is one use of a key.
type KeyUse struct {
	KeyID string
	At    time.Time
	IP    string
}

// IdempotentCreate remembers that a caller made a service account under an
// Idempotency-Key, and what the request's body was.
type IdempotentCreate struct {
	CallerID  string
	Key       string
	BodyHash  [32]byte
	AccountID string
	CreatedAt time.Time
	// Replica is the server that handed the account's key out last, and IssuedAt
	// when it began to.
	Replica  string
	IssuedAt time.Time
}

// PageQuery asks for one page. Either After or Offset is set, or neither.
type PageQuery struct {
	Limit  int     // rows, from 1
	After  *Cursor // keyset: rows after this one
	Until  *Cursor // rows up to this one and with it
	Offset int     // rows to pass over, for paging by number
	Total  bool    // count all rows that match
}

// Cursor is a row's place in the order by name and id.
type Cursor struct {
	Name string
	ID   string
}

// TeamQuery asks for teams. Zero fields do not filter; a nil IDs does not
// filter, an empty one matches nothing.
type TeamQuery struct {
	PageQuery
	api.TeamFilter
	IDs []string
}

// TeamPage is one page of teams. More says whether rows follow; Total is -1
// unless it was asked for.
type TeamPage struct {
	Teams []api.Team
	More  bool
	Total int
}

// ServiceAccountQuery asks for service accounts. Zero fields do not filter; a
// nil TeamIDs does not filter, an empty one matches nothing.
//
// Ahead asks where that many pages end that follow this one.
type ServiceAccountQuery struct {
	PageQuery
	Ahead int
	api.ServiceAccountFilter
	TeamIDs []string
}

// ServiceAccountPage is one page of service accounts. More says whether rows
// follow; Total is -1 unless it was asked for. Ahead are the last rows of the
// pages that follow, as far as they are full.
type ServiceAccountPage struct {
	ServiceAccounts []api.ServiceAccount
	Ahead           []Cursor
	More            bool
	Total           int
}

// Event is an audit event before it is written. The store gives it its place
// in the chain: the next sequence number, without gaps, and the hash over the
// previous event's hash (see ChainHash).
type Event struct {
	ID           string
	Time         time.Time
	Actor        api.Actor
	Action       string // such as service_account.create
	ResourceType string // such as service_account
	ResourceID   string
	ResourceName string
	Outcome      string // success or denied
	RequestID    string
	IP           string
	UserAgent    string
	Via          string
	Metadata     map[string]string
}
