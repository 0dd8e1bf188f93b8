package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

const userColumns = `u.id, u.email, u.email_folded, u.name, u.status, u.created_at, u.updated_at, u.deleted_at`

// userRows collects users with the folded email that they are ordered by.
type userRows struct {
	users  []server.UserDetails
	folded []string
}

func (r *userRows) scan(rows *sql.Rows) error {
	var user server.UserDetails
	var folded, status string
	var createdAt, updatedAt int64
	var deletedAt sql.NullInt64
	err := rows.Scan(&user.ID, &user.Email, &folded, &user.Name, &status, &createdAt, &updatedAt, &deletedAt)
	user.Status = server.UserStatus(status)
	user.CreatedAt, user.UpdatedAt, user.DeletedAt = timeOf(createdAt), timeOf(updatedAt), timeOrNil(deletedAt)
	r.users, r.folded = append(r.users, user), append(r.folded, folded)
	return err
}

// Users implements [server.Store].
func (s *Store) Users(ctx context.Context, query server.UserQuery) (server.UserPage, error) {
	var rows userRows
	page := server.UserPage{Users: []server.UserDetails{}}
	total, more, err := s.page(ctx, query.PageQuery, listing{
		where: userConditions(query.UserFilter),
		count: `SELECT count(*) FROM users u`,
		rows:  func(where, page string) string { return `SELECT ` + userColumns + ` FROM users u` + where + page },
		name:  "u.email_folded", id: "u.id",
		scan:  rows.scan,
		found: func() int { return len(rows.users) },
	})
	if err != nil {
		return server.UserPage{}, err
	}
	page.Total = total
	if more {
		rows.users = rows.users[:query.Limit]
		page.Next = &server.Cursor{Name: rows.folded[query.Limit-1], ID: rows.users[query.Limit-1].ID}
	}
	if err := addDetails(ctx, s.readers, rows.users); err != nil {
		return server.UserPage{}, err
	}
	page.Users = append(page.Users, rows.users...)
	return page, nil
}

func userConditions(filter api.UserFilter) conditions {
	var where conditions
	if !slices.Contains(filter.Statuses, api.UserDeleted) {
		// Said in these words, an index knows that it has all of them.
		where.add(`u.deleted_at IS NULL`)
	}
	if statuses := filter.Statuses; len(statuses) > 0 {
		args := make([]any, len(statuses))
		for i, status := range statuses {
			args[i] = string(status)
		}
		where.add(`u.status IN (`+placeholders(len(args))+`)`, args...)
	}
	if filter.Email != "" {
		where.add(`u.email_folded = ?`, fold(filter.Email))
	}
	if filter.Team != "" {
		where.add(`EXISTS (SELECT 1 FROM memberships m JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL
			WHERE m.identity_id = u.id AND m.team_id = ?)`, filter.Team)
	}
	return where
}

// User implements [server.Store].
func (s *Store) User(ctx context.Context, id string) (server.UserDetails, error) {
	return user(ctx, s.readers, id)
}

func user(ctx context.Context, from runner, id string) (server.UserDetails, error) {
	var rows userRows
	err := from.run(ctx, false, rows.scan, `SELECT `+userColumns+` FROM users u WHERE u.id = ? AND u.deleted_at IS NULL`, id)
	if err == nil && len(rows.users) == 0 {
		err = server.ErrNotFound
	}
	if err == nil {
		err = addDetails(ctx, from, rows.users)
	}
	if err != nil {
		return server.UserDetails{}, err
	}
	return rows.users[0], nil
}

// runner is what runs texts that vary with their arguments too.
type runner interface {
	run(ctx context.Context, varying bool, scan func(*sql.Rows) error, query string, args ...any) error
}

// addDetails gives each user what it has beside its own row.
func addDetails(ctx context.Context, from runner, users []server.UserDetails) error {
	if len(users) == 0 {
		return nil
	}
	if err := addTeams(ctx, from, users); err != nil {
		return err
	}
	return addSSHKeys(ctx, from, users)
}

// addTeams gives each user the first of its teams, in one query for them all.
func addTeams(ctx context.Context, from runner, users []server.UserDetails) error {
	args := make([]any, 0, len(users)+1)
	place := make(map[string]int, len(users))
	for i := range users {
		users[i].Teams = []api.Ref{}
		args = append(args, users[i].ID)
		place[users[i].ID] = i
	}
	args = append(args, api.DefaultPageSize+1)
	return from.run(ctx, len(users) > 1, func(rows *sql.Rows) error {
		var userID string
		var team api.Ref
		err := rows.Scan(&userID, &team.ID, &team.Name)
		if err != nil {
			return err
		}
		user := &users[place[userID]]
		if len(user.Teams) == api.DefaultPageSize {
			user.MoreTeams = true
			return nil
		}
		user.Teams = append(user.Teams, team)
		return nil
	}, `SELECT identity_id, team_id, team_name FROM (
			SELECT m.identity_id, t.id AS team_id, t.name AS team_name,
				row_number() OVER (PARTITION BY m.identity_id ORDER BY t.name, t.id) AS place
			FROM memberships m JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL
			WHERE m.identity_id IN (`+placeholders(len(users))+`)
		) AS placed WHERE place <= ? ORDER BY identity_id, place`, args...)
}

// UserTeams implements [server.Store].
func (s *Store) UserTeams(ctx context.Context, userID string, query server.PageQuery) (server.UserTeamPage, error) {
	page := server.UserTeamPage{Teams: []api.Ref{}}
	var where conditions
	where.add(`m.identity_id = ?`, userID)
	where.add(`t.deleted_at IS NULL`)
	const from = ` FROM memberships m JOIN teams t ON t.id = m.team_id`
	var err error
	page.Total, page.More, err = s.page(ctx, query, listing{
		where: where,
		count: `SELECT count(*)` + from,
		rows:  func(where, page string) string { return `SELECT t.id, t.name` + from + where + page },
		name:  "t.name", id: "t.id",
		scan: func(rows *sql.Rows) error {
			var team api.Ref
			err := rows.Scan(&team.ID, &team.Name)
			page.Teams = append(page.Teams, team)
			return err
		},
		found: func() int { return len(page.Teams) },
	})
	if err != nil {
		return server.UserTeamPage{}, err
	}
	if page.More {
		page.Teams = page.Teams[:query.Limit]
	}
	return page, nil
}

// Members implements [server.Store].
func (s *Store) Members(ctx context.Context, teamID string, query server.PageQuery) (server.MemberPage, error) {
	page := server.MemberPage{Members: []api.Member{}}
	var folded []string
	var where conditions
	where.add(`m.team_id = ?`, teamID)
	where.add(`m.identity_type = 'user'`)
	const from = ` FROM memberships m JOIN users u ON u.id = m.identity_id AND u.deleted_at IS NULL
		JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL`
	total, more, err := s.page(ctx, query, listing{
		where: where,
		count: `SELECT count(*)` + from,
		rows:  func(where, page string) string { return `SELECT u.id, u.email, u.email_folded` + from + where + page },
		name:  "u.email_folded", id: "u.id",
		scan: func(rows *sql.Rows) error {
			var member api.Member
			var key string
			err := rows.Scan(&member.ID, &member.Email, &key)
			page.Members, folded = append(page.Members, member), append(folded, key)
			return err
		},
		found: func() int { return len(page.Members) },
	})
	if err != nil {
		return server.MemberPage{}, err
	}
	page.Total = total
	if more {
		page.Members = page.Members[:query.Limit]
		page.Next = &server.Cursor{Name: folded[query.Limit-1], ID: page.Members[query.Limit-1].ID}
	}
	return page, nil
}
