package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// pruneEvery is how often old audit events are looked for.
const pruneEvery = time.Hour

// maxAuditDays is a hundred years: more is for ever, which is 0.
const maxAuditDays = 36_500

func auditDays(days int) time.Duration { return time.Duration(days) * 24 * time.Hour }

// registerAuditDays adds the flag that says how long audit events are kept.
func registerAuditDays(cmd *cobra.Command, days *int, whose string) {
	cmd.Flags().IntVar(days, "audit-days", int(server.AuditRetention/auditDays(1)), "days that audit events"+whose+" are kept; 0 keeps them for ever")
}

func checkAuditDays(cmd *cobra.Command, days int) error {
	if days < 0 || days > maxAuditDays {
		return flagError(cmd, fmt.Errorf("--audit-days must be from 0 to %d", maxAuditDays))
	}
	return nil
}

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
