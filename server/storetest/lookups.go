package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/server"
)

var (
	errTaken      = errors.New("the name is taken")
	errRemembered = errors.New("the create is remembered")
)

// What was told to be looked up is found as it is when it is looked up, whatever
// the changes before did, also those that failed.
func testExpectedLookups(t *testing.T, db Database) {
	f := newFixture(t, db)
	var contexts []context.Context
	var changes []Change
	create := func(name, key string, fails bool) {
		expected := server.Lookups{TeamID: f.data.ID, Name: name, CallerID: "ada", IdempotencyKey: key}
		contexts = append(contexts, server.Expecting(t.Context(), expected))
		account, record := f.newAccount(f.data, name)
		event := f.event()
		changes = append(changes, func(ctx context.Context, tx server.Tx) (server.Event, error) {
			_, remembered := tx.IdempotentCreate(ctx, "ada", key)
			_, taken := tx.ServiceAccountByName(ctx, f.data.ID, name)
			switch {
			case remembered == nil:
				return event, errRemembered
			case taken == nil:
				return event, errTaken
			case !errors.Is(remembered, server.ErrNotFound) || !errors.Is(taken, server.ErrNotFound):
				return event, errors.Join(remembered, taken)
			}
			err := errors.Join(tx.InsertServiceAccount(ctx, account, record), tx.RememberCreate(ctx, server.IdempotentCreate{
				CallerID: "ada", Key: key, AccountID: account.ID, CreatedAt: Epoch,
			}, Epoch.Add(-time.Hour)))
			if err == nil && fails {
				err = errRefused
			}
			return event, err
		})
	}
	wants := []error{nil, nil, errTaken, errRemembered, errRefused, nil, errTaken}
	create("a", "1", false)
	create("b", "2", false)
	create("b", "3", false)
	create("c", "1", false)
	create("d", "4", true)
	create("d", "4", false)
	create("a", "5", false)
	for round := range 2 {
		for i, err := range together(t, db, func(change int) context.Context { return contexts[change] }, changes...) {
			want := wants[i]
			if round == 1 { // all is there
				want = []error{errRemembered, errRemembered, errTaken, errRemembered, errRemembered, errRemembered, errTaken}[i]
			}
			if !errors.Is(err, want) {
				t.Errorf("round %d, change %d: %v, want %v", round, i, err, want)
			}
		}
	}
	f.consist(t, "a", "b", "d")
}
