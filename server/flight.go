package server

import (
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// flightTime is for how long a create counts as unanswered at every other
// replica, from the moment at which its key was handed out. A replica that
// lives knows when it has answered; of another, or one that died, this is all
// that can be known without writing once more for every create.
const flightTime = 2 * time.Second

// flyingElsewhere reports that another replica may be on the way of answering
// this create. To repeat it now would kill the key that it hands out.
func (c *creation) flyingElsewhere(remembered IdempotentCreate) bool {
	if remembered.Replica == c.replica {
		return false // this server would know
	}
	// The clocks of two machines differ: a moment that lies ahead is now.
	age := c.clock().Sub(remembered.IssuedAt)
	return -flightTime < age && age < flightTime
}

func inFlight() *problemError {
	return conflict(api.CodeIdempotencyInFlight, "The same create is still being carried out. Repeat it in a moment.", nil)
}
