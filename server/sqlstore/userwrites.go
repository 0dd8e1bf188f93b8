package sqlstore

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func (t tx) User(ctx context.Context, id string) (server.UserDetails, error) {
	return user(ctx, t, id)
}

func (t tx) UpdateUser(ctx context.Context, user server.User) error {
	n, err := t.exec(ctx, `UPDATE users SET email = ?, email_folded = ?, name = ?, status = ?, updated_at = ?
		WHERE id = ? AND deleted_at IS NULL`,
		user.Email, fold(user.Email), user.Name, string(user.Status), micros(user.UpdatedAt), user.ID)
	if err := found(n, err); err != nil || user.Status != server.UserSuspended {
		return err
	}
	return t.raiseAccess(ctx)
}

// found is ErrNotFound when a statement has changed no row.
func found(rows int64, err error) error {
	if err == nil && rows == 0 {
		return server.ErrNotFound
	}
	return err
}

func (t tx) DeleteUser(ctx context.Context, id string, at time.Time) error {
	n, err := t.exec(ctx, `UPDATE users SET status = ?, updated_at = ?, deleted_at = ? WHERE id = ? AND deleted_at IS NULL`,
		string(server.UserDeleted), micros(at), micros(at), id)
	if err := found(n, err); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE keys SET `+deletedKey+` WHERE user_id = ? AND deleted_at IS NULL`, micros(at), id); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM ssh_keys WHERE user_id = ?`, id); err != nil {
		return err
	}
	if _, err = t.exec(ctx, `DELETE FROM memberships WHERE identity_id = ?`, id); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) TeamsOf(ctx context.Context, userID string) ([]api.Team, error) {
	var rows teamRows
	err := t.query(ctx, rows.scan, `SELECT `+teamColumns+` FROM memberships m JOIN teams t ON t.id = m.team_id`+teamJoins+`
		WHERE m.identity_id = ? AND t.deleted_at IS NULL ORDER BY t.id`, userID)
	return rows.finish(), err
}

func (t tx) HasActiveAdministrator(ctx context.Context) (bool, error) {
	var administrators int
	err := first(ctx, t, `SELECT count(*) FROM (
			SELECT u.id FROM roles r
			JOIN teams t ON t.role_id = r.id AND t.deleted_at IS NULL
			JOIN memberships m ON m.team_id = t.id AND m.identity_type = 'user'
			JOIN users u ON u.id = m.identity_id AND u.status = ?
			WHERE r.name = ? AND r.created_by = ? AND r.deleted_at IS NULL LIMIT 1
		) AS administrators`,
		[]any{string(server.UserActive), api.RoleTenantAdmin, api.CreatedBySystem}, &administrators)
	return administrators > 0, err
}
