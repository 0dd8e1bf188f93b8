package server_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// used is what the store knows of an account's key.
func (f *fixture) used(id string) api.KeySummary {
	f.t.Helper()
	account, err := f.store.ServiceAccount(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return account.Key
}

func (f *fixture) use(caller string) {
	f.t.Helper()
	f.must(http.StatusOK, f.do(caller, http.MethodGet, api.PathMe, ""))
}

func TestTheFirstUseIsWrittenAtOnceAndLaterOnesTogether(t *testing.T) {
	f := newFixture(t)
	if used := f.used(f.accountA.ID); used.LastUsedAt != nil {
		t.Fatalf("used before it was: %+v", used)
	}
	f.clock.advance(time.Minute)
	first := f.clock.Now()
	f.use("account of A")
	if used := f.used(f.accountA.ID); used.LastUsedAt == nil || !used.LastUsedAt.Equal(first) || used.LastUsedIP != "192.0.2.7" {
		t.Errorf("after the first use: %+v", used)
	}
	before := f.faults.touches
	for range 50 {
		f.clock.advance(time.Second)
		f.use("account of A")
	}
	if used := f.used(f.accountA.ID); !used.LastUsedAt.Equal(first) || f.faults.touches != before {
		t.Errorf("a later use was waited for: %+v", used)
	}
	if err := f.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if used := f.used(f.accountA.ID); !used.LastUsedAt.Equal(f.clock.Now()) || f.faults.touches != before+1 {
		t.Errorf("after closing: %+v, written %d times", used, f.faults.touches-before)
	}
}

func TestAUseThatCannotBeWrittenIsKept(t *testing.T) {
	f := newFixture(t)
	f.use("account of A")
	f.faults.set(func(s *faultyStore) { s.touch = errDisk })
	f.clock.advance(time.Minute)
	f.use("account of A")
	if err := f.server.Close(t.Context()); !errors.Is(err, errDisk) {
		t.Fatalf("closing: %v", err)
	}
	// The first use of another key must be known before its answer is.
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("account of B", http.MethodGet, api.PathMe, ""))
	f.faults.heal()
	if err := f.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if used := f.used(f.accountA.ID); !used.LastUsedAt.Equal(f.clock.Now()) {
		t.Errorf("after closing again: %+v", used)
	}
}

// recordedUses is a store of which only the uses of keys matter.
type recordedUses struct {
	server.Store

	mu       sync.Mutex
	failures int
	takes    time.Duration // to write a batch
	batches  [][]server.KeyUse
}

func (s *recordedUses) written() [][]server.KeyUse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}

func (s *recordedUses) IdentityByKey(_ context.Context, hash api.KeyHash) (server.Identity, error) {
	used := time.Unix(0, 0)
	return server.Identity{Type: api.IdentityUser, ID: "u", Status: server.UserActive, KeyID: hash.String(), KeyUsedAt: &used}, nil
}

func (s *recordedUses) Organization(context.Context) (server.Organization, error) {
	return server.Organization{Name: "Acme"}, nil
}

func (s *recordedUses) Touch(_ context.Context, uses []server.KeyUse) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(s.takes)
	s.batches = append(s.batches, uses)
	if s.failures > 0 {
		s.failures--
		return errDisk
	}
	return nil
}

// The bubble's clock shows when uses are written: after the interval, again
// after a failure, and never while nothing waits.
func TestUsesAreWrittenAfterTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &recordedUses{failures: 1}
		s := server.New(server.Options{Store: store, TouchInterval: time.Minute})
		f := &fixture{t: t, handler: s.Handler(), keys: map[string]string{"one": mint(t), "two": mint(t)}}
		batches := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := len(store.written()); got != want {
				t.Fatalf("%d batches after %v, want %d", got, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), want)
			}
		}
		f.use("one")
		time.Sleep(59 * time.Second)
		f.use("one")
		f.use("two")
		last := time.Now()
		batches(0)
		time.Sleep(time.Second)
		batches(1) // which fails
		time.Sleep(59 * time.Second)
		batches(1)
		time.Sleep(time.Second)
		batches(2)
		for _, use := range store.written()[1] {
			if !use.At.Equal(last) {
				t.Errorf("the use of %v is not the last one, of %v", use.At, last)
			}
		}
		if len(store.written()[1]) != 2 {
			t.Errorf("written %+v", store.written()[1])
		}
		time.Sleep(time.Hour)
		batches(2)
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		batches(2)
	})
}

// What takes the database long is done seldom, but soon enough, and before what
// waits is more than is kept.
func TestUsesTakeLittleOfTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &recordedUses{takes: 500 * time.Millisecond}
		s := server.New(server.Options{Store: store})
		s.LimitPendingUses(4)
		f := &fixture{t: t, handler: s.Handler(), keys: map[string]string{"one": mint(t), "two": mint(t), "three": mint(t)}}
		after := func(interval time.Duration) {
			t.Helper()
			before := len(store.written())
			f.use("one")
			time.Sleep(interval - time.Millisecond)
			synctest.Wait()
			if got := len(store.written()); got != before {
				t.Fatalf("%d batches before %v", got-before, interval)
			}
			time.Sleep(store.takes + 2*time.Millisecond)
			synctest.Wait()
			if got := len(store.written()); got != before+1 {
				t.Fatalf("%d batches after %v", got-before, interval)
			}
		}
		after(10 * time.Second)
		store.takes = 2 * time.Second
		after(15 * time.Second)
		after(30 * time.Second)

		before := len(store.written())
		f.use("one")
		f.use("two")
		f.use("three")
		time.Sleep(store.takes + time.Millisecond)
		synctest.Wait()
		if written := store.written()[before:]; len(written) != 1 || len(written[0]) < 2 {
			t.Errorf("of three uses, of which four are kept, was written %v", written)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
