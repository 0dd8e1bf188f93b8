package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// Chain checks that events follow one another without a gap and that each
// hash covers the one before.
func Chain(t *testing.T, events []Recorded) {
	t.Helper()
	var previous [32]byte
	for i, recorded := range events {
		if recorded.Sequence != int64(i+1) {
			t.Fatalf("event %d has sequence %d", i+1, recorded.Sequence)
		}
		if recorded.Hash != server.ChainHash(previous, recorded.Sequence, recorded.Event) {
			t.Fatalf("event %d does not fit into the chain: %+v", i+1, recorded.Event)
		}
		previous = recorded.Hash
	}
}

func testEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	whole := server.Event{
		ID: f.id(), Time: Epoch, Actor: api.Actor{Type: api.IdentityServiceAccount, ID: NewID(5), Name: "bot\n'\"日本"},
		Action: "service_account.create", ResourceType: "service_account", ResourceID: NewID(6), ResourceName: "ci \u202e",
		Outcome: server.OutcomeDenied, RequestID: "r-1", IP: "2001:db8::1", UserAgent: "curl/8", Via: "console",
		Metadata: map[string]string{"team_id": f.data.ID, "": `"quoted"`, "ключ": "<&>\u2028"},
	}
	bare := server.Event{ID: f.id(), Time: Epoch.Add(-time.Hour)}
	for _, event := range []server.Event{whole, bare} {
		if err := f.Store.Write(t.Context(), func(server.Tx) (server.Event, error) { return event, nil }); err != nil {
			t.Fatal(err)
		}
	}
	events := f.Events(t)
	Chain(t, events)
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	whole.Time, bare.Time, bare.Metadata = stored(whole.Time), stored(bare.Time), map[string]string{}
	for i, want := range []server.Event{whole, bare} {
		if diff := cmp.Diff(want, events[i+1].Event); diff != "" {
			t.Error(diff)
		}
	}
}

// unchanged runs what must fail, and checks that it left no trace.
func (f *fixture) unchanged(t *testing.T, fail func()) {
	t.Helper()
	before, events := f.list(t, server.ServiceAccountQuery{}), f.Events(t)
	fail()
	if diff := cmp.Diff(before, f.list(t, server.ServiceAccountQuery{})); diff != "" {
		t.Errorf("the accounts changed:\n%s", diff)
	}
	if diff := cmp.Diff(events, f.Events(t)); diff != "" {
		t.Errorf("the events changed:\n%s", diff)
	}
}

// meddle changes everything that can be changed.
func (f *fixture) meddle(ctx context.Context, tx server.Tx, id string) error {
	account, key := f.newAccount(f.web, "meddler")
	return errors.Join(
		tx.InsertServiceAccount(ctx, account, key), tx.ReplaceKey(ctx, id, f.key()), tx.DeleteServiceAccount(ctx, id, Epoch),
	)
}

func testRefusedChange(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, key := f.account(t, f.data, "ci")
	f.unchanged(t, func() {
		refusal := fmt.Errorf("no: %w", context.Canceled)
		err := f.try(t, func(ctx context.Context, tx server.Tx) error {
			if err := f.meddle(ctx, tx, account.ID); err != nil {
				t.Error(err)
			}
			return refusal
		})
		if err != refusal { //nolint:errorlint // it must be this very error
			t.Errorf("%v, want the error of the change", err)
		}
	})
	if _, err := f.Store.IdentityByKey(t.Context(), key.Hash); err != nil {
		t.Errorf("the key that stayed: %v", err)
	}
	f.account(t, f.data, "next")
	Chain(t, f.Events(t))
}

func testRefusedEvent(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, _ := f.account(t, f.data, "ci")
	f.unchanged(t, func() {
		err := f.Store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
			event := f.event()
			event.Metadata = map[string]string{"name": "cut\xc3"}
			return event, f.meddle(t.Context(), tx, account.ID)
		})
		if err == nil {
			t.Error("an event was kept whose hash cannot be computed again")
		}
	})
	f.RefuseEvents(t)
	f.unchanged(t, func() {
		if err := f.try(t, func(ctx context.Context, tx server.Tx) error { return f.meddle(ctx, tx, account.ID) }); err == nil {
			t.Error("a change was kept without its event")
		}
	})
}

func testPanic(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, _ := f.account(t, f.data, "ci")
	f.unchanged(t, func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of a change was swallowed")
			}
		}()
		_ = f.try(t, func(ctx context.Context, tx server.Tx) error {
			if err := f.meddle(ctx, tx, account.ID); err != nil {
				t.Error(err)
			}
			panic("the change went wrong")
		})
	})
	f.account(t, f.data, "next")
	Chain(t, f.Events(t))
}

func testCanceled(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, _ := f.account(t, f.data, "ci")
	f.unchanged(t, func() {
		ctx, cancel := context.WithCancel(t.Context())
		err := f.Store.Write(ctx, func(tx server.Tx) (server.Event, error) {
			if err := f.meddle(ctx, tx, account.ID); err != nil {
				t.Error(err)
			}
			cancel()
			return f.event(), nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a write that was given up: %v, want context.Canceled", err)
		}
		for what, err := range map[string]error{
			"Write":           f.Store.Write(ctx, func(server.Tx) (server.Event, error) { return f.event(), nil }),
			"Touch":           f.Store.Touch(ctx, []server.KeyUse{{KeyID: NewID(1), At: Epoch}}),
			"Organization":    second(f.Store.Organization(ctx)),
			"ServiceAccounts": second(f.Store.ServiceAccounts(ctx, server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 1}})),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s after the end: %v, want context.Canceled", what, err)
			}
		}
	})
	f.account(t, f.data, "next")
	Chain(t, f.Events(t))
}

func second[T any](_ T, err error) error { return err }

func testManyWriters(t *testing.T, db Database) {
	f := newFixture(t, db)
	ConcurrentCreates(t, f.data, db.Store, db.Store)
	Chain(t, f.Events(t))
}

// ConcurrentCreates makes accounts in a team through several stores of one
// database at once, while others are read, and checks that all are there.
func ConcurrentCreates(t *testing.T, team api.Team, stores ...server.Store) {
	t.Helper()
	const each = 15
	var work sync.WaitGroup
	var want []string
	for i, store := range stores {
		for n := range each {
			want = append(want, fmt.Sprintf("bot-%d-%02d", i, n))
		}
		work.Go(func() {
			for n := range each {
				f := &fixture{count: 100_000*(i+1) + 100*n}
				account, key := f.newAccount(team, fmt.Sprintf("bot-%d-%02d", i, n))
				err := store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
					if _, err := tx.ServiceAccountByName(t.Context(), team.ID, account.Name); !errors.Is(err, server.ErrNotFound) {
						return server.Event{}, fmt.Errorf("%s is there already: %w", account.Name, err)
					}
					return f.event(), tx.InsertServiceAccount(t.Context(), account, key)
				})
				if err != nil {
					t.Errorf("%s: %v", account.Name, err)
				}
			}
		})
		work.Go(func() {
			for range each {
				page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 300, Total: true}})
				if err != nil || page.Total != len(page.ServiceAccounts) {
					t.Errorf("%d rows and a total of %d, %v", len(page.ServiceAccounts), page.Total, err)
				}
			}
		})
	}
	work.Wait()
	for _, store := range stores {
		page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 300}})
		if err != nil || !slices.Equal(names(page.ServiceAccounts), want) {
			t.Errorf("%v: %v", names(page.ServiceAccounts), err)
		}
	}
}
