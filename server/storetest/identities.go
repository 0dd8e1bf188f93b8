package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func testOrganization(t *testing.T, db Database) {
	if _, err := db.Store.Organization(t.Context()); !errors.Is(err, server.ErrNotInitialised) {
		t.Fatalf("an empty store: %v, want ErrNotInitialised", err)
	}
	f := newFixture(t, db)
	want, err := f.Store.Organization(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want.Name != "Acme" || !want.CreatedAt.Equal(stored(Epoch)) || want.CreatedAt.Location() != stored(Epoch).Location() {
		t.Errorf("the organization is %+v", want)
	}
	err = f.try(t, func(ctx context.Context, tx server.Tx) error {
		if within, err := tx.Organization(ctx); err != nil || within != want {
			t.Errorf("inside a transaction: %+v, %v", within, err)
		}
		return tx.InsertOrganization(ctx, server.Organization{ID: NewID(1000), Name: "Other", CreatedAt: Epoch})
	})
	if !errors.Is(err, server.ErrInitialised) {
		t.Errorf("a second organization: %v, want ErrInitialised", err)
	}
	if got, err := f.Store.Organization(t.Context()); err != nil || got != want {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
}

func (f *fixture) identity(t *testing.T, key server.KeyRecord, want server.Identity) {
	t.Helper()
	want.KeyCreatedAt = key.CreatedAt
	got, err := f.Store.IdentityByKey(t.Context(), key.Hash)
	if err != nil {
		t.Errorf("%s: %v", want.Name, err)
	}
	got.AccessVersion = 0 // see testAccessUnchanged
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", want.Name, diff)
	}
}

func (f *fixture) nobody(t *testing.T, key server.KeyRecord) {
	t.Helper()
	if got, err := f.Store.IdentityByKey(t.Context(), key.Hash); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("the key belongs to %+v, %v; want ErrNotFound", got, err)
	}
}

func testIdentities(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.nobody(t, f.key())
	ada, sven, alone := f.key(), f.key(), f.key()
	lin := server.User{ID: f.id(), Email: "lin@example.com", Status: server.UserActive, CreatedAt: Epoch, UpdatedAt: Epoch}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(
			tx.InsertUser(ctx, lin),
			tx.InsertMember(ctx, f.web.ID, f.ada.ID, Epoch), tx.InsertMember(ctx, f.data.ID, f.ada.ID, Epoch),
			tx.InsertMember(ctx, f.admins.ID, f.sven.ID, Epoch),
			tx.InsertDeveloperKey(ctx, f.ada.ID, ada), tx.InsertDeveloperKey(ctx, f.sven.ID, sven),
			tx.InsertDeveloperKey(ctx, lin.ID, alone),
		)
	})
	_, bot := f.account(t, f.data, "bot")
	account := f.list(t, server.ServiceAccountQuery{}).ServiceAccounts[0]

	f.identity(t, ada, server.Identity{
		Type: api.IdentityUser, ID: f.ada.ID, Name: "Ada", Email: "Ada@Example.com", Status: server.UserActive,
		Teams: []api.Team{f.web, f.data}, KeyID: ada.ID,
	})
	f.identity(t, sven, server.Identity{
		Type: api.IdentityUser, ID: f.sven.ID, Name: "Sven", Email: "Sven@Example.com", Status: server.UserSuspended,
		Teams: []api.Team{f.admins}, KeyID: sven.ID,
	})
	f.identity(t, alone, server.Identity{
		Type: api.IdentityUser, ID: lin.ID, Email: "lin@example.com", Status: server.UserActive, Teams: []api.Team{}, KeyID: alone.ID,
	})
	f.identity(t, bot, server.Identity{
		Type: api.IdentityServiceAccount, ID: account.ID, Name: "bot", Status: server.UserActive, Teams: []api.Team{f.data}, KeyID: bot.ID,
	})
	err := f.try(t, func(ctx context.Context, tx server.Tx) error {
		return tx.InsertMember(ctx, f.data.ID, NewID(1000), Epoch)
	})
	if !errors.Is(err, server.ErrNotFound) {
		t.Errorf("a member that is nobody: %v, want ErrNotFound", err)
	}
}

