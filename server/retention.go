package server

import (
	"context"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// AuditRetention is how long audit events are kept unless configured
// otherwise (contract: 90 days).
const AuditRetention = 90 * 24 * time.Hour

// ResourceAuditLog is the resource type of the event that stands for pruned ones.
const ResourceAuditLog = "audit_log"

// prunePortion is how many events one transaction prunes: others wait for it.
const prunePortion = 10_000

// PruneAudit removes the oldest audit events, up to the first one that is not
// older than keep, and returns how many. In their place it appends an event
// [api.ActionAuditPrune] with the sequence and hash of the last one that is
// gone, so that the rest of the chain can still be verified. The last event of
// the log always stays. Any number of servers may prune one database.
func (s *Server) PruneAudit(ctx context.Context, keep time.Duration) (int64, error) {
	before := s.source.now().Add(-keep)
	var pruned int64
	for {
		count, err := s.store.PruneAuditEvents(ctx, before, prunePortion, func(last api.Anchor, count int64) Event {
			return Event{
				ID: s.source.newID(), Time: s.source.now(), Actor: api.Actor{Type: api.IdentitySystem},
				Action: api.ActionAuditPrune, ResourceType: ResourceAuditLog, Outcome: OutcomeSuccess,
				Metadata: map[string]string{
					api.PruneThrough: strconv.FormatInt(last.Sequence, 10), api.PruneHash: last.HashText(),
					api.PruneCount: strconv.FormatInt(count, 10), "before": before.Format(time.RFC3339Nano),
				},
			}
		})
		pruned += count
		if err != nil || count == 0 {
			return pruned, err
		}
		s.feed.wake()
	}
}
