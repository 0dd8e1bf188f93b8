package server

import (
	"context"
	"sync"
	"time"
)

// defaultAuditPoll is how often a read that waits for an audit event looks
// for one that another process wrote.
const defaultAuditPoll = time.Second

// feed tells readers that wait for audit events that one was written by this
// process. What other processes write they find by looking, every poll.
type feed struct {
	store AuditStore
	poll  time.Duration
	ended chan struct{} // closed when nobody should wait any more
	end   func()

	mu      sync.Mutex
	written chan struct{} // closed and replaced with every event
}

func newFeed(store AuditStore, poll time.Duration) *feed {
	f := &feed{store: store, poll: poll, ended: make(chan struct{}), written: make(chan struct{})}
	f.end = sync.OnceFunc(func() { close(f.ended) })
	return f
}

func (f *feed) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.written)
	f.written = make(chan struct{})
}

func (f *feed) next() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.written
}

// await returns the sequence of the last event as soon as it is after the
// given one, and earlier, unchanged, when until fires or the server stops.
func (f *feed) await(ctx context.Context, after int64, until <-chan time.Time) (int64, error) {
	look := time.NewTicker(f.poll)
	defer look.Stop()
	for {
		// Taken before looking, so that no event falls in between.
		written := f.next()
		last, err := f.store.LastAuditEvent(ctx)
		if err != nil || last > after {
			return last, err
		}
		select {
		case <-written:
		case <-look.C:
		case <-until:
			return after, nil
		case <-f.ended:
			return after, nil
		case <-ctx.Done():
			return after, ctx.Err()
		}
	}
}

// feedingStore is a store whose writes wake the readers of the feed. Its events
// say which SSH key their caller signed in with.
type feedingStore struct {
	Store
	feed *feed
}

func (s feedingStore) Write(ctx context.Context, change func(tx Tx) (Event, error)) error {
	err := s.Store.Write(ctx, func(tx Tx) (Event, error) {
		event, err := change(tx)
		return signed(ctx, event), err
	})
	if err == nil {
		s.feed.wake()
	}
	return err
}

func (s feedingStore) WriteAll(ctx context.Context, change func(tx Tx) ([]Event, error)) error {
	err := s.Store.WriteAll(ctx, func(tx Tx) ([]Event, error) {
		events, err := change(tx)
		for i := range events {
			events[i] = signed(ctx, events[i])
		}
		return events, err
	})
	if err == nil {
		s.feed.wake()
	}
	return err
}

func (s feedingStore) AppendEvents(ctx context.Context, events []Event) error {
	err := s.Store.AppendEvents(ctx, events)
	if err == nil {
		s.feed.wake()
	}
	return err
}
