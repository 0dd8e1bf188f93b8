// Package api is the wire between a Lifeguard client and a Lifeguard server:
// the resources as JSON carries them, the paths they live at, the errors they
// fail with, the format of a key and the rules for a name.
//
// It uses the standard library only and imports no other package of this
// project, so both sides and the console can share it. Which of the endpoints
// are Poolside's documented contract and which are Lifeguard's own extension
// is said at each path.
package api

import "time"

// Paths of the HTTP API. Those marked "extension" are described by nothing
// public: they are Lifeguard's own.
const (
	// PathMe is the caller itself (extension).
	PathMe = "/poolside/v1/me"
	// PathTeams is the list of teams (documented).
	PathTeams = "/poolside/v1/teams"
	// PathTeam is one team, by {team_id} (documented).
	PathTeam = PathTeams + "/{team_id}"
	// PathServiceAccounts is the list of service accounts (extension).
	PathServiceAccounts = "/poolside/v1/service-accounts"
	// PathServiceAccount is one service account, by {id} (extension).
	PathServiceAccount = PathServiceAccounts + "/{id}"
	// PathHealthz answers 200 while the process runs (extension).
	PathHealthz = "/healthz"
	// PathReadyz answers 200 while the server takes requests (extension).
	PathReadyz = "/readyz"
	// PathOpenAPI is the OpenAPI 3.1 document (extension).
	PathOpenAPI = "/openapi.json"
)

// Headers that mean something to both sides.
const (
	// HeaderRequestID carries the server's id of a request, on every answer.
	HeaderRequestID = "X-Request-Id"
	// HeaderIdempotencyKey makes a create exactly-once: a UUID of the caller's
	// choice, the same one for every retry of the same create.
	HeaderIdempotencyKey = "Idempotency-Key"
	// HeaderIdempotentReplayed is "true" on the answer to a create that had
	// already happened: same account, fresh key.
	HeaderIdempotentReplayed = "Idempotent-Replayed"
	// PreferAhead is the preference ahead=N (RFC 7240) of who reads a whole list
	// of service accounts: the answer says in Link headers of the relation
	// [RelAhead] where the next N pages are, and then where the rest is.
	PreferAhead = "ahead"
	RelAhead    = "urn:lifeguard:ahead"
	// HeaderVia names the program that a change was made with; it is kept in
	// the audit event's via field.
	HeaderVia = "X-Lifeguard-Via"
)

// Limits of paging (contract: page_size defaults to 20 and is at most 300).
const (
	DefaultPageSize = 20
	MaxPageSize     = 300
)

// IdempotencyWindow is how long the server recognises an Idempotency-Key.
const IdempotencyWindow = 24 * time.Hour

// IdentityType tells what kind of identity acts or owns.
type IdentityType string

// The kinds of identity. Anonymous and System only ever appear as actors:
// in audit events, and System as the creator of what came with the schema.
const (
	IdentityUser           IdentityType = "user"
	IdentityServiceAccount IdentityType = "service_account"
	IdentityAnonymous      IdentityType = "anonymous"
	IdentitySystem         IdentityType = "system"
)

// Actor is an identity as it is named beside what it did. The name stays
// what it was, also after the identity itself is deleted.
type Actor struct {
	Type IdentityType `json:"type"`
	ID   string       `json:"id,omitempty"`
	Name string       `json:"name,omitempty"`
}

// Ref names another resource by id and name.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Links holds what a list says about its neighbours. It is always present,
// and empty on the last page.
type Links struct {
	// Next is the URL of the next page with every filter and the page size in
	// it; it may be relative to the host.
	Next string `json:"next,omitempty"`
}

// Caller is the answer of [PathMe]: who the key belongs to and what it may do.
type Caller struct {
	Type        IdentityType `json:"type"`
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Email       string       `json:"email,omitempty"`
	Teams       []CallerTeam `json:"teams"`
	Permissions []Permission `json:"permissions"`
	// Organization is the name of the organization that the key belongs to.
	Organization string `json:"organization,omitempty"`
}

// CallerTeam is a team of the caller with the name of the team's role.
type CallerTeam struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Role names a set of permissions. A team has exactly one.
type Role struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	CreatedBy   string       `json:"created_by"` // "system" or "user"
	Permissions []Permission `json:"permissions"`
	// CreatedAt and UpdatedAt are left out where the role stands in a team.
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Team is a group of identities that share one role.
type Team struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Role is the team's role with its permissions (extension: the documented
	// team has no such field, and a client written for it ignores this one).
	Role      Role       `json:"role"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
}

// TeamList is one page of teams.
type TeamList struct {
	Teams []Team `json:"teams"`
	Links Links  `json:"links"`
	Total *int   `json:"total,omitempty"` // only with include_totals
}

// ServiceAccount is an identity for automation with exactly one API key. It
// inherits its team's permissions, does not expire, and does not depend on
// the user who created it.
type ServiceAccount struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Team      Ref        `json:"team"`
	Key       KeySummary `json:"key"`
	CreatedBy Actor      `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
}

// KeySummary is what may be shown of a key: never enough to use it.
type KeySummary struct {
	// Hint is the first four and last four characters of the secret part,
	// as in ps-4f8a…9Qx2.
	Hint       string     `json:"hint"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	LastUsedIP string     `json:"last_used_ip,omitempty"`
}

// ServiceAccountList is one page of service accounts, ordered by name and id.
type ServiceAccountList struct {
	ServiceAccounts []ServiceAccount `json:"service_accounts"`
	Links           Links            `json:"links"`
	Total           *int             `json:"total,omitempty"` // only with include_totals
}

// CreatedServiceAccount is the only answer that ever holds a key.
type CreatedServiceAccount struct {
	ServiceAccount ServiceAccount `json:"service_account"`
	APIKey         Secret         `json:"api_key"`
	// Replayed is true when the create had already happened and this answer
	// carries a fresh key for the same account. It travels in the header
	// [HeaderIdempotentReplayed], not in the body.
	Replayed bool `json:"-"`
}

// ListOptions are the parameters that every list takes.
type ListOptions struct {
	PageSize      int    // 0 means DefaultPageSize; at most MaxPageSize
	StartToken    string // opaque, from the server; excludes Page
	Page          int    // from 1; excludes StartToken
	IncludeTotals bool
}

// TeamFilter narrows a list of teams. Zero fields do not filter.
type TeamFilter struct {
	Name       string // exact
	NamePrefix string
}

// ServiceAccountFilter narrows a list of service accounts. Zero fields do not
// filter.
type ServiceAccountFilter struct {
	Team      string // team id
	CreatedBy string // identity id
	Query     string // substring of the name, any case
	KeyHash   string // lower-case hex SHA-256 of a whole key
}
