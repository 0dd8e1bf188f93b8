package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// identityQuery finds a key and the service account that it belongs to: one row.
// What it tells of the account is in the row of the key, which is deleted with
// the account. The version is that of what teams grant (see access). Of a user's
// key it tells only that it is one.
const identityQuery = `SELECT (` + selectVersion + `), k.id, k.created_at, k.last_used_at,
		k.service_account_id, k.account_name, k.team_id
	FROM keys k
	WHERE k.slot = ? AND k.hash = ? AND k.deleted_at IS NULL`

// userQuery finds a user's key, in one statement with the user and its teams, so
// that all are of one moment and one version. It gives a row for every team, or
// one.
//
// PostgreSQL guesses until it has looked at its tables, and must not be led to
// read them whole. So the version is a subquery, of one row in any case, and
// a deleted user is told apart by the status, not in the join, where it would
// bring all indexes of what is not deleted into play.
const userQuery = `SELECT (` + selectVersion + `), k.id, k.created_at, k.last_used_at,
		u.id, u.name, u.email, u.status, m.team_id
	FROM keys k
	JOIN users u ON u.id = k.user_id
	LEFT JOIN memberships m ON m.identity_id = u.id
	WHERE k.slot = ? AND k.hash = ? AND k.deleted_at IS NULL`

// sshUserQuery is userQuery for an SSH key, which has no id and of which is not
// kept when it was used.
const sshUserQuery = `SELECT (` + selectVersion + `), '', k.created_at, NULL,
		u.id, u.name, u.email, u.status, m.team_id
	FROM ssh_keys k
	JOIN users u ON u.id = k.user_id
	LEFT JOIN memberships m ON m.identity_id = u.id
	WHERE k.fingerprint = ?`

// slotOf is where the row of a living key is: the first 63 bits of its hash. Two
// keys in one place do not come about by chance, and a create that would make
// them fails; its repetition has another key.
func slotOf(hash api.KeyHash) int64 {
	return int64(binary.BigEndian.Uint64(hash[:8]) >> 1) //nolint:gosec // its highest bit is 0
}

// deletedKey is what ends keys, and takes them out of their places.
const deletedKey = `deleted_at = ?, slot = ~slot`

// IdentityByKey implements [server.Store].
func (s *Store) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	return identityOf(ctx, s, owner, hash)
}

// IdentityBySSHKey implements [server.Store].
func (s *Store) IdentityBySSHKey(ctx context.Context, fingerprint server.SSHFingerprint) (server.Identity, error) {
	return identityOf(ctx, s, sshOwner, fingerprint)
}

// identityOf completes what an owner function found with the teams at the same
// version, sorted by name.
func identityOf[K any](ctx context.Context, s *Store,
	find func(context.Context, reading, K) (server.Identity, []string, error), key K) (server.Identity, error) {
	for {
		identity, teamIDs, err := find(ctx, s.readers.lookUp, key)
		if err != nil {
			return server.Identity{}, err
		}
		teams, same, err := s.teamsAt(ctx, identity.AccessVersion, teamIDs)
		if err != nil {
			return server.Identity{}, err
		}
		if !same { // teams or roles changed in between
			continue
		}
		identity.Teams = teams
		slices.SortFunc(identity.Teams, func(a, b api.Team) int { return strings.Compare(a.Name, b.Name) })
		return identity, nil
	}
}

// owner returns whose key it is, without teams, and the ids of these.
func owner(ctx context.Context, read reading, hash api.KeyHash) (identity server.Identity, teamIDs []string, err error) {
	var createdAt int64
	var usedAt sql.NullInt64
	var account sql.NullString
	var team string
	err = read(ctx, func(rows *sql.Rows) error {
		return rows.Scan(&identity.AccessVersion, &identity.KeyID, &createdAt, &usedAt, &account, &identity.Name, &team)
	}, identityQuery, slotOf(hash), hash[:])
	switch {
	case err != nil:
		return identity, nil, err
	case identity.KeyID == "":
		return identity, nil, server.ErrNotFound
	case !account.Valid:
		return userOwner(ctx, read, hash)
	}
	identity.ID, identity.Type, identity.Status = account.String, api.IdentityServiceAccount, server.UserActive
	identity.KeyCreatedAt, identity.KeyUsedAt = timeOf(createdAt), timeOrNil(usedAt)
	return identity, []string{team}, nil
}

// userOwner is owner for the key of a user.
func userOwner(ctx context.Context, read reading, hash api.KeyHash) (server.Identity, []string, error) {
	return userOf(ctx, read, userQuery, slotOf(hash), hash[:])
}

// sshOwner returns whose SSH key it is, without teams, and the ids of these.
func sshOwner(ctx context.Context, read reading, fingerprint server.SSHFingerprint) (server.Identity, []string, error) {
	return userOf(ctx, read, sshUserQuery, fingerprint[:])
}

// userOf reads what userQuery or sshUserQuery finds.
func userOf(ctx context.Context, read reading, query string, key ...any) (identity server.Identity, teamIDs []string, err error) {
	var createdAt int64
	var usedAt sql.NullInt64
	err = read(ctx, func(rows *sql.Rows) error {
		var team sql.NullString
		err := rows.Scan(&identity.AccessVersion, &identity.KeyID, &createdAt, &usedAt,
			&identity.ID, &identity.Name, &identity.Email, &identity.Status, &team)
		if team.Valid {
			teamIDs = append(teamIDs, team.String)
		}
		return err
	}, query, key...)
	switch {
	case err != nil:
		return identity, nil, err
	case identity.ID == "" || identity.Status == server.UserDeleted:
		return identity, nil, server.ErrNotFound
	}
	identity.Type, identity.KeyCreatedAt, identity.KeyUsedAt = api.IdentityUser, timeOf(createdAt), timeOrNil(usedAt)
	return identity, teamIDs, nil
}

// reading is how a query is run: from a pool, or within a transaction.
type reading func(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error

// AccessUnchanged implements [server.Tx].
func (t tx) AccessUnchanged(ctx context.Context, since int64) (bool, error) {
	if t.raised {
		return false, nil
	}
	version, err := t.accessVersion(ctx)
	return version == since, err
}

// IdentityByKey implements [server.Tx].
func (t tx) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	identity, teamIDs, err := owner(ctx, t.query, hash)
	return t.withTeams(ctx, identity, teamIDs, err)
}

// IdentityBySSHKey implements [server.Tx].
func (t tx) IdentityBySSHKey(ctx context.Context, fingerprint server.SSHFingerprint) (server.Identity, error) {
	identity, teamIDs, err := sshOwner(ctx, t.query, fingerprint)
	return t.withTeams(ctx, identity, teamIDs, err)
}

// withTeams completes an identity that was read within the transaction.
func (t tx) withTeams(ctx context.Context, identity server.Identity, teamIDs []string, err error) (server.Identity, error) {
	if err != nil {
		return server.Identity{}, err
	}
	if t.raised { // of a version that may never be kept
		identity.AccessVersion = 0
	}
	for _, id := range teamIDs {
		switch team, err := t.team(ctx, id); {
		case err == nil:
			identity.Teams = append(identity.Teams, team)
		case !errors.Is(err, server.ErrNotFound):
			return server.Identity{}, err
		}
	}
	return identity, nil
}
