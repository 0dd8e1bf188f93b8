package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/lifeguard-keys/lifeguard/server"
)

// What changes do to each other that come while one is being written, and may
// share its transaction.
var groupCases = []contractCase{
	{"failing changes among others", testFailingAmongOthers},
	{"failing change before others", testFailingBeforeOthers},
	{"refused events of several changes", testRefusedEvents},
	{"end of a context while waiting", testCanceledWaiting},
	{"end of a context once made", testCanceledMade},
	{"many changes at once", testManyAtOnce},
	{"lookups that were expected", testExpectedLookups},
}

// Change is what [server.Store.Write] is given.
type Change func(ctx context.Context, tx server.Tx) (server.Event, error)

var (
	errRefused  = errors.New("refused")
	errPanicked = errors.New("panicked")
)

// Together writes changes that wait, in this order, behind the first, which
// ends when all of them do. It returns what each was answered; the error of one
// that panicked says so.
func Together(t *testing.T, db Database, changes ...Change) []error {
	t.Helper()
	return together(t, db, func(int) context.Context { return t.Context() }, changes...)
}

// together is Together with a context for each change.
func together(t *testing.T, db Database, of func(change int) context.Context, changes ...Change) []error {
	t.Helper()
	begun, all := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	answers := []<-chan error{write(of(0), db, func(ctx context.Context, tx server.Tx) (server.Event, error) {
		begin()
		<-all
		return changes[0](ctx, tx)
	})}
	<-begun
	for i, change := range changes[1:] {
		answers = append(answers, write(of(i+1), db, change))
		until(t, func() bool { return db.Waiting() == i+1 })
	}
	close(all)
	var errs []error
	for _, answer := range answers {
		errs = append(errs, <-answer)
	}
	return errs
}

// write makes a change on a goroutine of its own.
func write(ctx context.Context, db Database, change Change) <-chan error {
	answer := make(chan error, 1)
	go func() {
		err := errPanicked
		defer func() {
			_ = recover()
			answer <- err
		}()
		err = db.Store.Write(ctx, func(tx server.Tx) (server.Event, error) { return change(ctx, tx) })
	}()
	return answer
}

// until waits for something that must come.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		if t.Context().Err() != nil {
			t.Fatal("it did not come")
		}
		runtime.Gosched()
	}
}

// creating is a change that makes an account of this name, and then goes on.
func (f *fixture) creating(name string, then func(ctx context.Context, tx server.Tx) error) Change {
	account, key := f.newAccount(f.data, name)
	event := f.event()
	return func(ctx context.Context, tx server.Tx) (server.Event, error) {
		err := tx.InsertServiceAccount(ctx, account, key)
		if err == nil && then != nil {
			err = then(ctx, tx)
		}
		return event, err
	}
}

// consist checks that these accounts are there and no others, and that each
// change since the fixture's own left one event.
func (f *fixture) consist(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := names(f.list(t, server.ServiceAccountQuery{}).ServiceAccounts); !slices.Equal(got, want) {
		t.Errorf("the accounts are %q, want %q", got, want)
	}
	events := f.Events(t)
	Chain(t, events)
	if len(events) != 1+len(want) {
		t.Errorf("%d events, want %d", len(events), 1+len(want))
	}
}

func testFailingAmongOthers(t *testing.T, db Database) {
	f := newFixture(t, db)
	cut := f.event()
	cut.Metadata = map[string]string{"name": "cut\xc3"}
	unfit := f.creating("unfit", nil)
	canceled, cancel := context.WithCancel(t.Context())
	cases := []struct {
		change string
		write  Change
		fails  bool
	}{
		{"a", f.creating("a", nil), false},
		{"refused after it wrote", f.creating("refused", func(context.Context, server.Tx) error { return errRefused }), true},
		{"b", f.creating("b", nil), false},
		{"a name that one before it took", f.creating("b", nil), true},
		{"c", f.creating("c", nil), false},
		{"an event that cannot be kept", func(ctx context.Context, tx server.Tx) (server.Event, error) {
			_, err := unfit(ctx, tx)
			return cut, err
		}, true},
		{"d", f.creating("d", nil), false},
		{"a panic", f.creating("panics", func(context.Context, server.Tx) error { panic("the change went wrong") }), true},
		{"e", f.creating("e", nil), false},
		{"refused before it wrote", func(ctx context.Context, tx server.Tx) (server.Event, error) {
			_, err := tx.ServiceAccountByName(ctx, f.data.ID, "missing")
			return server.Event{}, err
		}, true},
		{"f", f.creating("f", func(ctx context.Context, tx server.Tx) error {
			// It finds what those before it did, and nothing of what failed.
			_, b := tx.ServiceAccountByName(ctx, f.data.ID, "b")
			_, refused := tx.ServiceAccountByName(ctx, f.data.ID, "refused")
			if b != nil || !errors.Is(refused, server.ErrNotFound) {
				return fmt.Errorf("found b: %w, refused: %w", b, refused)
			}
			return nil
		}), false},
		{"a failure that it conceals", f.creating("conceals", func(ctx context.Context, tx server.Tx) error {
			account, key := f.newAccount(f.data, "f")
			_ = tx.InsertServiceAccount(ctx, account, key)
			return nil
		}), true},
		{"a context that ends in it", f.creating("canceled", func(_ context.Context, tx server.Tx) error {
			cancel()
			account, key := f.newAccount(f.data, "never")
			return tx.InsertServiceAccount(canceled, account, key)
		}), true},
		{"g", f.creating("g", nil), false},
	}
	var changes []Change
	var kept []string
	for _, c := range cases {
		changes = append(changes, c.write)
		if !c.fails {
			kept = append(kept, c.change)
		}
	}
	for i, err := range Together(t, db, changes...) {
		if (err != nil) != cases[i].fails {
			t.Errorf("%s: %v", cases[i].change, err)
		}
	}
	f.consist(t, kept...)
}

