package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// What is old is removed at the start already, and the log can be verified.
func TestOldAuditEventsAreRemoved(t *testing.T) {
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "keys.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if _, err := server.Initialise(t.Context(), store, server.InitialiseOptions{Organization: "Acme", AdminEmail: "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := store.AppendEvents(t.Context(), []server.Event{{ID: "e", Time: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	later := func() time.Time { return time.Now().Add(server.AuditRetention + time.Hour) }
	stop := keepAudit(server.New(server.Options{Store: store, Clock: later}), server.AuditRetention, slog.New(slog.DiscardHandler))
	defer stop()
	log := storedLog{store}
	var anchor api.Anchor
	for deadline := time.Now().Add(patience); ; {
		// One event always stays, so the last of the old ones goes in a second
		// turn, after the event of the first.
		var err error
		if anchor, err = log.AuditAnchor(t.Context()); err != nil || time.Now().After(deadline) {
			t.Fatalf("removed through %v, %v", anchor, err)
		}
		if anchor.Sequence == 2 {
			break
		}
	}
	verifier := api.ChainVerifier{Anchor: anchor}
	events, err := log.AuditChain(t.Context(), 0)
	if err != nil || len(events) != 2 {
		t.Fatalf("%+v, %v", events, err)
	}
	for _, event := range events {
		if fault := verifier.Check(event); fault != "" {
			t.Error(fault)
		}
	}
}

// The console keeps the log of the authority on this machine as serve does;
// commands that only look at it remove nothing.
func TestTheConsoleRemovesOldAuditEvents(t *testing.T) {
	h := ada(t.TempDir())
	h.clock = func() time.Time { return time.Now().Add(-server.AuditRetention - time.Hour) }
	store, _, _, err := h.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.AppendEvents(t.Context(), []server.Event{{ID: "e", Time: time.Now()}}), store.Close()); err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		flags connectFlags
		want  int64
	}{{connectFlags{}, 0}, {connectFlags{auditDays: 90}, 1}} {
		c, err := connectEmbedded(t.Context(), h, look.flags, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		reader, err := c.dial(c.key)
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); ; {
			anchor, err := reader.AuditAnchor(t.Context())
			if err != nil || anchor.Sequence > look.want || time.Now().After(deadline) {
				t.Fatalf("removed through %v, %v", anchor, err)
			}
			if anchor.Sequence == look.want {
				break
			}
		}
		reader.Close()
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
}
