package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

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
	}, `SELECT user_id, fingerprint, line FROM ssh_keys WHERE user_id IN (`+placeholders(len(users))+`) ORDER BY line`, args...)
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
		WHERE u.status IN (?, ?) AND k.fingerprint IN (`+placeholders(len(fingerprints))+`)`, args...)
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
