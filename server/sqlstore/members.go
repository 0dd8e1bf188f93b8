package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func (t tx) MemberIDs(ctx context.Context, teamID string) ([]string, error) {
	ids := []string{}
	err := t.query(ctx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT u.id FROM memberships m JOIN users u ON u.id = m.identity_id AND u.deleted_at IS NULL
		WHERE m.team_id = ? AND m.identity_type = 'user' ORDER BY u.id`, teamID)
	return ids, err
}

func (t tx) AddMembers(ctx context.Context, teamID string, userIDs []string, at time.Time) ([]string, error) {
	added := []string{}
	for _, id := range userIDs {
		var living int
		if err := first(ctx, t, `SELECT count(*) FROM users WHERE id = ? AND deleted_at IS NULL`, []any{id}, &living); err != nil {
			return nil, err
		}
		if living == 0 {
			return nil, fmt.Errorf("add a member to a team: %w", server.ErrNotFound)
		}
		n, err := t.exec(ctx, `INSERT INTO memberships (identity_id, team_id, identity_type, created_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (identity_id, team_id) DO NOTHING`, id, teamID, string(api.IdentityUser), micros(at))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			added = append(added, id)
		}
	}
	return added, nil
}

func (t tx) RemoveMembers(ctx context.Context, teamID string, userIDs []string) ([]string, error) {
	removed := []string{}
	for _, id := range userIDs {
		n, err := t.exec(ctx, `DELETE FROM memberships WHERE identity_id = ? AND team_id = ? AND identity_type = ?`,
			id, teamID, string(api.IdentityUser))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			removed = append(removed, id)
		}
	}
	if len(removed) == 0 {
		return removed, nil
	}
	return removed, t.raiseAccess(ctx)
}