// What is known of a team is never older than its last change.
func testIdentitiesFollowTheirTeams(t *testing.T, db Database) {
	f := newFixture(t, db)
	_, bot := f.account(t, f.data, "bot")
	ada := f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(tx.InsertMember(ctx, f.data.ID, f.ada.ID, Epoch), tx.InsertMember(ctx, f.web.ID, f.ada.ID, Epoch),
			tx.InsertDeveloperKey(ctx, f.ada.ID, ada))
	})
	data, web := f.data, f.web
	look := func(key server.KeyRecord, want ...api.Team) {
		t.Helper()
		identity, err := f.Store.IdentityByKey(t.Context(), key.Hash)
		if diff := cmp.Diff(want, identity.Teams); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	look(bot, data)
	look(ada, web, data)
	data.Role.Permissions = []api.Permission{{Action: api.ViewAuditLog, Scope: api.ScopeAll}}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateRole(ctx, data.Role) })
	look(bot, data)
	look(ada, web, data)
	data.Name, data.Role = "Everything", f.admins.Role
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, data) })
	look(bot, data)
	look(ada, data, web)
	// What was not kept is not seen either.
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error {
		other := data
		other.Name = "never"
		return errors.Join(tx.UpdateTeam(ctx, other), errRefused)
	}); err == nil {
		t.Error("a refused change was kept")
	}
	look(ada, data, web)
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteTeam(ctx, web.ID, Epoch) })
	look(ada, data)
	_, err := f.Store.IdentityByKey(t.Context(), f.key().Hash)
	if !errors.Is(err, server.ErrNotFound) {
		t.Errorf("an unknown key: %v", err)
	}
}

func testDeletedIdentities(t *testing.T, db Database) {
	f := newFixture(t, db)
	olga := f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertDeveloperKey(ctx, f.olga.ID, olga) })
	f.nobody(t, olga)

	account, key := f.newAccount(f.data, "of-olga")
	account.CreatedBy = api.Actor{Type: api.IdentityUser, ID: f.olga.ID, Name: "Olga as she was"}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertServiceAccount(ctx, account, key) })
	if got, err := f.Store.ServiceAccount(t.Context(), account.ID); err != nil || !cmp.Equal(got, account) {
		t.Errorf("the account of a deleted user: %v\n%s", err, cmp.Diff(account, got))
	}

	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteServiceAccount(ctx, account.ID, Epoch) })
	f.nobody(t, key)
	if _, err := f.Store.ServiceAccount(t.Context(), account.ID); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("a deleted account: %v, want ErrNotFound", err)
	}
	if page := f.list(t, server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 5, Total: true}}); len(page.ServiceAccounts) != 0 || page.Total != 0 {
		t.Errorf("the list has the deleted account: %+v", page)
	}
	byHash := server.ServiceAccountQuery{ServiceAccountFilter: api.ServiceAccountFilter{KeyHash: key.Hash.String()}}
	if page := f.list(t, byHash); len(page.ServiceAccounts) != 0 {
		t.Errorf("a deleted key finds %v", names(page.ServiceAccounts))
	}
	err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteServiceAccount(ctx, account.ID, Epoch) })
	if !errors.Is(err, server.ErrNotFound) {
		t.Errorf("deleting it again: %v, want ErrNotFound", err)
	}
}

func testUserByEmail(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		for _, email := range []string{"ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.com"} {
			if user, err := tx.UserByEmail(ctx, email); err != nil || !cmp.Equal(user, f.ada) {
				t.Errorf("%s: %+v, %v", email, user, err)
			}
		}
		if user, err := tx.UserByEmail(ctx, "sven@example.com"); err != nil || user.Status != server.UserSuspended {
			t.Errorf("a suspended user: %+v, %v", user, err)
		}
		for _, email := range []string{"olga@example.com", "ada@example.co", ""} {
			if user, err := tx.UserByEmail(ctx, email); !errors.Is(err, server.ErrNotFound) {
				t.Errorf("%q: %+v, %v; want ErrNotFound", email, user, err)
			}
		}
		return nil
	})
	again := f.ada
	again.ID, again.Email = f.id(), "aDa@example.com"
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertUser(ctx, again) }); err == nil {
		t.Error("two living users have one email")
	}
	back := f.olga
	back.ID, back.Status, back.DeletedAt = f.id(), server.UserActive, nil
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertUser(ctx, back) })
}
