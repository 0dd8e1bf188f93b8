package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// tx is a [server.Tx]: the store inside one transaction that writes.
type tx struct{ *transaction }

var _ server.Tx = tx{}

func (t tx) Organization(ctx context.Context) (server.Organization, error) {
	return organization(ctx, t)
}

func (t tx) Team(ctx context.Context, id string) (api.Team, error) {
	return t.team(ctx, id)
}

func (t tx) ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error) {
	return serviceAccount(ctx, t, `a.id = ?`, id)
}

func (t tx) ServiceAccountByName(ctx context.Context, teamID, name string) (api.ServiceAccount, error) {
	// It is asked for to see that there is none: what it looks like comes after.
	var id string
	err := t.sought(ctx, namePlace(teamID, name), selectAccountName, &id)
	if err != nil {
		return api.ServiceAccount{}, absent(err, server.ErrNotFound)
	}
	return t.ServiceAccount(ctx, id)
}

func (t tx) InsertServiceAccount(ctx context.Context, account api.ServiceAccount, key server.KeyRecord) error {
	delete(t.absent, namePlace(account.Team.ID, account.Name))
	return t.insert(ctx, insertion{intoAccounts, accountValues(account)},
		insertion{intoMemberships, memberValues(account.Team.ID, account.ID, api.IdentityServiceAccount, account.CreatedAt)},
		insertion{intoKeys, keyValues(account, key)})
}

const accountColumns = `id, team_id, name, name_folded, created_by_type, created_by_id, created_by_name, created_at`

func accountValues(a api.ServiceAccount) []any {
	return []any{
		a.ID, a.Team.ID, a.Name, foldedOrNull(a.Name),
		string(a.CreatedBy.Type), a.CreatedBy.ID, a.CreatedBy.Name, micros(a.CreatedAt),
	}
}

const accountKeyColumns = `slot, id, hash, hint, service_account_id, account_name, team_id, created_at`

func keyValues(a api.ServiceAccount, key server.KeyRecord) []any {
	return []any{slotOf(key.Hash), key.ID, key.Hash[:], key.Hint, a.ID, a.Name, a.Team.ID, micros(key.CreatedAt)}
}

func memberValues(teamID, identityID string, identity api.IdentityType, at time.Time) []any {
	return []any{identityID, teamID, string(identity), micros(at)}
}

