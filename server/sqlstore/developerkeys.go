package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

const developerKeyColumns = `k.id, k.hint, k.created_at, k.last_used_at, k.last_used_ip`

func scanDeveloperKey(rows *sql.Rows) (api.DeveloperKey, error) {
	var key api.DeveloperKey
	var createdAt int64
	var usedAt sql.NullInt64
	var ip sql.NullString
	err := rows.Scan(&key.ID, &key.Hint, &createdAt, &usedAt, &ip)
	key.CreatedAt, key.LastUsedAt, key.LastUsedIP = timeOf(createdAt), timeOrNil(usedAt), ip.String
	return key, err
}

// DeveloperKeys implements [server.Store].
func (s *Store) DeveloperKeys(ctx context.Context, userID string, query server.PageQuery) (server.DeveloperKeyPage, error) {
	page := server.DeveloperKeyPage{Keys: []api.DeveloperKey{}}
	var where conditions
	where.add(`k.user_id = ?`, userID)
	where.add(`k.deleted_at IS NULL`)
	var err error
	page.Total, page.More, err = s.page(ctx, query, listing{
		where: where,
		count: `SELECT count(*) FROM keys k`,
		rows: func(where, page string) string {
			return `SELECT ` + developerKeyColumns + ` FROM keys k` + where + page
		},
		name: "k.id", id: "k.id",
		scan: func(rows *sql.Rows) error {
			key, err := scanDeveloperKey(rows)
			page.Keys = append(page.Keys, key)
			return err
		},
		found: func() int { return len(page.Keys) },
	})
	if err != nil {
		return server.DeveloperKeyPage{}, err
	}
	if page.More {
		page.Keys = page.Keys[:query.Limit]
	}
	return page, nil
}

func (t tx) DeveloperKey(ctx context.Context, userID, id string) (api.DeveloperKey, error) {
	var key api.DeveloperKey
	known := false
	err := t.query(ctx, func(rows *sql.Rows) (err error) {
		known = true
		key, err = scanDeveloperKey(rows)
		return err
	}, `SELECT `+developerKeyColumns+` FROM keys k WHERE k.id = ? AND k.user_id = ? AND k.deleted_at IS NULL`, id, userID)
	if err == nil && !known {
		err = server.ErrNotFound
	}
	return key, err
}

func (t tx) CountDeveloperKeys(ctx context.Context, userID string) (int, error) {
	return t.count(ctx, `SELECT count(*) FROM keys WHERE user_id = ? AND deleted_at IS NULL`, userID)
}

func (t tx) ReplaceDeveloperKey(ctx context.Context, userID string, key server.KeyRecord) error {
	n, err := t.exec(ctx, `UPDATE keys SET slot = ?, hash = ?, hint = ?, created_at = ? WHERE id = ? AND user_id = ? AND deleted_at IS NULL`,
		slotOf(key.Hash), key.Hash[:], key.Hint, micros(key.CreatedAt), key.ID, userID)
	if err := found(n, err); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) DeleteDeveloperKey(ctx context.Context, userID, id string, at time.Time) error {
	n, err := t.exec(ctx, `UPDATE keys SET `+deletedKey+` WHERE id = ? AND user_id = ? AND deleted_at IS NULL`, micros(at), id, userID)
	if err := found(n, err); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}
