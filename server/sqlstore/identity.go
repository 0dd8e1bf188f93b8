package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// identityQuery is one statement, so that the key, its owner and the owner's
// teams are of one moment, and of one version of what these grant (see access).
// It gives a row for every team: one for a service account, which is in its
// own, and for a user one for each membership.
//
// PostgreSQL guesses until it has looked at its tables, and must not be led to
// read them whole. So the version is a subquery, of one row in any case, and
// what is deleted is told apart in the columns, not in the joins, where it
// would bring all indexes of what is not deleted into play.
const identityQuery = `SELECT (SELECT version FROM access_version WHERE singleton = 1), k.id, k.created_at, k.last_used_at,
		coalesce(CASE WHEN a.deleted_at IS NULL THEN a.id END, CASE WHEN u.deleted_at IS NULL THEN u.id END),
		coalesce(a.name, u.name), u.email, u.status, coalesce(a.team_id, m.team_id)
	FROM keys k
	LEFT JOIN service_accounts a ON a.id = k.service_account_id
	LEFT JOIN users u ON u.id = k.user_id
	LEFT JOIN memberships m ON m.identity_id = u.id
	WHERE k.hash = ? AND k.deleted_at IS NULL`

// IdentityByKey implements [server.Store].
func (s *Store) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	for {
		identity, teamIDs, err := owner(ctx, s.readers.lookUp, hash)
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
		if len(teams) > 1 {
			slices.SortFunc(identity.Teams, func(a, b api.Team) int { return strings.Compare(a.Name, b.Name) })
		}
		return identity, nil
	}
}

// owner returns whose key it is, without teams, and the ids of these.
func owner(ctx context.Context, read reading, hash api.KeyHash) (identity server.Identity, teamIDs []string, err error) {
	var createdAt int64
	var usedAt sql.NullInt64
	var id, name, email, status, team sql.NullString
	err = read(ctx, func(rows *sql.Rows) error {
		err := rows.Scan(&identity.AccessVersion, &identity.KeyID, &createdAt, &usedAt, &id, &name, &email, &status, &team)
		if team.Valid {
			teamIDs = append(teamIDs, team.String)
		}
		return err
	}, identityQuery, hash[:])
	switch {
	case err != nil:
		return identity, nil, err
	case !id.Valid: // no such key, or its owner is deleted
		return identity, nil, server.ErrNotFound
	}
	identity.ID, identity.Name, identity.Email = id.String, name.String, email.String
	identity.Type, identity.Status = api.IdentityServiceAccount, server.UserActive
	if status.Valid {
		identity.Type, identity.Status = api.IdentityUser, server.UserStatus(status.String)
	}
	identity.KeyCreatedAt, identity.KeyUsedAt = timeOf(createdAt), timeOrNil(usedAt)
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