func (t tx) DeleteServiceAccount(ctx context.Context, id string, at time.Time) error {
	n, err := t.exec(ctx, `UPDATE service_accounts SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, micros(at), id)
	if err != nil {
		return err
	}
	if n == 0 {
		return server.ErrNotFound
	}
	_, err = t.exec(ctx, `UPDATE keys SET `+deletedKey+` WHERE service_account_id = ? AND deleted_at IS NULL`, micros(at), id)
	return err
}

func (t tx) ReplaceKey(ctx context.Context, accountID string, key server.KeyRecord) error {
	account := api.ServiceAccount{ID: accountID}
	err := first(ctx, t, `SELECT name, team_id FROM service_accounts WHERE id = ? AND deleted_at IS NULL`, []any{accountID}, &account.Name, &account.Team.ID)
	if err != nil {
		return absent(err, server.ErrNotFound)
	}
	n, err := t.exec(ctx, `DELETE FROM keys WHERE deleted_at IS NULL AND service_account_id = ?`, accountID)
	if err != nil {
		return err
	}
	if n == 0 {
		return server.ErrNotFound
	}
	return t.insert(ctx, insertion{intoKeys, keyValues(account, key)})
}

func (t tx) IdempotentCreate(ctx context.Context, callerID, key string) (server.IdempotentCreate, error) {
	create := server.IdempotentCreate{CallerID: callerID, Key: key}
	var bodyHash []byte
	var createdAt, issuedAt int64
	err := t.sought(ctx, createPlace(callerID, key), selectCreate,
		&bodyHash, &create.AccountID, &createdAt, &create.Replica, &issuedAt)
	if err != nil {
		return server.IdempotentCreate{}, absent(err, server.ErrNotFound)
	}
	copy(create.BodyHash[:], bodyHash)
	create.CreatedAt, create.IssuedAt = timeOf(createdAt), timeOf(issuedAt)
	return create, nil
}

func (t tx) RememberCreate(ctx context.Context, create server.IdempotentCreate, expiry time.Time) error {
	t.expiry = max(t.expiry, micros(expiry))
	delete(t.absent, createPlace(create.CallerID, create.Key))
	return t.insert(ctx, insertion{intoCreates, []any{
		create.CallerID, create.Key, create.BodyHash[:], create.AccountID, micros(create.CreatedAt), create.Replica, micros(create.IssuedAt),
	}})
}

// absent replaces the driver's word for no row.
func absent(err, sentinel error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return sentinel
	}
	return err
}

// InsertOrganization returns ErrInitialised when there is one already.
func (t tx) InsertOrganization(ctx context.Context, organization server.Organization) error {
	n, err := t.exec(ctx, `INSERT INTO organization (singleton, id, name, created_at) VALUES (1, ?, ?, ?)
		ON CONFLICT (singleton) DO NOTHING`, organization.ID, organization.Name, micros(organization.CreatedAt))
	if err != nil {
		return err
	}
	if n == 0 {
		return server.ErrInitialised
	}
	return nil
}

func (t tx) InsertRole(ctx context.Context, role api.Role, at time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO roles (id, name, created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`,
		role.ID, role.Name, role.CreatedBy, micros(at), micros(at))
	if err != nil {
		return err
	}
	if err := t.insertPermissions(ctx, role); err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) insertPermissions(ctx context.Context, role api.Role) error {
	for _, permission := range role.Permissions {
		resources := permission.Resources
		if len(resources) == 0 {
			resources = []string{""}
		}
		for _, resource := range resources {
			_, err := t.exec(ctx, `INSERT INTO role_permissions (role_id, action, scope, resource) VALUES (?, ?, ?, ?)`,
				role.ID, string(permission.Action), string(permission.Scope), resource)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (t tx) InsertTeam(ctx context.Context, team api.Team) error {
	_, err := t.exec(ctx, `INSERT INTO teams (id, name, role_id, created_at, updated_at, deleted_at) VALUES (?, ?, ?, ?, ?, ?)`,
		team.ID, team.Name, team.Role.ID, micros(team.CreatedAt), micros(team.UpdatedAt), microsOrNull(team.DeletedAt))
	if err != nil {
		return err
	}
	return t.raiseAccess(ctx)
}

func (t tx) InsertUser(ctx context.Context, user server.User) error {
	_, err := t.exec(ctx, `INSERT INTO users (id, email, email_folded, name, status, created_at, updated_at, deleted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, user.ID, user.Email, fold(user.Email), user.Name, string(user.Status),
		micros(user.CreatedAt), micros(user.UpdatedAt), microsOrNull(user.DeletedAt))
	return err
}

func (t tx) InsertMember(ctx context.Context, teamID, identityID string, at time.Time) error {
	var identity string
	err := first(ctx, t, `SELECT 'user' FROM users WHERE id = ?
		UNION ALL SELECT 'service_account' FROM service_accounts WHERE id = ?`, []any{identityID, identityID}, &identity)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("add a member to a team: %w", server.ErrNotFound)
	}
	if err != nil {
		return err
	}
	return t.insertMember(ctx, teamID, identityID, api.IdentityType(identity), at)
}

func (t tx) insertMember(ctx context.Context, teamID, identityID string, identity api.IdentityType, at time.Time) error {
	return t.insert(ctx, insertion{intoMemberships, memberValues(teamID, identityID, identity, at)})
}

func (t tx) InsertDeveloperKey(ctx context.Context, userID string, key server.KeyRecord) error {
	_, err := t.exec(ctx, `INSERT INTO keys (slot, id, hash, hint, account_name, team_id, user_id, created_at) VALUES (?, ?, ?, ?, '', '', ?, ?)`,
		slotOf(key.Hash), key.ID, key.Hash[:], key.Hint, userID, micros(key.CreatedAt))
	return err
}

func (t tx) UserByEmail(ctx context.Context, email string) (server.User, error) {
	var user server.User
	var createdAt, updatedAt int64
	err := first(ctx, t, `SELECT id, email, name, status, created_at, updated_at FROM users
		WHERE email_folded = ? AND deleted_at IS NULL`, []any{fold(email)},
		&user.ID, &user.Email, &user.Name, &user.Status, &createdAt, &updatedAt)
	if err != nil {
		return server.User{}, absent(err, server.ErrNotFound)
	}
	user.CreatedAt, user.UpdatedAt = timeOf(createdAt), timeOf(updatedAt)
	return user, nil
}
