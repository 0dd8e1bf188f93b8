package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

// imported yields accounts first to last-1 of a team.
func imported(team api.Team, first, last int) iter.Seq[sqlstore.ImportedAccount] {
	return func(yield func(sqlstore.ImportedAccount) bool) {
		for i := first; i < last; i++ {
			id, name := storetest.NewID(i), fmt.Sprintf("bot-%06d", i)
			at := storetest.Epoch.Add(time.Duration(i) * time.Second).UTC().Truncate(time.Microsecond)
			used := at.Add(time.Minute)
			actor := api.Actor{Type: api.IdentityUser, ID: "ada", Name: "Ada"}
			key := api.KeySummary{Hint: "ps-0000…0000", CreatedAt: at}
			if i%2 == 1 {
				key.LastUsedAt, key.LastUsedIP = &used, "10.0.0.1"
			}
			if !yield(sqlstore.ImportedAccount{
				Account: api.ServiceAccount{ID: id, Name: name, Team: api.Ref{ID: team.ID, Name: team.Name}, Key: key, CreatedBy: actor, CreatedAt: at},
				Key:     server.KeyRecord{ID: id, Hash: api.HashKey(name), Hint: key.Hint, CreatedAt: at},
				Event:   server.Event{ID: id, Time: at, Actor: actor, Action: server.ActionServiceAccountCreate, ResourceID: id, ResourceName: name},
			}) {
				return
			}
		}
	}
}

func TestImport(t *testing.T) {
	file := func(t *testing.T) (string, func() []storetest.Recorded) {
		path := filepath.Join(t.TempDir(), "organization.db")
		return "sqlite:" + path, func() []storetest.Recorded { return events(t, path) }
	}
	for what, c := range map[string]struct {
		options sqlstore.Options
		make    func(t *testing.T) (dsn string, events func() []storetest.Recorded)
	}{
		"durable":  {sqlstore.Options{}, file},
		"volatile": {sqlstore.Options{Volatile: true}, file},
		"postgres": {sqlstore.Options{Volatile: true}, func(t *testing.T) (string, func() []storetest.Recorded) {
			dsn := postgrestest.New(t)
			beside := postgrestest.Connect(t, dsn)
			return dsn, func() []storetest.Recorded { return eventsOf(t, beside) }
		}},
	} {
		t.Run(what, func(t *testing.T) {
			dsn, events := c.make(t)
			store := openDSN(t, dsn, c.options)
			team := initialise(t, store)
			chained := func() {
				t.Helper()
				all := events()
				if storetest.Chain(t, all); len(all) != 81 {
					t.Errorf("%d audit events, want 81", len(all))
				}
			}
			var told []int
			if err := store.Import(t.Context(), imported(team, 0, 75), func(n int) { told = append(told, n) }); err != nil {
				t.Fatal(err)
			}
			// A second import meets what is there.
			if err := store.Import(t.Context(), imported(team, 75, 80), nil); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(told, []int{75}) {
				t.Errorf("progress was told %v, want 75", told)
			}
			page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 100}})
			if err != nil {
				t.Fatal(err)
			}
			var want []api.ServiceAccount
			for account := range imported(team, 0, 80) {
				want = append(want, account.Account)
			}
			if diff := cmp.Diff(want, page.ServiceAccounts); diff != "" {
				t.Error(diff)
			}
			identity, err := store.IdentityByKey(t.Context(), api.HashKey("bot-000003"))
			if err != nil || identity.ID != storetest.NewID(3) || len(identity.Teams) != 1 {
				t.Errorf("an imported key belongs to %+v, %v", identity, err)
			}
			chained()

			// Names are unique again, whatever the import did without.
			if err := store.Import(t.Context(), imported(team, 79, 82), nil); reason(err) != sqlstore.ReasonRefused {
				t.Errorf("an account that is there already: %v, want that it is refused", err)
			}
			if err := create(t.Context(), store, team, 5); reason(err) != sqlstore.ReasonRefused {
				t.Errorf("a name that is there already: %v, want that it is refused", err)
			}
			chained()
		})
	}
}

func TestImportIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Import(ctx, func(yield func(sqlstore.ImportedAccount) bool) {
		for account := range imported(team, 0, 10) {
			if !yield(account) {
				return
			}
		}
		cancel()
	}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	chain(t, path, 1)
}

func reason(err error) sqlstore.Reason {
	var file *sqlstore.FileError
	var server *sqlstore.ServerError
	switch {
	case errors.As(err, &file):
		return file.Reason
	case errors.As(err, &server):
		return server.Reason
	}
	return -1
}
