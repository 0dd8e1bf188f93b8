package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var callerCases = []contractCase{
	{"what is taken away from callers", testAccessUnchanged},
	{"callers within a transaction", testCallersWithin},
}

// Whatever takes something from a user is known to a change that comes after.
func testAccessUnchanged(t *testing.T, db Database) {
	f := newFixture(t, db)
	key, other := f.key(), f.key()
	door := sshKey(1, "ssh-ed25519 a")
	f.member(t, f.data, f.ada)
	f.member(t, f.web, f.ada)
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(tx.InsertDeveloperKey(ctx, f.ada.ID, key), tx.InsertDeveloperKey(ctx, f.ada.ID, other))
	})
	f.setSSHKeys(t, f.ada, door)
	version := func() int64 {
		t.Helper()
		identity, err := f.Store.IdentityByKey(t.Context(), key.Hash)
		signedIn, err2 := f.Store.IdentityBySSHKey(t.Context(), door.Fingerprint)
		if err := errors.Join(err, err2); err != nil || identity.AccessVersion == 0 || signedIn.AccessVersion != identity.AccessVersion {
			t.Fatalf("%d and %d, %v", identity.AccessVersion, signedIn.AccessVersion, err)
		}
		return identity.AccessVersion
	}
	unchanged := func(since int64) (same bool) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx server.Tx) (err error) {
			same, err = tx.AccessUnchanged(ctx, since)
			return err
		})
		return same
	}
	before := version()
	f.account(t, f.data, "bot")
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		_, err := tx.RemoveMembers(ctx, f.data.ID, []string{f.sven.ID})
		return err
	})
	if !unchanged(before) || unchanged(before-1) || unchanged(0) {
		t.Error("nothing was taken from anybody")
	}
	suspended, bob := f.ada, f.newUser(t, "bob@example.com")
	suspended.Status = server.UserSuspended
	replaced := f.key()
	replaced.ID = other.ID
	for what, take := range map[string]func(ctx context.Context, tx server.Tx) error{
		"a suspension": func(ctx context.Context, tx server.Tx) error { return tx.UpdateUser(ctx, suspended) },
		"a user":       func(ctx context.Context, tx server.Tx) error { return tx.DeleteUser(ctx, bob.ID, Epoch) },
		"a membership": func(ctx context.Context, tx server.Tx) error {
			_, err := tx.RemoveMembers(ctx, f.web.ID, []string{f.ada.ID})
			return err
		},
		"a key": func(ctx context.Context, tx server.Tx) error {
			return tx.DeleteDeveloperKey(ctx, f.ada.ID, other.ID, Epoch)
		},
		"a fresh key":   func(ctx context.Context, tx server.Tx) error { return tx.ReplaceDeveloperKey(ctx, f.ada.ID, replaced) },
		"an SSH key":    func(ctx context.Context, tx server.Tx) error { return tx.SetSSHKeys(ctx, f.ada.ID, nil, Epoch) },
		"a role":        func(ctx context.Context, tx server.Tx) error { return tx.UpdateRole(ctx, f.data.Role) },
		"a team's role": func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, f.data) },
		"a team":        func(ctx context.Context, tx server.Tx) error { return tx.DeleteTeam(ctx, f.web.ID, Epoch) },
	} {
		before := version()
		failure := errors.New("taken back")
		err := f.try(t, func(ctx context.Context, tx server.Tx) error {
			if err := take(ctx, tx); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if same, err := tx.AccessUnchanged(ctx, before); same || err != nil {
				t.Errorf("%s: the change itself does not know: %v, %v", what, same, err)
			}
			return failure
		})
		if !errors.Is(err, failure) || !unchanged(before) {
			t.Errorf("%s was taken back: %v", what, err)
		}
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateUser(ctx, suspended) })
	if unchanged(before) {
		t.Error("a suspension that was kept is not known")
	}
}

func testCallersWithin(t *testing.T, db Database) {
	f := newFixture(t, db)
	key, door := f.key(), sshKey(1, "ssh-ed25519 a")
	f.member(t, f.data, f.ada)
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertDeveloperKey(ctx, f.ada.ID, key) })
	f.setSSHKeys(t, f.ada, door)
	account, accountKey := f.account(t, f.data, "bot")
	want := func(hash api.KeyHash) server.Identity {
		t.Helper()
		identity, err := f.Store.IdentityByKey(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		return identity
	}
	ada, bot := want(key.Hash), want(accountKey.Hash)
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if got, err := tx.IdentityByKey(ctx, key.Hash); err != nil || !cmp.Equal(got, ada) {
			t.Errorf("a user: %v\n%s", err, cmp.Diff(ada, got))
		}
		if got, err := tx.IdentityByKey(ctx, accountKey.Hash); err != nil || !cmp.Equal(got, bot) {
			t.Errorf("a service account: %v\n%s", err, cmp.Diff(bot, got))
		}
		if got, err := tx.IdentityBySSHKey(ctx, door.Fingerprint); err != nil || got.ID != f.ada.ID || !cmp.Equal(got.Teams, ada.Teams) {
			t.Errorf("signed in: %+v, %v", got, err)
		}
		// What the transaction itself has changed is seen, and has no version yet.
		narrow := f.data.Role
		narrow.Permissions, narrow.UpdatedAt = []api.Permission{{Action: api.CreateAgent, Scope: api.ScopeAll}}, Epoch.Add(time.Hour)
		if err := errors.Join(tx.UpdateRole(ctx, narrow), tx.DeleteServiceAccount(ctx, account.ID, Epoch)); err != nil {
			return err
		}
		got, err := tx.IdentityByKey(ctx, key.Hash)
		if err != nil || got.AccessVersion != 0 || len(got.Teams) != 1 || !cmp.Equal(got.Teams[0].Role.Permissions, narrow.Permissions) {
			t.Errorf("after the change: %+v, %v", got, err)
		}
		if got, err := tx.IdentityByKey(ctx, accountKey.Hash); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("a deleted service account: %+v, %v", got, err)
		}
		return nil
	})
}
