package sqlstore

import (
	"context"
	"database/sql"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// Teams implements [server.Store].
func (s *Store) Teams(ctx context.Context, query server.TeamQuery) (server.TeamPage, error) {
	var where conditions
	where.add(`deleted_at IS NULL`)
	if query.Name != "" {
		where.add(`name = ?`, query.Name)
	}
	if query.NamePrefix != "" {
		where.add(`substr(name, 1, length(?)) = ?`, query.NamePrefix, query.NamePrefix)
	}
	if query.IDs != nil {
		where.in(`id`, query.IDs)
	}
	var rows teamRows
	total, more, err := s.page(ctx, query.PageQuery, listing{
		where: where,
		count: `SELECT count(*) FROM teams`,
		rows: func(where, page string) string {
			return `SELECT ` + teamColumns + ` FROM (SELECT * FROM teams` + where + page + `) t` + teamJoins + ` ORDER BY t.name, t.id`
		},
		name: "name", id: "id",
		scan:  rows.scan,
		found: func() int { return len(rows.teams) },
	})
	if err != nil {
		return server.TeamPage{}, err
	}
	teams := rows.finish()
	if more {
		teams = teams[:query.Limit]
	}
	return server.TeamPage{Teams: teams, More: more, Total: total}, nil
}

// Team implements [server.Store].
func (s *Store) Team(ctx context.Context, id string) (api.Team, error) {
	return team(ctx, s.readers, id)
}

func team(ctx context.Context, from querier, id string) (api.Team, error) {
	return teamWhere(ctx, from, `t.id = ?`, id)
}

func teamWhere(ctx context.Context, from querier, where string, args ...any) (api.Team, error) {
	var rows teamRows
	err := from.query(ctx, rows.scan, `SELECT `+teamColumns+` FROM teams t`+teamJoins+` WHERE t.deleted_at IS NULL AND `+where, args...)
	if err != nil {
		return api.Team{}, err
	}
	if len(rows.teams) == 0 {
		return api.Team{}, server.ErrNotFound
	}
	return rows.finish()[0], nil
}

// teamColumns and teamJoins give a row for every permission of every team t,
// and one for a team whose role grants nothing.
const (
	teamColumns = `t.id, t.name, t.created_at, t.updated_at, r.id, r.name, r.created_by, p.action, p.scope, p.resource`
	teamJoins   = ` LEFT JOIN roles r ON r.id = t.role_id LEFT JOIN role_permissions p ON p.role_id = r.id`
)

// teamRows puts teams together from such rows, in any order.
type teamRows struct {
	teams []api.Team
	place map[string]int
}

func (r *teamRows) scan(rows *sql.Rows) error {
	var row teamRow
	if err := rows.Scan(row.dest()...); err != nil {
		return err
	}
	r.add(&row)
	return nil
}

// teamRow is one row of teamColumns. Each column can be absent where the
// teams themselves are joined to something.
type teamRow struct {
	id, name                   sql.NullString
	createdAt, updatedAt       sql.NullInt64
	roleID, roleName, roleFrom sql.NullString
	action, scope, resource    sql.NullString
}

func (r *teamRow) dest() []any {
	return []any{
		&r.id, &r.name, &r.createdAt, &r.updatedAt,
		&r.roleID, &r.roleName, &r.roleFrom, &r.action, &r.scope, &r.resource,
	}
}

func (r *teamRows) add(row *teamRow) {
	if !row.id.Valid {
		return
	}
	at, known := r.place[row.id.String]
	if !known {
		if r.place == nil {
			r.place = map[string]int{}
		}
		at = len(r.teams)
		r.place[row.id.String] = at
		r.teams = append(r.teams, api.Team{
			ID: row.id.String, Name: row.name.String,
			Role:      api.Role{ID: row.roleID.String, Name: row.roleName.String, CreatedBy: row.roleFrom.String},
			CreatedAt: timeOf(row.createdAt.Int64), UpdatedAt: timeOf(row.updatedAt.Int64),
		})
	}
	if !row.action.Valid {
		return
	}
	permission := api.Permission{Action: api.Action(row.action.String), Scope: api.Scope(row.scope.String)}
	if row.resource.String != "" {
		permission.Resources = []string{row.resource.String}
	}
	role := &r.teams[at].Role
	role.Permissions = append(role.Permissions, permission)
}

// finish returns the teams with the permissions of their roles merged, in the
// order of [api.Actions]. It never returns nil.
func (r *teamRows) finish() []api.Team {
	if r.teams == nil {
		return []api.Team{}
	}
	for i := range r.teams {
		r.teams[i].Role.Permissions = api.UnionPermissions(r.teams[i].Role.Permissions)
	}
	return r.teams
}
