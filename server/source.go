package server

import (
	"crypto/rand"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
)

// source is where everything that differs from run to run comes from.
type source struct {
	clock  func() time.Time
	random io.Reader
	newID  func() string
}

// sourceOf fills in what was left out: the system's clock, its CSPRNG, and
// UUIDs of version 7, which is what Poolside's ids are.
func sourceOf(clock func() time.Time, random io.Reader, newID func() string) source {
	if clock == nil {
		clock = time.Now
	}
	if random == nil {
		random = rand.Reader
	}
	if newID == nil {
		newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	return source{clock: clock, random: random, newID: newID}
}

func (s source) now() time.Time { return storedTime(s.clock()) }

// mint makes a key and what is stored of it.
func (s source) mint() (api.Secret, KeyRecord, error) {
	secret, err := api.MintKey(s.random)
	if err != nil {
		return api.Secret{}, KeyRecord{}, err
	}
	return secret, s.record(secret), nil
}

// developerKey takes the given key, or mints one when it is zero.
func (s source) developerKey(given api.Secret) (api.Secret, KeyRecord, error) {
	if given.IsZero() {
		return s.mint()
	}
	if err := api.CheckKey(given.Reveal()); err != nil {
		return api.Secret{}, KeyRecord{}, err
	}
	return given, s.record(given), nil
}

func (s source) record(secret api.Secret) KeyRecord {
	text := secret.Reveal()
	return KeyRecord{ID: s.newID(), Hash: api.HashKey(text), Hint: api.KeyHint(text), CreatedAt: s.now()}
}
