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
	again.AccountID, again.BodyHash = f.id(), [32]byte{9}
	remember(again, time.Minute)
	look(again, true)
}

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
