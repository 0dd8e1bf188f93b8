package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const (
	// defaultTouchInterval is how long a later use of a key may wait before it
	// is written.
	defaultTouchInterval = 10 * time.Second
	// touchShare bounds what recording uses takes of the database: after it took
	// a second, the next time is this many seconds later at the earliest.
	touchShare = 30
	// longestTouchInterval bounds how late that makes it.
	longestTouchInterval = 30 * time.Second
	// touchTimeout bounds one write of uses that nobody waits for.
	touchTimeout = 10 * time.Second
	// maxPendingUses bounds the keys whose uses wait while the database does
	// not take them. Half of them are written without waiting longer; beyond all
	// of them the uses of further keys are not kept.
	maxPendingUses = 100_000
)

// usage records when and from where keys were last used. The first use of a
// key is written before the request is answered, because an unused key may be
// replaced by a repeated create; later ones are collected and written together,
// so that authenticating does not wait for the disk.
type usage struct {
	store    Store
	clock    func() time.Time
	interval time.Duration
	limit    int           // see maxPendingUses
	took     time.Duration // to write uses the last time
	logger   *slog.Logger

	flushing sync.Mutex // held while uses are being written

	mu      sync.Mutex
	pending map[string]KeyUse // by key id
	timer   *time.Timer       // nil when nothing waits
	closed  bool
}

func (u *usage) record(ctx context.Context, identity Identity, ip string) error {
	use := KeyUse{KeyID: identity.KeyID, At: storedTime(u.clock()), IP: ip}
	if identity.KeyUsedAt == nil {
		return u.store.Touch(ctx, []KeyUse{use})
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	before := len(u.pending)
	u.keep(use)
	u.arm()
	if before < u.limit/2 && len(u.pending) == u.limit/2 && u.timer != nil {
		u.timer.Reset(0)
	}
	return nil
}

// keep must be called with mu held.
func (u *usage) keep(use KeyUse) {
	known, ok := u.pending[use.KeyID]
	if ok && known.At.After(use.At) {
		return
	}
	if !ok && len(u.pending) >= u.limit {
		return
	}
	u.pending[use.KeyID] = use
}

// arm must be called with mu held. There is a timer only while something
// waits: an idle server does nothing.
func (u *usage) arm() {
	if u.timer != nil || u.closed || len(u.pending) == 0 {
		return
	}
	u.timer = time.AfterFunc(max(u.interval, min(touchShare*u.took, longestTouchInterval)), func() {
		ctx, cancel := context.WithTimeout(context.Background(), touchTimeout)
		defer cancel()
		if err := u.flush(ctx); err != nil {
			u.logger.Warn("the last use of keys could not be written, trying again later",
				"error", api.RedactKeys(err.Error()), "retry_in", u.interval)
		}
	})
}

// flush writes what waits. When that fails it is kept for the next time.
func (u *usage) flush(ctx context.Context) error {
	u.flushing.Lock()
	defer u.flushing.Unlock()

	u.mu.Lock()
	uses := make([]KeyUse, 0, len(u.pending))
	for _, use := range u.pending {
		uses = append(uses, use)
	}
	clear(u.pending)
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
	u.mu.Unlock()
	if len(uses) == 0 {
		return nil
	}

	started := time.Now()
	err := u.store.Touch(ctx, uses)
	u.mu.Lock()
	defer u.mu.Unlock()
	if err == nil {
		u.took = time.Since(started)
		return nil
	}
	for _, use := range uses {
		u.keep(use)
	}
	u.arm()
	return err
}

// close writes what waits, for the last time.
func (u *usage) close(ctx context.Context) error {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	return u.flush(ctx)
}
