package api

// Paths of the endpoints for other programs (extension).
const (
	// PathIntrospect answers what a key stands for (RFC 7662).
	PathIntrospect = "/oauth2/introspect"
	// PathAuth answers a gateway whether it may let a request through.
	PathAuth = "/auth"
	// PathMetrics answers what the server counts, in Prometheus's text format.
	PathMetrics = "/metrics"
)

// Headers of the answer of [PathAuth] with status 200. They hold visible ASCII
// only. A gateway must remove what comes from outside under these names.
const (
	HeaderAuthSubject = "X-Auth-Subject" // id of the identity
	HeaderAuthType    = "X-Auth-Type"    // user or service_account
	// HeaderAuthName is the name, percent-encoded as in a path of a URL.
	HeaderAuthName = "X-Auth-Name"
	// HeaderAuthTeam holds the ids of the teams, separated by commas.
	HeaderAuthTeam = "X-Auth-Team"
	// HeaderAuthPermissions holds what is granted, separated by commas:
	// use-agents for all resources, use-agents:ID for a specific one, with the
	// ID percent-encoded.
	HeaderAuthPermissions = "X-Auth-Permissions"
	// HeaderAuthTruncated is "true" when teams or permissions were left out
	// because the headers would grow too large for a gateway.
	HeaderAuthTruncated = "X-Auth-Truncated"
)

// Introspection is the answer of [PathIntrospect]. Of a key that is unknown,
// deleted, malformed or of a suspended user nothing but Active is set.
type Introspection struct {
	Active   bool   `json:"active"`
	Subject  string `json:"sub,omitempty"`       // id of the identity
	Username string `json:"username,omitempty"`  // a user's email, a service account's name
	ClientID string `json:"client_id,omitempty"` // id of the key
	IssuedAt int64  `json:"iat,omitempty"`       // when the key was made, seconds since 1970
	// Team is the identity's team, the first by name when there are several.
	Team *Ref `json:"team,omitempty"`
	// Permissions is the union of what all its teams grant, empty when that is
	// nothing. It is left out only where the key is not active.
	Permissions []Permission `json:"permissions,omitzero"`
}
