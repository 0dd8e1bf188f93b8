package server_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var cryptoRandom = rand.Reader

var errDisk = errors.New("the disk is full, and here is ps-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

// faultyStore is the real store, which can be told to fail at the moments
// where a database does, and which remembers the events it wrote.
type faultyStore struct {
	server.Store

	mu     sync.Mutex
	events []server.Event
	write  error // instead of the audit event
	touch  error
	append error
	read   error
	panics any
	// identityPanics, when set, is what looking a key up panics with.
	identityPanics any
	lookups        int
	// lookingUp, when set, is called before each look-up of a key.
	lookingUp func()
	// entered, when set, is called inside of every write before it commits.
	entered func()
	// authenticated, when set, is called once before the next write begins.
	authenticated func()
	// twice has every write tried in vain first, as a database does that finds
	// two transactions in each other's way.
	twice   bool
	touches int
}

func (s *faultyStore) set(change func(*faultyStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *faultyStore) heal() {
	s.set(func(s *faultyStore) {
		s.write, s.touch, s.append, s.identityPanics, s.read, s.panics, s.entered, s.lookingUp = nil, nil, nil, nil, nil, nil, nil, nil
	})
}

func (s *faultyStore) written(action string) []server.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []server.Event
	for _, event := range s.events {
		if event.Action == action {
			found = append(found, event)
		}
	}
	return found
}

func (s *faultyStore) Write(ctx context.Context, change func(server.Tx) (server.Event, error)) error {
	return s.WriteAll(ctx, func(tx server.Tx) ([]server.Event, error) {
		event, err := change(tx)
		return []server.Event{event}, err
	})
}

// WriteAll lets the change happen in the real transaction and then fails where
// the event would be inserted, so that it has to be rolled back.
func (s *faultyStore) WriteAll(ctx context.Context, change func(server.Tx) ([]server.Event, error)) error {
	s.mu.Lock()
	fault, entered, authenticated, twice := s.write, s.entered, s.authenticated, s.twice
	s.authenticated = nil
	s.mu.Unlock()
	if authenticated != nil {
		authenticated()
	}
	if twice {
		errAgain := errors.New("try again")
		err := s.Store.WriteAll(ctx, func(tx server.Tx) ([]server.Event, error) {
			_, err := change(tx)
			return nil, cmp.Or(err, errAgain)
		})
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	var events []server.Event
	err := s.Store.WriteAll(ctx, func(tx server.Tx) ([]server.Event, error) {
		var err error
		if events, err = change(tx); err != nil {
			return events, err
		}
		if entered != nil {
			entered()
		}
		return events, fault
	})
	if err == nil {
		s.set(func(s *faultyStore) { s.events = append(s.events, events...) })
	}
	return err
}

func (s *faultyStore) Touch(ctx context.Context, uses []server.KeyUse) error {
	s.mu.Lock()
	fault := s.touch
	s.touches++
	s.mu.Unlock()
	if fault != nil {
		return fault
	}
	return s.Store.Touch(ctx, uses)
}

func (s *faultyStore) ServiceAccounts(ctx context.Context, query server.ServiceAccountQuery) (server.ServiceAccountPage, error) {
	s.mu.Lock()
	fault, panics := s.read, s.panics
	s.mu.Unlock()
	if panics != nil {
		panic(panics)
	}
	if fault != nil {
		return server.ServiceAccountPage{}, fault
	}
	return s.Store.ServiceAccounts(ctx, query)
}

func (s *faultyStore) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	s.mu.Lock()
	fault, panics, lookingUp := s.read, s.identityPanics, s.lookingUp
	s.lookups++
	s.mu.Unlock()
	if lookingUp != nil {
		lookingUp()
	}
	if panics != nil {
		panic(panics)
	}
	if fault != nil {
		return server.Identity{}, fault
	}
	return s.Store.IdentityByKey(ctx, hash)
}

func (s *faultyStore) AppendEvents(ctx context.Context, events []server.Event) error {
	s.mu.Lock()
	fault := s.append
	s.mu.Unlock()
	if fault != nil {
		return fault
	}
	return s.Store.AppendEvents(ctx, events)
}

// lookedUp is how many keys were looked up.
func (s *faultyStore) lookedUp() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookups
}
