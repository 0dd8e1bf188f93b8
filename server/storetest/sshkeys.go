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

var sshKeyCases = []contractCase{
	{"SSH keys", testSSHKeys},
	{"SSH keys of who is gone", testSSHKeysOfWhoIsGone},
	{"SSH keys and permissions", testSSHKeysFollowTheirTeams},
}

// sshKey is a key as a store sees it: the store does not look into it.
func sshKey(number byte, line string) server.SSHKey {
	return server.SSHKey{Fingerprint: server.SSHFingerprint{number, 31: number}, Line: line}
}

func (f *fixture) setSSHKeys(t *testing.T, user server.User, keys ...server.SSHKey) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.SetSSHKeys(ctx, user.ID, keys, Epoch) })
}

func testSSHKeys(t *testing.T, db Database) {
	f := newFixture(t, db)
	laptop, desk, other := sshKey(1, "ssh-ed25519 b laptop"), sshKey(2, "ssh-ed25519 a desk"), sshKey(3, "ssh-ed25519 c")
	f.setSSHKeys(t, f.ada, laptop, desk)
	f.setSSHKeys(t, f.sven, other)
	ordered := []server.SSHKey{desk, laptop}
	user, err := f.Store.User(t.Context(), f.ada.ID)
	if err != nil || !cmp.Equal(user.SSHKeys, ordered) {
		t.Errorf("one user: %v, %v", user.SSHKeys, err)
	}
	page, err := f.Store.Users(t.Context(), server.UserQuery{PageQuery: server.PageQuery{Limit: 5}})
	if err != nil || len(page.Users) != 2 || !cmp.Equal(page.Users[0].SSHKeys, ordered) || !cmp.Equal(page.Users[1].SSHKeys, []server.SSHKey{other}) {
		t.Errorf("all users: %+v, %v", page.Users, err)
	}
	want := map[string][]server.SSHKey{f.ada.ID: ordered, f.sven.ID: {other}}
	if directory, err := f.Store.Directory(t.Context()); err != nil || !cmp.Equal(directory.SSHKeys, want) {
		t.Errorf("directory: %v, %v", directory.SSHKeys, err)
	}
	if err := f.try(t, func(ctx context.Context, tx server.Tx) error {
		return tx.SetSSHKeys(ctx, f.ada.ID, []server.SSHKey{laptop, other}, Epoch)
	}); err == nil {
		t.Error("two users have one key")
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if owner, err := tx.UserBySSHKey(ctx, laptop.Fingerprint); err != nil || owner != f.ada {
			t.Errorf("owner: %+v, %v", owner, err)
		}
		// Another comment, another key in place of one, and all within a change.
		renamed := sshKey(2, "ssh-ed25519 a desktop")
		if err := tx.SetSSHKeys(ctx, f.ada.ID, []server.SSHKey{renamed}, Epoch); err != nil {
			return err
		}
		if user, err := tx.User(ctx, f.ada.ID); err != nil || !cmp.Equal(user.SSHKeys, []server.SSHKey{renamed}) {
			t.Errorf("after the change: %v, %v", user.SSHKeys, err)
		}
		if owner, err := tx.UserBySSHKey(ctx, laptop.Fingerprint); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("owner of a key that was taken away: %+v, %v", owner, err)
		}
		return nil
	})
	f.setSSHKeys(t, f.sven, laptop) // nobody has it any more
	f.setSSHKeys(t, f.ada)
	if user, err := f.Store.User(t.Context(), f.ada.ID); err != nil || user.SSHKeys != nil {
		t.Errorf("all taken away: %v, %v", user.SSHKeys, err)
	}
}

func testSSHKeysOfWhoIsGone(t *testing.T, db Database) {
	f := newFixture(t, db)
	key, suspended, unknown := sshKey(1, "ada's"), sshKey(2, "sven's"), sshKey(3, "nobody's")
	f.setSSHKeys(t, f.ada, key)
	f.setSSHKeys(t, f.sven, suspended)
	owners := func(want map[server.SSHFingerprint]string) {
		t.Helper()
		got, err := f.Store.SSHKeyOwners(t.Context(), []server.SSHFingerprint{key.Fingerprint, suspended.Fingerprint, unknown.Fingerprint})
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("owners: %v, %v", got, err)
		}
	}
	owners(map[server.SSHFingerprint]string{key.Fingerprint: f.ada.ID})
	if got, err := f.Store.SSHKeyOwners(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("owners of no keys: %v, %v", got, err)
	}
	got, err := f.Store.IdentityBySSHKey(t.Context(), suspended.Fingerprint)
	if err != nil || got.ID != f.sven.ID || got.Status != server.UserSuspended {
		t.Errorf("a suspended user: %+v, %v", got, err)
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteUser(ctx, f.ada.ID, Epoch) })
	owners(map[server.SSHFingerprint]string{})
	for _, fingerprint := range []server.SSHFingerprint{key.Fingerprint, unknown.Fingerprint} {
		if got, err := f.Store.IdentityBySSHKey(t.Context(), fingerprint); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("of a deleted user, and of nobody: %+v, %v", got, err)
		}
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if owner, err := tx.UserBySSHKey(ctx, key.Fingerprint); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("owner: %+v, %v", owner, err)
		}
		return nil
	})
	f.setSSHKeys(t, f.sven, key) // it is free again
}

func testSSHKeysFollowTheirTeams(t *testing.T, db Database) {
	f := newFixture(t, db)
	key := sshKey(1, "ada's")
	f.setSSHKeys(t, f.ada, key)
	check := func(teams ...api.Team) {
		t.Helper()
		want := server.Identity{
			Type: api.IdentityUser, ID: f.ada.ID, Name: f.ada.Name, Email: f.ada.Email, Status: f.ada.Status,
			Teams: append([]api.Team{}, teams...), KeyCreatedAt: stored(Epoch),
		}
		got, err := f.Store.IdentityBySSHKey(t.Context(), key.Fingerprint)
		got.AccessVersion = 0 // see testAccessUnchanged
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	check()
	f.member(t, f.web, f.ada)
	f.member(t, f.data, f.ada)
	check(f.web, f.data)
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		_, err := tx.RemoveMembers(ctx, f.web.ID, []string{f.ada.ID})
		return err
	})
	check(f.data)
	renamed := f.data
	renamed.Name, renamed.UpdatedAt = "numbers", stored(Epoch.Add(time.Hour))
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.UpdateTeam(ctx, renamed) })
	check(renamed)
}
