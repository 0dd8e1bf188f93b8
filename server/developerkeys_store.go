package server

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// DeveloperKeyReads is what a [Store] tells of developer keys.
type DeveloperKeyReads interface {
	// DeveloperKeys returns one page of a user's living keys, ordered by id. The
	// Name of its cursors is the id too.
	DeveloperKeys(ctx context.Context, userID string, query PageQuery) (DeveloperKeyPage, error)
}

// DeveloperKeyWrites is what a [Tx] can do with developer keys beside inserting
// them.
type DeveloperKeyWrites interface {
	// DeveloperKey returns a living key of that user, or ErrNotFound.
	DeveloperKey(ctx context.Context, userID, id string) (api.DeveloperKey, error)
	// CountDeveloperKeys is how many living keys a user has.
	CountDeveloperKeys(ctx context.Context, userID string) (int, error)
	// ReplaceDeveloperKey gives the living key of that user and key.ID another
	// hash; the old one is gone. It returns ErrNotFound when there is none.
	ReplaceDeveloperKey(ctx context.Context, userID string, key KeyRecord) error
	// DeleteDeveloperKey ends a key of that user, or returns ErrNotFound; its row
	// is kept, marked deleted.
	DeleteDeveloperKey(ctx context.Context, userID, id string, at time.Time) error
}

// DeveloperKeyPage is one page of a user's keys. More says whether rows follow;
// Total is -1 unless it was asked for.
type DeveloperKeyPage struct {
	Keys  []api.DeveloperKey
	More  bool
	Total int
}
