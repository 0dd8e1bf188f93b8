package sqlstore

import (
	"context"
	"database/sql"

	"github.com/lifeguard-keys/lifeguard/server"
)

// Directory implements [server.Store].
func (s *Store) Directory(ctx context.Context) (server.Directory, error) {
	t, err := s.readers.begin(ctx)
	if err != nil {
		return server.Directory{}, err
	}
	defer func() { _ = t.tx.Rollback() }() // it has only read
	return directory(ctx, t)
}

func (t tx) Directory(ctx context.Context) (server.Directory, error) { return directory(ctx, t) }

func directory(ctx context.Context, from querier) (server.Directory, error) {
	var roles roleRows
	var teams teamRows
	var users userRows
	for _, list := range []struct {
		scan func(*sql.Rows) error
		text string
	}{
		{roles.scan, `SELECT ` + roleColumns + ` FROM roles r` + roleJoins + ` WHERE r.deleted_at IS NULL ORDER BY r.name, r.id`},
		{teams.scan, `SELECT ` + teamColumns + ` FROM teams t` + teamJoins + ` WHERE t.deleted_at IS NULL ORDER BY t.name, t.id`},
		{users.scan, `SELECT ` + userColumns + ` FROM users u WHERE u.deleted_at IS NULL ORDER BY u.email_folded, u.id`},
	} {
		if err := from.query(ctx, list.scan, list.text); err != nil {
			return server.Directory{}, err
		}
	}
	found := server.Directory{Roles: roles.finish(), Teams: []server.DirectoryTeam{}, Users: []server.User{}}
	place := map[string]int{}
	for i, team := range teams.finish() {
		found.Teams = append(found.Teams, server.DirectoryTeam{Team: team, MemberIDs: []string{}})
		place[team.ID] = i
	}
	for _, user := range users.users {
		found.Users = append(found.Users, user.User)
	}
	err := from.query(ctx, func(rows *sql.Rows) error {
		userID, key, err := scanSSHKey(rows)
		if found.SSHKeys == nil {
			found.SSHKeys = map[string][]server.SSHKey{}
		}
		found.SSHKeys[userID] = append(found.SSHKeys[userID], key)
		return err
	}, `SELECT user_id, fingerprint, line FROM ssh_keys ORDER BY line`)
	if err != nil {
		return found, err
	}
	err = from.query(ctx, func(rows *sql.Rows) error {
		var teamID, userID string
		err := rows.Scan(&teamID, &userID)
		if at, living := place[teamID]; living && err == nil {
			team := &found.Teams[at]
			team.MemberIDs = append(team.MemberIDs, userID)
		}
		return err
	}, `SELECT m.team_id, u.id FROM memberships m JOIN users u ON u.id = m.identity_id AND u.deleted_at IS NULL
		WHERE m.identity_type = 'user' ORDER BY u.email_folded, u.id`)
	return found, err
}
