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

func testServiceAccount(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, key := f.newAccount(f.web, "ci")
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if _, err := tx.ServiceAccount(ctx, account.ID); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("before it is made: %v, want ErrNotFound", err)
		}
		if err := tx.InsertServiceAccount(ctx, account, key); err != nil {
			return err
		}
		for what, find := range map[string]func() (api.ServiceAccount, error){
			"by id":   func() (api.ServiceAccount, error) { return tx.ServiceAccount(ctx, account.ID) },
			"by name": func() (api.ServiceAccount, error) { return tx.ServiceAccountByName(ctx, f.web.ID, "ci") },
		} {
			if got, err := find(); err != nil || !cmp.Equal(got, account) {
				t.Errorf("within the transaction, %s: %v\n%s", what, err, cmp.Diff(account, got))
			}
		}
		if team, err := tx.Team(ctx, f.data.ID); err != nil || !cmp.Equal(team, f.data) {
			t.Errorf("within the transaction: %v\n%s", err, cmp.Diff(f.data, team))
		}
		if _, err := tx.Team(ctx, NewID(1000)); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("an unknown team: %v, want ErrNotFound", err)
		}
		if _, err := f.Store.ServiceAccount(ctx, account.ID); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("before it is committed: %v, want ErrNotFound", err)
		}
		return nil
	})
	if got, err := f.Store.ServiceAccount(t.Context(), account.ID); err != nil || !cmp.Equal(got, account) {
		t.Errorf("%v\n%s", err, cmp.Diff(account, got))
	}
	if _, err := f.Store.ServiceAccount(t.Context(), "no-uuid"); !errors.Is(err, server.ErrNotFound) {
		t.Errorf("an id of another form: %v, want ErrNotFound", err)
	}
}

func testNames(t *testing.T, db Database) {
	f := newFixture(t, db)
	first, _ := f.account(t, f.data, "ci")
	second, key := f.newAccount(f.data, "ci")
	insert := func(ctx context.Context, tx server.Tx) error { return tx.InsertServiceAccount(ctx, second, key) }
	if err := f.try(t, insert); err == nil {
		t.Error("a team has two living accounts of one name")
	}
	f.nobody(t, key)
	f.account(t, f.web, "ci")
	f.account(t, f.data, "CI")
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if _, err := tx.ServiceAccountByName(ctx, f.admins.ID, "ci"); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("in a team without it: %v, want ErrNotFound", err)
		}
		if err := tx.DeleteServiceAccount(ctx, first.ID, Epoch); err != nil {
			return err
		}
		if _, err := tx.ServiceAccountByName(ctx, f.data.ID, "ci"); !errors.Is(err, server.ErrNotFound) {
			t.Errorf("a deleted account has its name: %v, want ErrNotFound", err)
		}
		return insert(ctx, tx)
	})
}

func testReplaceKey(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, old := f.account(t, f.data, "ci")
	fresh := f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.ReplaceKey(ctx, account.ID, fresh) })
	f.nobody(t, old)
	identity, err := f.Store.IdentityByKey(t.Context(), fresh.Hash)
	if err != nil || identity.ID != account.ID || identity.KeyID != fresh.ID {
		t.Errorf("the new key belongs to %+v, %v", identity, err)
	}
	account.Key = api.KeySummary{Hint: fresh.Hint, CreatedAt: fresh.CreatedAt}
	if got, err := f.Store.ServiceAccount(t.Context(), account.ID); err != nil || !cmp.Equal(got, account) {
		t.Errorf("%v\n%s", err, cmp.Diff(account, got))
	}
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.DeleteServiceAccount(ctx, account.ID, Epoch) })
	for _, id := range []string{account.ID, NewID(1000)} {
		err := f.try(t, func(ctx context.Context, tx server.Tx) error { return tx.ReplaceKey(ctx, id, f.key()) })
		if !errors.Is(err, server.ErrNotFound) {
			t.Errorf("a key for no account: %v, want ErrNotFound", err)
		}
	}
}

func testTouch(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, key := f.account(t, f.data, "ci")
	developer := f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.InsertDeveloperKey(ctx, f.ada.ID, developer) })
	before := len(f.Events(t))
	early, late := Epoch.Add(time.Minute), Epoch.Add(time.Hour)
	for _, uses := range [][]server.KeyUse{
		nil,
		{{KeyID: key.ID, At: early, IP: "10.0.0.1"}, {KeyID: developer.ID, At: early}, {KeyID: NewID(1000), At: late}},
		{{KeyID: key.ID, At: late, IP: "2001:db8::7"}, {KeyID: key.ID, At: early, IP: "10.0.0.2"}},
		{{KeyID: key.ID, At: Epoch, IP: "10.0.0.3"}},
	} {
		if err := f.Store.Touch(t.Context(), uses); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Store.ServiceAccount(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Key.LastUsedAt == nil || !got.Key.LastUsedAt.Equal(stored(late)) || got.Key.LastUsedIP != "2001:db8::7" {
		t.Errorf("last used at %v from %s", got.Key.LastUsedAt, got.Key.LastUsedIP)
	}
	identity, err := f.Store.IdentityByKey(t.Context(), developer.Hash)
	if err != nil || identity.KeyUsedAt == nil || !identity.KeyUsedAt.Equal(stored(early)) {
		t.Errorf("the developer key: %+v, %v", identity, err)
	}
	if after := len(f.Events(t)); after != before {
		t.Errorf("using keys wrote %d audit events", after-before)
	}
}

func testIdempotentCreates(t *testing.T, db Database) {
	f := newFixture(t, db)
	create := func(caller, key string, body byte, after time.Duration) server.IdempotentCreate {
		return server.IdempotentCreate{
			CallerID: caller, Key: key, BodyHash: [32]byte{body}, AccountID: f.id(), CreatedAt: stored(Epoch.Add(after)),
			Replica: f.id(), IssuedAt: stored(Epoch.Add(after + time.Second)),
		}
	}
	old, recent, others := create("ada", "k1", 1, 0), create("ada", "k2", 2, time.Hour), create("sven", "k2", 3, time.Hour)
	remember := func(c server.IdempotentCreate, expiry time.Duration) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx server.Tx) error { return tx.RememberCreate(ctx, c, Epoch.Add(expiry)) })
	}
	look := func(want server.IdempotentCreate, found bool) {
		t.Helper()
		f.write(t, func(ctx context.Context, tx server.Tx) error {
			got, err := tx.IdempotentCreate(ctx, want.CallerID, want.Key)
			if found && (err != nil || got != want) || !found && !errors.Is(err, server.ErrNotFound) {
				t.Errorf("%s, %s: %+v, %v", want.CallerID, want.Key, got, err)
			}
			return nil
		})
	}
	look(old, false)
	remember(old, -time.Hour)
	remember(recent, 0)
	look(old, true)
	look(recent, true)
	look(others, false)
	remember(others, time.Minute)
	look(old, false)
	look(recent, true)
	look(others, true)
	again := recent
	again.AccountID, again.BodyHash, again.Replica, again.IssuedAt = f.id(), [32]byte{9}, f.id(), stored(Epoch)
	remember(again, time.Minute)
	look(again, true)
}
