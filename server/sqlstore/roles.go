package sqlstore

import (
	"context"
	"database/sql"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// roleColumns and roleJoins give a row for every permission of every role r,
// and one for a role that grants nothing.
const (
	roleColumns = `r.id, r.name, r.created_by, r.created_at, r.updated_at, p.action, p.scope, p.resource`
	roleJoins   = ` LEFT JOIN role_permissions p ON p.role_id = r.id`
)

// roleRows puts roles together from such rows.
type roleRows struct {
	roles []api.Role
	place map[string]int
}

func (r *roleRows) scan(rows *sql.Rows) error {
	var role api.Role
	var createdAt, updatedAt int64
	var action, scope, resource sql.NullString
	if err := rows.Scan(&role.ID, &role.Name, &role.CreatedBy, &createdAt, &updatedAt, &action, &scope, &resource); err != nil {
		return err
	}
	at, known := r.place[role.ID]
	if !known {
		if r.place == nil {
			r.place = map[string]int{}
		}
		at = len(r.roles)
		r.place[role.ID] = at
		role.CreatedAt, role.UpdatedAt = timeOf(createdAt), timeOf(updatedAt)
		r.roles = append(r.roles, role)
	}
	if action.Valid {
		permission := api.Permission{Action: api.Action(action.String), Scope: api.Scope(scope.String)}
		if resource.String != "" {
			permission.Resources = []string{resource.String}
		}
		r.roles[at].Permissions = append(r.roles[at].Permissions, permission)
	}
	return nil
}

// finish returns the roles with their permissions merged, in the order of
// [api.Actions]. It never returns nil.
func (r *roleRows) finish() []api.Role {
	if r.roles == nil {
		return []api.Role{}
	}
	for i := range r.roles {
		r.roles[i].Permissions = api.UnionPermissions(r.roles[i].Permissions)
	}
	return r.roles
}

// Roles implements [server.Store].
func (s *Store) Roles(ctx context.Context, query server.PageQuery) (server.RolePage, error) {
	var where conditions
	where.add(`deleted_at IS NULL`)
	var rows roleRows
	total, more, err := s.page(ctx, query, listing{
		where: where,
		count: `SELECT count(*) FROM roles`,
		rows: func(where, page string) string {
			return `SELECT ` + roleColumns + ` FROM (SELECT * FROM roles` + where + page + `) r` + roleJoins + ` ORDER BY r.name, r.id`
		},
		name: "name", id: "id",
		scan:  rows.scan,
		found: func() int { return len(rows.roles) },
	})
	if err != nil {
		return server.RolePage{}, err
	}
	roles := rows.finish()
	if more {
		roles = roles[:query.Limit]
	}
	return server.RolePage{Roles: roles, More: more, Total: total}, nil
}

// Role implements [server.Store].
func (s *Store) Role(ctx context.Context, id string) (api.Role, error) {
	return role(ctx, s.readers, `r.id = ?`, id)
}

func role(ctx context.Context, from querier, where string, args ...any) (api.Role, error) {
	var rows roleRows
	err := from.query(ctx, rows.scan, `SELECT `+roleColumns+` FROM roles r`+roleJoins+` WHERE r.deleted_at IS NULL AND `+where, args...)
	if err != nil {
		return api.Role{}, err
	}
	if len(rows.roles) == 0 {
		return api.Role{}, server.ErrNotFound
	}
	return rows.finish()[0], nil
}