func testFailingBeforeOthers(t *testing.T, db Database) {
	f := newFixture(t, db)
	var kept []string
	for what, fail := range map[string]func() error{
		"refuses": func() error { return errRefused },
		"panics":  func() error { panic("the change went wrong") },
		"exits": func() error {
			runtime.Goexit()
			return nil
		},
	} {
		names := []string{what + " a", what + " b"}
		errs := Together(t, db,
			f.creating(what, func(context.Context, server.Tx) error { return fail() }),
			f.creating(names[0], nil), f.creating(names[1], nil))
		if errs[0] == nil || errs[1] != nil || errs[2] != nil {
			t.Errorf("%s: %v", what, errs)
		}
		kept = append(kept, names...)
	}
	f.consist(t, kept...)
}

func testRefusedEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	f.RefuseEvents(t)
	for i, err := range Together(t, db, f.creating("a", nil), f.creating("b", nil), f.creating("c", nil)) {
		if err == nil {
			t.Errorf("change %d was kept without its event", i)
		}
	}
	f.consist(t)
}

func testCanceledWaiting(t *testing.T, db Database) {
	f := newFixture(t, db)
	givenUp := f.creating("given up", nil)
	errs := Together(t, db, f.creating("a", func(context.Context, server.Tx) error {
		// Two wait by now. A third gives up before anybody begins with it.
		ctx, cancel := context.WithCancel(t.Context())
		answer := write(ctx, db, givenUp)
		until(t, func() bool { return db.Waiting() == 3 })
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("a change that was given up: %v, want context.Canceled", err)
		}
		return nil
	}), f.creating("b", nil), f.creating("c", nil))
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	f.consist(t, "a", "b", "c")
}

// Who gives up when the change has been made, and perhaps not been kept yet,
// is told what became of it.
func testCanceledMade(t *testing.T, db Database) {
	f := newFixture(t, db)
	var answers []<-chan error
	ctx, cancel := context.WithCancel(t.Context())
	early, late := f.creating("early", nil), f.creating("late", func(context.Context, server.Tx) error {
		cancel()
		return nil
	})
	errs := Together(t, db, f.creating("a", func(context.Context, server.Tx) error {
		answers = append(answers, write(ctx, db, early))
		until(t, func() bool { return db.Waiting() == 1 })
		answers = append(answers, write(t.Context(), db, late))
		until(t, func() bool { return db.Waiting() == 2 })
		return nil
	}))
	if err := errors.Join(errs[0], <-answers[0], <-answers[1]); err != nil {
		t.Error(err)
	}
	f.consist(t, "a", "early", "late")
}

// In whatever order they come, the changes that succeed are kept, at the latest
// when that is answered, and of the others nothing is.
func testManyAtOnce(t *testing.T, db Database) {
	f := newFixture(t, db)
	var work sync.WaitGroup
	var kept []string
	for i := range 40 {
		name, fails := fmt.Sprintf("bot-%02d", i), i%4 == 3
		account, key := f.newAccount(f.data, name)
		event := f.event()
		if !fails {
			kept = append(kept, name)
		}
		work.Go(func() {
			err := db.Store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
				err := tx.InsertServiceAccount(t.Context(), account, key)
				if err == nil && fails {
					err = errRefused
				}
				return event, err
			})
			_, lookup := db.Store.IdentityByKey(t.Context(), key.Hash)
			switch {
			case fails && (!errors.Is(err, errRefused) || !errors.Is(lookup, server.ErrNotFound)):
				t.Errorf("%s: %v, and its key: %v", name, err, lookup)
			case !fails && (err != nil || lookup != nil):
				t.Errorf("%s: %v, and its key: %v", name, err, lookup)
			}
		})
	}
	work.Wait()
	f.consist(t, kept...)
}
