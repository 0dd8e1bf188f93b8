package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// What one store changes in a role, the other one knows when that is answered.
func TestAccessOfTwoStores(t *testing.T) {
	for engine, dsn := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "organization.db") },
		"postgres": func() string { return postgrestest.New(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			name := dsn()
			one, other := openDSN(t, name, sqlstore.Options{}), openDSN(t, name, sqlstore.Options{})
			role := initialise(t, one).Role
			role.ID, role.Name, role.CreatedBy = "role", "changing", api.CreatedByUser
			team := api.Team{ID: "team", Name: "changing", Role: role}
			write := func(change func(ctx context.Context, tx server.Tx) error) {
				t.Helper()
				err := one.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
					return server.Event{}, change(t.Context(), tx)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			write(func(ctx context.Context, tx server.Tx) error { return tx.InsertRole(ctx, role, team.CreatedAt) })
			write(func(ctx context.Context, tx server.Tx) error { return tx.InsertTeam(ctx, team) })
			if err := create(t.Context(), one, team, 1); err != nil {
				t.Fatal(err)
			}
			for _, action := range api.Actions {
				role.Permissions = []api.Permission{{Action: action, Scope: api.ScopeAll}}
				write(func(ctx context.Context, tx server.Tx) error { return tx.UpdateRole(ctx, role) })
				identity, err := other.IdentityByKey(t.Context(), api.HashKey("bot-000001"))
				if err != nil || len(identity.Teams) != 1 || !cmp.Equal(identity.Teams[0].Role.Permissions, role.Permissions) {
					t.Fatalf("the other store knows %+v, %v; want %+v", identity.Teams, err, role.Permissions)
				}
			}
		})
	}
}
