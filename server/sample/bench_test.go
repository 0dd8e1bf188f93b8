package sample_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// filled returns the path of a database with a sample organization and its
// administrator's key.
func filled(b *testing.B, accounts int) (path string, key api.Secret) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "sample.db")
	store, err := sqlstore.Open(b.Context(), "sqlite:"+path, sqlstore.Options{Volatile: true})
	if err != nil {
		b.Fatal(err)
	}
	key = load(b, store, 1, accounts)
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	return path, key
}

func reopen(b *testing.B, path string) *sqlstore.Store {
	b.Helper()
	store, err := sqlstore.Open(b.Context(), "sqlite:"+path, sqlstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return store
}

func BenchmarkOpen(b *testing.B) {
	path, _ := filled(b, 1204)
	for b.Loop() {
		store, err := sqlstore.Open(b.Context(), "sqlite:"+path, sqlstore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := store.Organization(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenFresh(b *testing.B) {
	folder, i := b.TempDir(), 0
	for b.Loop() {
		i++
		store, err := sqlstore.Open(b.Context(), fmt.Sprintf("sqlite:%s/%d.db", folder, i), sqlstore.Options{Volatile: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{0, 1204, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				store := open(b, sqlstore.Options{Volatile: true})
				b.StartTimer()
				load(b, store, 1, n)
			}
		})
	}
}

func Benchmark100k(b *testing.B) {
	path, key := filled(b, 100_000)
	store := reopen(b, path)
	ctx := context.Background()
	all := accounts(b, store)
	page := func(query server.ServiceAccountQuery, want int) func(*testing.B) {
		return func(b *testing.B) {
			query.Limit = 300
			for b.Loop() {
				page, err := store.ServiceAccounts(ctx, query)
				if err != nil {
					b.Fatal(err)
				}
				if len(page.ServiceAccounts) != want {
					b.Fatalf("%d rows, want %d", len(page.ServiceAccounts), want)
				}
			}
		}
	}
	near := all[len(all)-301]
	b.Run("page=first", page(server.ServiceAccountQuery{}, 300))
	b.Run("page=last", page(server.ServiceAccountQuery{PageQuery: server.PageQuery{After: &server.Cursor{Name: near.Name, ID: near.ID}}}, 300))
	b.Run("page=last-by-number", page(server.ServiceAccountQuery{PageQuery: server.PageQuery{Offset: len(all) - 300}}, 300))
	b.Run("page=first-with-total", page(server.ServiceAccountQuery{PageQuery: server.PageQuery{Total: true}}, 300))
	b.Run("query=nothing", page(server.ServiceAccountQuery{ServiceAccountFilter: api.ServiceAccountFilter{Query: "no such name"}}, 0))
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if got := accounts(b, store); len(got) != len(all) {
				b.Fatalf("%d rows, want %d", len(got), len(all))
			}
		}
	})
	hash := api.HashKey(key.Reveal())
	b.Run("lookup", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.IdentityByKey(ctx, hash); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("create", func(b *testing.B) { benchmarkCreate(b, store, all[0].Team) })
}

// benchmarkCreate makes service accounts durably, one transaction each.
func benchmarkCreate(b *testing.B, store *sqlstore.Store, team api.Ref) {
	now, i := time.Now(), 0
	for b.Loop() {
		i++
		id := fmt.Sprintf("00000000-0000-7000-8000-%012x", i)
		actor := api.Actor{Type: api.IdentityUser, ID: "ada", Name: "Ada"}
		err := store.Write(b.Context(), func(tx server.Tx) (server.Event, error) {
			return server.Event{
					ID: id, Time: now, Actor: actor, Action: server.ActionServiceAccountCreate, ResourceID: id, Outcome: server.OutcomeSuccess,
				}, tx.InsertServiceAccount(b.Context(), api.ServiceAccount{
					ID: id, Name: id, Team: team, CreatedBy: actor, CreatedAt: now,
				}, server.KeyRecord{ID: id, Hash: api.HashKey(id), Hint: "ps-0000…0000", CreatedAt: now})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMillion loads the largest organization once and measures in it.
func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("loads a million service accounts")
	}
	path, _ := filled(b, sample.MaxAccounts)
	store := reopen(b, path)
	for name, query := range map[string]server.PageQuery{
		"page=first": {Limit: 300}, "page=last": {Limit: 300, After: &server.Cursor{Name: "web"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := store.ServiceAccounts(b.Context(), server.ServiceAccountQuery{PageQuery: query}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
