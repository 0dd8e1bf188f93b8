package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var userWriteCases = []contractCase{
	{"changed user", testUpdateUser},
	{"deleted user", testDeleteUser},
	{"active administrator", testHasActiveAdministrator},
	{"last administrator, at once", testLastAdministratorAtOnce},
}

func testUpdateUser(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.member(t, f.web, f.ada)
	want := f.ada
	want.Email, want.Name, want.Status, want.UpdatedAt = "Lovelace@example.com", "", server.UserSuspended, stored(Epoch.Add(time.Hour))
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if err := tx.UpdateUser(ctx, want); err != nil {
			return err
		}
		got, err := tx.User(ctx, want.ID)
		if err != nil || got.User != want || !cmp.Equal(got.Teams, []api.Ref{ref(f.web)}) {
			t.Errorf("within the transaction: %+v, %v", got, err)
		}
		if other, err := tx.UserByEmail(ctx, "LOVELACE@EXAMPLE.COM"); err != nil || other.ID != want.ID {
			t.Errorf("by the new email: %+v, %v", other, err)
		}
		if other, err := tx.UserByEmail(ctx, f.ada.Email); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("by the old email: %+v, %v", other, err)
		}
		return nil
	})
	if got, err := f.Store.User(t.Context(), want.ID); err != nil || got.User != want {
		t.Errorf("%+v, %v", got, err)
	}
	taken := want
	taken.Email = "sven@example.COM"
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateUser(ctx, taken) }); err == nil {
		t.Error("two living users have one email")
	}
	for _, user := range []server.User{f.olga, {ID: NewID(1000), Email: "x@example.com", Status: server.UserActive}} {
		user.Status = server.UserActive
		err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateUser(ctx, user) })
		if !errors.Is(err, server.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", user.Email, err)
		}
	}
}

func testDeleteUser(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.member(t, f.data, f.ada, f.sven)
	ada, second, sven := f.key(), f.key(), f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(tx.InsertDeveloperKey(ctx, f.ada.ID, ada), tx.InsertDeveloperKey(ctx, f.ada.ID, second),
			tx.InsertDeveloperKey(ctx, f.sven.ID, sven))
	})
	account, bot := f.account(t, f.data, "made by Ada")
	at := stored(Epoch.Add(time.Minute))
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteUser(ctx, f.ada.ID, at) })
	f.nobody(t, ada)
	f.nobody(t, second)
	for what, key := range map[string]server.KeyRecord{"another user's key": sven, "the account that the user made": bot} {
		if _, err := f.Store.IdentityByKey(t.Context(), key.Hash); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := f.Store.ServiceAccount(t.Context(), account.ID); err != nil || got.CreatedBy.Name != "Ada" {
		t.Errorf("the account is by %+v, %v", got.CreatedBy, err)
	}
	page, err := f.Store.Users(t.Context(), server.UserQuery{
		PageQuery:  server.PageQuery{Limit: 5},
		UserFilter: api.UserFilter{Email: "ada@example.com", Statuses: []api.UserStatus{api.UserDeleted}},
	})
	want := f.ada
	want.Status, want.UpdatedAt, want.DeletedAt = server.UserDeleted, at, &at
	if err != nil || !cmp.Equal(page.Users, []server.UserDetails{{User: want, Teams: []api.Ref{}}}) {
		t.Errorf("%+v, %v", page, err)
	}
	members, err := f.Store.Members(t.Context(), f.data.ID, server.PageQuery{Limit: 5})
	if err != nil || len(members.Members) != 1 || members.Members[0].ID != f.sven.ID {
		t.Errorf("the members that stay: %+v, %v", members, err)
	}
	for _, id := range []string{f.ada.ID, NewID(1000)} {
		err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteUser(ctx, id, at) })
		if !errors.Is(err, server.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	}
}

func testHasActiveAdministrator(t *testing.T, db Database) {
	f := newFixture(t, db)
	has := func(want bool, when string) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx server.Tx) error {
			if got, err := tx.HasActiveAdministrator(ctx); err != nil || got != want {
				t.Errorf("%s: %t, %v", when, got, err)
			}
			return nil
		})
	}
	fake := api.Role{ID: f.id(), Name: "Tenant-Admin", CreatedBy: api.CreatedByUser, Permissions: api.AllPermissions()}
	others := api.Team{ID: f.id(), Name: "others", Role: fake, CreatedAt: Epoch, UpdatedAt: Epoch}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(tx.InsertRole(ctx, fake, Epoch), tx.InsertTeam(ctx, others))
	})
	f.member(t, others, f.ada)
	has(false, "nobody is in the team")
	f.member(t, f.admins, f.sven, f.olga)
	f.account(t, f.admins, "robot")
	has(false, "a suspended and a deleted user, and a service account")
	f.member(t, f.admins, f.ada)
	has(true, "an active user")
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteUser(ctx, f.ada.ID, Epoch) })
	has(false, "deleted")
}

// What a change sees inside of its transaction must still be so when it
// commits: of two that each leave the other's administrator, one sees none.
func testLastAdministratorAtOnce(t *testing.T, db Database) {
	f := newFixture(t, db)
	bob := f.newUser(t, "bob@example.com")
	f.member(t, f.admins, f.ada, bob)
	errLast := errors.New("the last one stays")
	for range 10 {
		var work sync.WaitGroup
		results := make([]error, 2)
		for i, user := range []server.User{f.ada, bob} {
			event := f.event()
			user.Status = server.UserSuspended
			work.Go(func() {
				results[i] = f.Store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
					if err := tx.UpdateUser(t.Context(), user); err != nil {
						return event, err
					}
					remains, err := tx.HasActiveAdministrator(t.Context())
					if err == nil && !remains {
						err = errLast
					}
					return event, err
				})
			})
		}
		work.Wait()
		refused := 0
		for _, err := range results {
			if errors.Is(err, errLast) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if refused != 1 {
			t.Fatalf("%d of two were refused: %v", refused, results)
		}
		f.write(t, func(ctx context.Context, tx server.Tx) error {
			return errors.Join(tx.UpdateUser(ctx, f.ada), tx.UpdateUser(ctx, bob))
		})
	}
}
