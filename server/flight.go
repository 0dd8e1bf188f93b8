package server

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// flightTime is for how long a create counts as unanswered at every other
// replica, from the moment at which its key was handed out. A replica that
// lives knows when it has answered; of another, or one that died, this is all
// that can be known without writing once more for every create.
const flightTime = 2 * time.Second

// flight is what a server knows of the creates that are being answered.
type flight struct {
	replica string
	clock   func() time.Time
}

func (s *Server) flight() flight { return flight{replica: s.replica, clock: s.source.clock} }

// stamped is a create with who hands its key out, and when: now.
func (f flight) stamped(create IdempotentCreate) IdempotentCreate {
	create.Replica, create.IssuedAt = f.replica, storedTime(f.clock())
	return create
}

// elsewhere reports that another replica may be on the way of answering this
// create. To repeat it now would kill the key that it hands out.
func (f flight) elsewhere(remembered IdempotentCreate) bool {
	if remembered.Replica == f.replica {
		return false // this server would know
	}
	// The clocks of two machines differ: a moment that lies ahead is now.
	age := f.clock().Sub(remembered.IssuedAt)
	return -flightTime < age && age < flightTime
}

// holdIdempotencyKey refuses a create while the same one is being carried out.
// It is held until the answer is written: before that a repetition would kill
// the key that is on its way. Without an Idempotency-Key it does nothing.
func (s *Server) holdIdempotencyKey(ctx context.Context, by caller, idempotencyKey string) error {
	if idempotencyKey == "" {
		return nil
	}
	id := by.ID + " " + idempotencyKey
	if _, running := s.inFlight.LoadOrStore(id, struct{}{}); running {
		return inFlight()
	}
	info := requestOf(ctx)
	info.finally = append(info.finally, func() { s.inFlight.Delete(id) })
	return nil
}

// creating reports whether a create of a caller is being carried out here.
func (s *Server) creating(callerID, idempotencyKey string) bool {
	_, running := s.inFlight.Load(callerID + " " + idempotencyKey)
	return running
}

func inFlight() *problemError {
	return conflict(api.CodeIdempotencyInFlight, "The same create is still being carried out. Repeat it in a moment.", nil)
}
