package server

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// AuditStore is the part of a [Store] that is about audit events. Those
// of changes are written by [Store.Write].
//
// Events become visible in the order of their sequence: who has seen an event
// has seen, or can read, every one before it.
type AuditStore interface {
	// AuditEvents returns one page of events in the order of their sequence,
	// or in the opposite one when the query says newest first.
	AuditEvents(ctx context.Context, query AuditQuery) (AuditPage, error)
	// LastAuditEvent returns the sequence of the last event, 0 when there is
	// none. It is cheap enough to be asked often.
	LastAuditEvent(ctx context.Context) (int64, error)
	// AppendEvents writes events that belong to no change, all or none. They
	// take their places in the order given.
	AppendEvents(ctx context.Context, events []Event) error
	// PruneAuditEvents removes the oldest events, at most limit, up to the
	// first that is not from before the given time, and appends the event that
	// made returns for them in the same transaction. The last event of the log
	// stays. It returns how many are gone; when none is, nothing is appended.
	PruneAuditEvents(ctx context.Context, before time.Time, limit int, made func(last api.Anchor, count int64) Event) (int64, error)
}

// AuditQuery asks for audit events. Zero fields do not filter.
type AuditQuery struct {
	api.AuditFilter
	Limit  int   // events, from 1
	From   int64 // sequence of the last event of the page before, 0 on the first page
	Offset int   // events to pass over, for paging by number
	Total  bool  // count all events that match
	// Bytes of metadata, with which a page ends before Limit; one event is always
	// in it. 0 is no bound.
	Bytes int
}

// AuditPage is one page of audit events. More says whether events follow;
// Total is -1 unless it was asked for.
type AuditPage struct {
	Events []api.AuditEvent
	More   bool
	Total  int
}
