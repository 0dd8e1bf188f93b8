package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func TestRetention(t *testing.T) {
	f := newFixture(t)
	old := len(f.audit("?page_size=300").AuditEvents)
	f.clock.advance(server.AuditRetention - time.Minute)
	f.create("admin", "later", f.teamA, "later")
	if pruned, err := f.server.PruneAudit(t.Context(), server.AuditRetention); err != nil || pruned != 0 {
		t.Fatalf("too early: %d, %v", pruned, err)
	}
	f.clock.advance(2 * time.Minute)
	if pruned, err := f.server.PruneAudit(t.Context(), server.AuditRetention); err != nil || pruned != int64(old) {
		t.Fatalf("%d of %d, %v", pruned, old, err)
	}
	events := f.audit("?page_size=300").AuditEvents
	if len(events) != 2 || events[0].Resource.Name != "later" || events[1].Actor.Type != api.IdentitySystem || events[1].Metadata["before"] != "2026-03-01T09:01:00Z" {
		t.Fatalf("%+v", events)
	}
	anchor, ok := api.AnchorOf(events[1])
	verifier := api.ChainVerifier{Anchor: anchor}
	for _, event := range events {
		if fault := verifier.Check(event); !ok || fault != "" {
			t.Errorf("anchor %v: %s", anchor, fault)
		}
	}
	// What was pruned is gone from where it was asked for, too.
	f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathAuditEvents+"?after=0", ""))
}
