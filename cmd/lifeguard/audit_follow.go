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

// followAudit writes each event that comes, until it is interrupted. A server
// that restarts, or is out of reach for a while, does not end it: it goes on
// behind the last event that it had. Whatever would be answered the same next
// time does end it, such as a key that is not accepted any more.
func followAudit(ctx context.Context, p process, events func() iter.Seq2[api.AuditEvent, error], write func(api.AuditEvent) error) error {
	told := false
	for {
		begun := time.Now()
		for event, err := range events() {
			if err == nil {
				told = false
				if err := write(event); err != nil {
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
				if _, err := fmt.Fprintf(p.stderr, "lifeguard: %s; trying again, and going on from there\n", errorLine(err)); err != nil {
					return err
				}
			}
			if err := rest(ctx, pause); err != nil {
				return err
			}
		}
	}
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
