package api

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// CreateServiceAccount is the body of a create: team and name are the only
// inputs of what is made (contract, section 1).
type CreateServiceAccount struct {
	Name   string `json:"name"`
	TeamID string `json:"team_id"`
	// SealedTo are the fingerprints of those whom the client seals the key to as
	// soon as it has it, so that it is shown to nobody; see [CheckSealedTo]. The
	// audit event keeps them. It is an extension of ours.
	SealedTo []string `json:"sealed_to,omitempty"`
}

// Equal reports whether both ask for the same, in the sense of an
// Idempotency-Key.
func (c CreateServiceAccount) Equal(other CreateServiceAccount) bool {
	return c.Name == other.Name && c.TeamID == other.TeamID && slices.Equal(c.SealedTo, other.SealedTo)
}

// MaxSealedTo is how many recipients one key can be sealed to.
const MaxSealedTo = 10

// Errors of [CheckSealedTo].
var (
	ErrSealedToMany = fmt.Errorf("a key can be sealed to %d recipients at most", MaxSealedTo)
	ErrSealedToForm = errors.New("must be fingerprints: SHA256: and 43 characters, or an age1 recipient")
	ErrSealedTwice  = errors.New("must name each recipient once")
)

// sealedTo is the fingerprint of an SSH key as ssh-keygen -l prints it, or of an
// age recipient, which is short enough to be its own.
var sealedTo = regexp.MustCompile(`^(SHA256:[A-Za-z0-9+/]{43}|age1[02-9ac-hj-np-z]{1,80})$`)

// CheckSealedTo says what is wrong with the fingerprints of a create.
func CheckSealedTo(fingerprints []string) error {
	if len(fingerprints) > MaxSealedTo {
		return ErrSealedToMany
	}
	for i, fingerprint := range fingerprints {
		if !sealedTo.MatchString(fingerprint) {
			return ErrSealedToForm
		}
		if slices.Contains(fingerprints[:i], fingerprint) {
			return ErrSealedTwice
		}
	}
	return nil
}
