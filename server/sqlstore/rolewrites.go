package sqlstore

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func (t tx) Role(ctx context.Context, id string) (api.Role, error) {
	return role(ctx, t, `r.id = ?`, id)
}

func (t tx) RoleByName(ctx context.Context, name string) (api.Role, error) {
	return role(ctx, t, `r.name = ?`, name)
}

func (t tx) UpdateRole(ctx context.Context, role api.Role) error {
	n, err := t.exec(ctx, `UPDATE roles SET name = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL`,
		role.Name, micros(role.UpdatedAt), role.ID)
	if err := found(n, err); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM role_permissions WHERE role_id = ?`, role.ID); err != nil {
		return err
	}
	if err := t.insertPermissions(ctx, role); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) DeleteRole(ctx context.Context, id string, at time.Time) error {
	n, err := t.exec(ctx, `UPDATE roles SET updated_at = ?, deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, micros(at), micros(at), id)
	return t.changedAccess(ctx, n, err)
}

func (t tx) CountTeams(ctx context.Context, roleID string) (int, error) {
	return t.count(ctx, `SELECT count(*) FROM teams WHERE role_id = ? AND deleted_at IS NULL`, roleID)
}

func (t tx) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := first(ctx, t, query, args, &n)
	return n, err
}

func (t tx) TeamByName(ctx context.Context, name string) (api.Team, error) {
	return teamWhere(ctx, t, `t.name = ?`, name)
}

func (t tx) UpdateTeam(ctx context.Context, team api.Team) error {
	n, err := t.exec(ctx, `UPDATE teams SET name = ?, role_id = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL`,
		team.Name, team.Role.ID, micros(team.UpdatedAt), team.ID)
	return t.changedAccess(ctx, n, err)
}

// changedAccess is found for a change of a team or a role.
func (t tx) changedAccess(ctx context.Context, rows int64, err error) error {
	if err := found(rows, err); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) DeleteTeam(ctx context.Context, id string, at time.Time) error {
	n, err := t.exec(ctx, `UPDATE teams SET updated_at = ?, deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, micros(at), micros(at), id)
	if err := t.changedAccess(ctx, n, err); err != nil {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM memberships WHERE team_id = ? AND identity_type = ?`, id, string(api.IdentityUser))
	return err
}

func (t tx) CountServiceAccounts(ctx context.Context, teamID string) (int, error) {
	return t.count(ctx, `SELECT count(*) FROM service_accounts WHERE team_id = ? AND deleted_at IS NULL`, teamID)
}

var _ server.RoleWrites = tx{}
