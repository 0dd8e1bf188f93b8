package server

import (
	"context"
	"time"
)

const (
	// slowLanePlaces is how many may stand in the slow lane of a process.
	slowLanePlaces = 256
	// slowLanePatience is how long each of them stands there at most.
	slowLanePatience = time.Second
)

// slowLane looks the keys of those up who asked in vain too often: one at a
// time in the process, in the order in which they came. So a flood of wrong
// keys has one connection of the database and no more, from however many
// addresses it comes. Who has a key that works and shares an address with it,
// as all do behind a gateway, waits for a moment and gets in.
type slowLane struct {
	places chan struct{} // holds one for each who stands there
	turn   chan struct{} // holds the one whose turn it is
}

func newSlowLane() slowLane {
	return slowLane{places: make(chan struct{}, slowLanePlaces), turn: make(chan struct{}, 1)}
}

// enter waits for a turn, and reports whether it came. Then leave ends it.
func (l slowLane) enter(ctx context.Context) bool {
	select {
	case l.places <- struct{}{}:
	default:
		return false
	}
	patience := time.NewTimer(slowLanePatience)
	defer patience.Stop()
	select {
	case l.turn <- struct{}{}:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	<-l.places
	return false
}

func (l slowLane) leave() {
	<-l.turn
	<-l.places
}
