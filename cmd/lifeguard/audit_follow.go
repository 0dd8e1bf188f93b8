package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// followPause is how long a follower waits before it asks a server again that
// did not answer, unless the server says how long.
const followPause = time.Second

// follower goes on behind the last event that it had, also when the server
// restarts or is out of reach for a while.
type follower struct {
	p process
	// events are those after the last one, as they come. They end with an error.
	events func() iter.Seq2[api.AuditEvent, error]
	write  func(api.AuditEvent) error
	// check fails when the log has not the last event any more.
	check func(context.Context) error
}

// follow writes each event that comes, until it is interrupted. Whatever would
// be answered the same next time does end it, such as a key that is not
// accepted any more.
func (f follower) follow(ctx context.Context) error {
	told := false
	for {
		begun := time.Now()
		for event, err := range f.again(ctx, told) {
			if err == nil {
				told = false
				if err := f.write(event); err != nil {
					return err
				}
				continue
			}
			pause, passing := passes(err)
			if !passing || ctx.Err() != nil {
				return err
			}
			// Who was answered for as long as that had found its server again.
			if told = told && time.Since(begun) < api.MaxAuditWait; !told {
				told = true
				if _, err := fmt.Fprintf(f.p.stderr, "lifeguard: %s; trying again, and going on from there\n", errorLine(err)); err != nil {
					return err
				}
			}
			if err := rest(ctx, pause); err != nil {
				return err
			}
		}
	}
}

// again is events; after a failure the log is checked first, because a server
// that was away can have come back with an older copy of its database.
func (f follower) again(ctx context.Context, failed bool) iter.Seq2[api.AuditEvent, error] {
	if failed {
		if err := f.check(ctx); err != nil {
			return func(yield func(api.AuditEvent, error) bool) { yield(api.AuditEvent{}, err) }
		}
	}
	return f.events()
}

// passes reports whether an error may be gone the next time, and after what
// pause to see.
func passes(err error) (pause time.Duration, passing bool) {
	var failure *api.Error
	if !errors.As(err, &failure) {
		return 0, false
	}
	switch failure.Kind {
	case api.KindUnreachable, api.KindTimeout, api.KindProxy:
		passing = true
	default:
		passing = failure.Status == http.StatusTooManyRequests || failure.Status >= http.StatusInternalServerError
	}
	return max(failure.RetryAfter, followPause), passing
}

// rest waits, or returns why it was broken off.
func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
