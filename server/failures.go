package server

import (
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const (
	// failuresPerSecond is how many keys that do not exist one source may have
	// looked up in a second beside everybody else's.
	failuresPerSecond = 100
	// failureMemory is how long, at least, a key that does not exist is refused
	// without being looked up again.
	failureMemory = time.Minute
	// maxRemembered bounds each half of what is remembered.
	maxRemembered = 50_000
)

// failures keeps wrong keys from costing the database anything.
//
// Keys have 256 bits, so no limit is needed against guessing. What can be done
// with wrong keys is to make work, and what can be done with a limit is to
// lock others out who share an address, behind a gateway for instance. So:
//
//   - A key with a wrong checksum is refused before this is asked.
//   - A key that was not found is refused without a look-up for a minute. No
//     key can come into being that was presented before: its text is random.
//   - Beyond 100 look-ups a second in vain from one source (an IPv4 address, an
//     IPv6 /64), a key has to go through the slow lane for the rest of that
//     second, unless this process has found it before. So keys that work go on
//     working, and one that is used for the first time does too.
//
// It remembers 8 bytes of each key's hash, and never that a key is good: each
// one is looked up each time, so a deleted key is refused at once.
type failures struct {
	clock func() time.Time

	mu      sync.Mutex
	wrong   generations[wrongKey]
	found   generations[keyPrefix]
	rotated time.Time
	second  int64
	counts  map[string]int // of second, by source
}

type keyPrefix [8]byte

// wrongKey is a key in the hands of one source.
type wrongKey struct {
	source string
	prefix keyPrefix
}

func newFailures(clock func() time.Time) *failures {
	return &failures{clock: clock, counts: map[string]int{}}
}

// verdict is what is known of a key before it is looked up.
type verdict int

const (
	lookUp   verdict = iota
	isWrong          // it is not there
	tooOften         // its source asked in vain too often
)

func (f *failures) before(source string, hash api.KeyHash) verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn()
	switch prefix := keyPrefix(hash[:8]); {
	case f.wrong.has(wrongKey{source, prefix}):
		return isWrong
	case f.counts[source] >= failuresPerSecond && !f.found.has(prefix):
		return tooOften
	}
	return lookUp
}

func (f *failures) failed(source string, hash api.KeyHash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn()
	f.wrong.add(wrongKey{source, keyPrefix(hash[:8])})
	f.counts[source]++
}

func (f *failures) succeeded(hash api.KeyHash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found.add(keyPrefix(hash[:8]))
}

// turn must be called with mu held. It forgets what is old.
func (f *failures) turn() {
	now := f.clock()
	if now.Sub(f.rotated) >= failureMemory {
		f.rotated = now
		f.wrong.rotate()
	}
	if second := now.Unix(); second != f.second {
		f.second = second
		clear(f.counts)
	}
}

// generations is a set that forgets its older half when it is full or rotated.
type generations[T comparable] struct{ current, previous map[T]struct{} }

func (g *generations[T]) has(value T) bool {
	if _, ok := g.current[value]; ok {
		return true
	}
	_, ok := g.previous[value]
	return ok
}

func (g *generations[T]) add(value T) {
	if _, ok := g.current[value]; ok {
		return
	}
	if len(g.current) >= maxRemembered {
		g.rotate()
	}
	if g.current == nil {
		g.current = map[T]struct{}{}
	}
	g.current[value] = struct{}{}
}

func (g *generations[T]) rotate() { g.previous, g.current = g.current, nil }
