package sqlstore

import (
	"context"

	"github.com/lifeguard-keys/lifeguard/server"
)

// Organization implements [server.Store].
func (s *Store) Organization(ctx context.Context) (server.Organization, error) {
	return organization(ctx, s.readers)
}

func organization(ctx context.Context, from querier) (server.Organization, error) {
	var found server.Organization
	var createdAt int64
	err := first(ctx, from, `SELECT id, name, created_at FROM organization`, nil, &found.ID, &found.Name, &createdAt)
	if err != nil {
		return server.Organization{}, absent(err, server.ErrNotInitialised)
	}
	found.CreatedAt = timeOf(createdAt)
	return found, nil
}
