package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// Keys of a database that an older version made are found where this one looks
// for them, and those that were deleted there are not.
func TestOlderKeysAreFound(t *testing.T) {
	for engine, open := range map[string]func(t *testing.T) (dsn string, db *sql.DB){
		"sqlite": func(t *testing.T) (string, *sql.DB) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "organization.db")
			return "sqlite:" + path, raw(t, path)
		},
		"postgres": func(t *testing.T) (string, *sql.DB) {
			t.Helper()
			dsn := postgrestest.New(t)
			return dsn, postgrestest.Connect(t, dsn)
		},
	} {
		t.Run(engine, func(t *testing.T) {
			dsn, db := open(t)
			if err := sqlstore.MigrateTo(t.Context(), dsn, db, 5); err != nil {
				t.Fatal(err)
			}
			if engine == "sqlite" {
				executeIn(t, db, `PRAGMA journal_mode = WAL`)
			}
			executeIn(t, db,
				`INSERT INTO roles VALUES ('r', 'role', 'system', 1, 1, NULL)`,
				`INSERT INTO teams VALUES ('t', 'team', 'r', 1, 1, NULL)`,
				`INSERT INTO users VALUES ('u', 'ada@example.com', 'ada@example.com', 'Ada', 'active', 1, 1, NULL)`,
				`INSERT INTO memberships VALUES ('u', 't', 'user', 1)`,
				`INSERT INTO keys (id, hash, hint, user_id, created_at) VALUES ('developer', `+literal(engine, "developer")+`, 'ps-', 'u', 1)`)
			const accounts = 200 // so that every digit of a hash comes in every place
			for i := range accounts {
				deleted := "NULL"
				if i%5 == 4 {
					deleted = "2"
				}
				name := fmt.Sprintf("bot-%d", i)
				executeIn(t, db,
					fmt.Sprintf(`INSERT INTO service_accounts VALUES ('%s', 't', '%s', NULL, 'user', 'u', 'Ada', 1, %s)`, name, name, deleted),
					fmt.Sprintf(`INSERT INTO keys (id, hash, hint, service_account_id, created_at, last_used_at, last_used_ip, deleted_at)
						VALUES ('%s', %s, 'ps-', '%s', 1, %d, '192.0.2.1', %s)`, name, literal(engine, name), name, i+10, deleted))
			}

			store := openDSN(t, dsn, sqlstore.Options{})
			for i := range accounts {
				name := fmt.Sprintf("bot-%d", i)
				identity, err := store.IdentityByKey(t.Context(), api.HashKey(name))
				switch {
				case i%5 == 4:
					if !errors.Is(err, server.ErrNotFound) {
						t.Errorf("the deleted key of %s: %+v, %v", name, identity, err)
					}
				case err != nil || identity.ID != name || identity.Name != name || len(identity.Teams) != 1 || identity.Teams[0].ID != "t" ||
					identity.KeyUsedAt == nil || identity.KeyUsedAt.UnixMicro() != int64(i+10):
					t.Errorf("%s: %+v, %v", name, identity, err)
				}
			}
			identity, err := store.IdentityByKey(t.Context(), api.HashKey("developer"))
			if err != nil || identity.ID != "u" || identity.Name != "Ada" || len(identity.Teams) != 1 {
				t.Errorf("the developer key: %+v, %v", identity, err)
			}
			page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 300}})
			if err != nil || len(page.ServiceAccounts) != accounts*4/5 || page.ServiceAccounts[0].Key.LastUsedIP != "192.0.2.1" {
				t.Errorf("%d accounts, %v", len(page.ServiceAccounts), err)
			}
		})
	}
}

// literal is the hash of a key as an engine writes it in SQL.
func literal(engine, key string) string {
	hash := api.HashKey(key)
	if engine == "sqlite" {
		return fmt.Sprintf("X'%x'", hash[:])
	}
	return fmt.Sprintf(`'\x%x'`, hash[:])
}
