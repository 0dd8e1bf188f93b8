package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// pruneEvery is how often old audit events are looked for.
const pruneEvery = time.Hour

// keepAudit removes audit events that are older than keep, now and every hour,
// until stop is called.
func keepAudit(authority *server.Server, keep time.Duration, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		look := time.NewTicker(pruneEvery)
		defer look.Stop()
		for {
			switch pruned, err := authority.PruneAudit(ctx, keep); {
			case ctx.Err() != nil:
				return
			case err != nil:
				logger.Warn("old audit events could not be removed, trying again later", "error", api.RedactKeys(err.Error()), "retry_in", pruneEvery)
			case pruned > 0:
				logger.Info("old audit events were removed", "events", pruned)
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}
