package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// scanSSHKey reads the columns user_id, fingerprint and line.
func scanSSHKey(rows *sql.Rows) (userID string, key server.SSHKey, err error) {
	var fingerprint []byte
	err = rows.Scan(&userID, &fingerprint, &key.Line)
	copy(key.Fingerprint[:], fingerprint)
	return userID, key, err
}

// addSSHKeys gives each user its SSH keys, in one query for them all.
func addSSHKeys(ctx context.Context, from runner, users []server.UserDetails) error {
	args := make([]any, 0, len(users))
	place := make(map[string]int, len(users))
	for i, user := range users {
		args = append(args, user.ID)
		place[user.ID] = i
	}
	return from.run(ctx, len(users) > 1, func(rows *sql.Rows) error {
		userID, key, err := scanSSHKey(rows)
		if err == nil {
			user := &users[place[userID]]
			user.SSHKeys = append(user.SSHKeys, key)
		}
		return err
	}, `SELECT user_id, fingerprint, line FROM ssh_keys WHERE user_id IN (?`+strings.Repeat(`, ?`, len(users)-1)+`) ORDER BY line`, args...)
}

// sshOwner returns whose SSH key it is, without teams, and the ids of these.
func sshOwner(ctx context.Context, read reading, fingerprint server.SSHFingerprint) (identity server.Identity, teamIDs []string, err error) {
	identity.Type = api.IdentityUser
	var createdAt int64
	var status string
	err = read(ctx, func(rows *sql.Rows) error {
		var team sql.NullString
		err := rows.Scan(&identity.AccessVersion, &createdAt, &identity.ID, &identity.Name, &identity.Email, &status, &team)
		if team.Valid {
			teamIDs = append(teamIDs, team.String)
		}
		return err
	}, `SELECT (`+selectVersion+`), k.created_at, u.id, u.name, u.email, u.status, m.team_id
		FROM ssh_keys k
		JOIN users u ON u.id = k.user_id
		LEFT JOIN memberships m ON m.identity_id = u.id
		WHERE k.fingerprint = ?`, fingerprint[:])
	switch {
	case err != nil:
		return identity, nil, err
	case identity.ID == "" || server.UserStatus(status) == server.UserDeleted:
		return identity, nil, server.ErrNotFound
	}
	identity.Status, identity.KeyCreatedAt = server.UserStatus(status), timeOf(createdAt)
	return identity, teamIDs, nil
}

// SSHKeyOwners implements [server.Store].
func (s *Store) SSHKeyOwners(ctx context.Context, fingerprints []server.SSHFingerprint) (map[server.SSHFingerprint]string, error) {
	owners := make(map[server.SSHFingerprint]string, len(fingerprints))
	if len(fingerprints) == 0 {
		return owners, nil
	}
	args := []any{string(server.UserActive), string(server.UserCreated)}
	for _, fingerprint := range fingerprints {
		args = append(args, fingerprint[:])
	}
	err := s.readers.run(ctx, true, func(rows *sql.Rows) error {
		userID, key, err := scanSSHKey(rows)
		owners[key.Fingerprint] = userID
		return err
	}, `SELECT k.user_id, k.fingerprint, k.line FROM ssh_keys k JOIN users u ON u.id = k.user_id
		WHERE u.status IN (?, ?) AND k.fingerprint IN (?`+strings.Repeat(`, ?`, len(fingerprints)-1)+`)`, args...)
	return owners, err
}

func (t tx) SetSSHKeys(ctx context.Context, userID string, keys []server.SSHKey, at time.Time) error {
	var before []server.SSHKey
	err := t.query(ctx, func(rows *sql.Rows) error {
		_, key, err := scanSSHKey(rows)
		before = append(before, key)
		return err
	}, `SELECT user_id, fingerprint, line FROM ssh_keys WHERE user_id = ?`, userID)
	if err != nil {
		return err
	}
	for _, key := range before {
		if !slices.Contains(keys, key) {
			if _, err := t.exec(ctx, `DELETE FROM ssh_keys WHERE fingerprint = ?`, key.Fingerprint[:]); err != nil {
				return err
			}
			if err := t.raiseAccess(ctx); err != nil {
				return err
			}
		}
	}
	for _, key := range keys {
		if !slices.Contains(before, key) {
			if _, err := t.exec(ctx, `INSERT INTO ssh_keys (fingerprint, user_id, line, created_at)
				VALUES (?, ?, ?, ?)`, key.Fingerprint[:], userID, key.Line, micros(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t tx) UserBySSHKey(ctx context.Context, fingerprint server.SSHFingerprint) (server.User, error) {
	var id string
	err := first(ctx, t, `SELECT user_id FROM ssh_keys WHERE fingerprint = ?`, []any{fingerprint[:]}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return server.User{}, server.ErrNotFound
	}
	if err != nil {
		return server.User{}, err
	}
	found, err := t.User(ctx, id)
	return found.User, err
}
