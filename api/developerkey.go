package api

// Paths of developer keys.
const (
	// PathMyAPIKeys is the list of the caller's developer keys (extension).
	PathMyAPIKeys = PathMe + "/api-keys"
	// PathMyAPIKey is one of them, by {id} (extension).
	PathMyAPIKey = PathMyAPIKeys + "/{id}"
	// PathUserAPIKeys is where somebody else makes a key for a user (extension).
	PathUserAPIKeys = PathUser + "/api-keys"
)

// MaxDeveloperKeys is how many keys a user can have at a time.
const MaxDeveloperKeys = 50

// DeveloperKey is what may be shown of a key that belongs to a user. It has
// the user's permissions and ends with the user.
type DeveloperKey struct {
	ID string `json:"id"`
	KeySummary
}

// DeveloperKeyList is one page of the caller's developer keys, the oldest
// first.
type DeveloperKeyList struct {
	APIKeys []DeveloperKey `json:"api_keys"`
	Links   Links          `json:"links"`
	Total   *int           `json:"total,omitempty"` // only with include_totals
}

// CreatedDeveloperKey is the only answer that ever holds a developer key.
type CreatedDeveloperKey struct {
	Key    DeveloperKey `json:"key"`
	APIKey Secret       `json:"api_key"`
	// Replayed is true when the create had already happened and this answer
	// carries a fresh secret for the same key. It travels in the header
	// [HeaderIdempotentReplayed], not in the body.
	Replayed bool `json:"-"`
}
