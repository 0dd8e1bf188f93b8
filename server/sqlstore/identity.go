package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// identityQuery is one statement, so that the key, its owner and what the
// owner may do are of one moment. It gives a row for every permission.
const identityQuery = `SELECT k.id, k.created_at, k.last_used_at, u.id, u.name, u.email, u.status, a.id, a.name, ` + teamColumns + `
	FROM keys k
	LEFT JOIN users u ON u.id = k.user_id AND u.deleted_at IS NULL
	LEFT JOIN service_accounts a ON a.id = k.service_account_id AND a.deleted_at IS NULL
	LEFT JOIN memberships m ON m.identity_id = coalesce(u.id, a.id)
	LEFT JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL` + teamJoins + `
	WHERE k.hash = ? AND k.deleted_at IS NULL`

// IdentityByKey implements [server.Store].
func (s *Store) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	var identity server.Identity
	var teams teamRows
	err := s.readers.query(ctx, func(rows *sql.Rows) error {
		var row teamRow
		var createdAt int64
		var usedAt sql.NullInt64
		var userID, userName, email, status, accountID, accountName sql.NullString
		dest := []any{&identity.KeyID, &createdAt, &usedAt, &userID, &userName, &email, &status, &accountID, &accountName}
		if err := rows.Scan(append(dest, row.dest()...)...); err != nil {
			return err
		}
		identity.KeyCreatedAt = timeOf(createdAt)
		identity.KeyUsedAt = timeOrNil(usedAt)
		switch {
		case userID.Valid:
			identity.Type, identity.ID, identity.Name = api.IdentityUser, userID.String, userName.String
			identity.Email, identity.Status = email.String, server.UserStatus(status.String)
		case accountID.Valid:
			identity.Type, identity.ID, identity.Name = api.IdentityServiceAccount, accountID.String, accountName.String
			identity.Status = server.UserActive
		}
		teams.add(&row)
		return nil
	}, identityQuery, hash[:])
	switch {
	case err != nil:
		return server.Identity{}, err
	case identity.ID == "": // no such key, or its owner is deleted
		return server.Identity{}, server.ErrNotFound
	}
	identity.Teams = teams.finish()
	slices.SortFunc(identity.Teams, func(a, b api.Team) int { return strings.Compare(a.Name, b.Name) })
	return identity, nil
}
