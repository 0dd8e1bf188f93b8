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

var developerKeyCases = []contractCase{
	{"developer keys", testDeveloperKeys},
	{"replaced and deleted developer keys", testDeveloperKeyWrites},
}

func shownKey(key server.KeyRecord) api.DeveloperKey {
	return api.DeveloperKey{ID: key.ID, KeySummary: api.KeySummary{Hint: key.Hint, CreatedAt: key.CreatedAt}}
}

func testDeveloperKeys(t *testing.T, db Database) {
	f := newFixture(t, db)
	first, second, others := f.key(), f.key(), f.key()
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		return errors.Join(tx.InsertDeveloperKey(ctx, f.ada.ID, second), tx.InsertDeveloperKey(ctx, f.ada.ID, first),
			tx.InsertDeveloperKey(ctx, f.sven.ID, others))
	})
	if err := f.Store.Touch(t.Context(), []server.KeyUse{{KeyID: second.ID, At: Epoch, IP: "10.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	used := shownKey(second)
	at := stored(Epoch)
	used.LastUsedAt, used.LastUsedIP = &at, "10.0.0.1"
	want := []api.DeveloperKey{shownKey(first), used}
	all, err := f.Store.DeveloperKeys(t.Context(), f.ada.ID, server.PageQuery{Limit: 2, Total: true})
	if err != nil || !cmp.Equal(server.DeveloperKeyPage{Keys: want, Total: 2}, all) {
		t.Errorf("%+v, %v", all, err)
	}
	page, err := f.Store.DeveloperKeys(t.Context(), f.ada.ID, server.PageQuery{Limit: 1})
	if err != nil || !cmp.Equal(server.DeveloperKeyPage{Keys: want[:1], More: true, Total: -1}, page) {
		t.Errorf("%+v, %v", page, err)
	}
	for _, query := range []server.PageQuery{{Limit: 1, Offset: 1}, {Limit: 1, After: &server.Cursor{Name: first.ID, ID: first.ID}}} {
		page, err := f.Store.DeveloperKeys(t.Context(), f.ada.ID, query)
		if err != nil || !cmp.Equal(server.DeveloperKeyPage{Keys: want[1:], Total: -1}, page) {
			t.Errorf("%+v: %+v, %v", query, page, err)
		}
	}
	account, _ := f.account(t, f.data, "bot")
	none, err := f.Store.DeveloperKeys(t.Context(), account.ID, server.PageQuery{Limit: 1})
	if err != nil || !cmp.Equal(server.DeveloperKeyPage{Keys: []api.DeveloperKey{}, Total: -1}, none) {
		t.Errorf("of a service account: %+v, %v", none, err)
	}
}

func testDeveloperKeyWrites(t *testing.T, db Database) {
	f := newFixture(t, db)
	key, others, fresh := f.key(), f.key(), f.key()
	fresh.ID = key.ID
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		err := errors.Join(tx.InsertDeveloperKey(ctx, f.ada.ID, key), tx.InsertDeveloperKey(ctx, f.sven.ID, others),
			tx.ReplaceDeveloperKey(ctx, f.ada.ID, fresh))
		if got, err := tx.DeveloperKey(ctx, f.ada.ID, key.ID); err != nil || !cmp.Equal(shownKey(fresh), got) {
			t.Errorf("%+v, %v", got, err)
		}
		if n, err := tx.CountDeveloperKeys(ctx, f.ada.ID); err != nil || n != 1 {
			t.Errorf("%d keys, %v", n, err)
		}
		return err
	})
	f.nobody(t, key)
	f.identity(t, fresh, server.Identity{
		Type: api.IdentityUser, ID: f.ada.ID, Name: "Ada", Email: "Ada@Example.com", Status: server.UserActive, Teams: []api.Team{}, KeyID: key.ID,
	})
	account, bot := f.account(t, f.data, "bot")
	remove := func(userID, id string) func(context.Context, server.Tx) error {
		return func(ctx context.Context, tx server.Tx) error {
			return tx.DeleteDeveloperKey(ctx, userID, id, Epoch.Add(time.Hour))
		}
	}
	replace := func(userID string, record server.KeyRecord) func(context.Context, server.Tx) error {
		record.Hash = api.HashKey("another")
		return func(ctx context.Context, tx server.Tx) error { return tx.ReplaceDeveloperKey(ctx, userID, record) }
	}
	look := func(userID, id string) func(context.Context, server.Tx) error {
		return func(ctx context.Context, tx server.Tx) error { _, err := tx.DeveloperKey(ctx, userID, id); return err }
	}
	f.absentNow(t, remove(f.ada.ID, others.ID), remove(account.ID, bot.ID), replace(f.ada.ID, others), look(f.ada.ID, others.ID), look(account.ID, bot.ID))
	f.write(t, remove(f.ada.ID, key.ID))
	f.nobody(t, fresh)
	f.absentNow(t, remove(f.ada.ID, key.ID), replace(f.ada.ID, fresh), look(f.ada.ID, key.ID))
	f.write(t, func(ctx context.Context, tx server.Tx) error {
		if n, err := tx.CountDeveloperKeys(ctx, f.ada.ID); err != nil || n != 0 {
			t.Errorf("%d keys, %v", n, err)
		}
		return nil
	})
	for what, record := range map[string]server.KeyRecord{"another user's": others, "a service account's": bot} {
		if _, err := f.Store.IdentityByKey(t.Context(), record.Hash); err != nil {
			t.Errorf("%s key: %v", what, err)
		}
	}
}
