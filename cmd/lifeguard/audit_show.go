package main

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui/feed"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

func showAudit(ctx context.Context, p process, flags auditFlags, c *client.Client) error {
	now := time.Now()
	asked := selection.EventFields.Parse(flags.query)
	filter := narrowed(flags.filter, selection.NarrowEvents(asked, now))
	meets := selection.EventFilter(asked, now)
	out := newRowWriter(p, flags.form, eventListing.orNone("No audit event matches."))
	// chosen yields the events that the query asks for, and keeps how far it came.
	var last feed.Position
	chosen := func(events iter.Seq2[api.AuditEvent, error]) iter.Seq2[api.AuditEvent, error] {
		return func(yield func(api.AuditEvent, error) bool) {
			for event, err := range events {
				if err == nil {
					if event.Sequence > filter.After {
						filter.After = event.Sequence
						last = feed.Position{Sequence: event.Sequence, Hash: event.Hash}
					}
					if meets != nil && !meets(&event) {
						continue
					}
				}
				if !yield(event, err) {
					return
				}
			}
		}
	}
	events := c.AllAuditEvents(ctx, filter)
	if flags.last > 0 {
		newestFirst := filter
		newestFirst.NewestFirst = true
		events = newest(chosen(c.AllAuditEvents(ctx, newestFirst)), flags.last)
	} else {
		events = chosen(events)
	}
	for event, err := range events {
		if err == nil {
			err = out.write(event)
		}
		if err != nil {
			return errors.Join(err, out.abandon())
		}
	}
	if !flags.follow {
		return out.end()
	}
	if err := out.flush(); err != nil {
		return err
	}
	return follower{
		p:      p,
		events: func() iter.Seq2[api.AuditEvent, error] { return chosen(c.FollowAuditEvents(ctx, filter)) },
		write:  func(event api.AuditEvent) error { return errors.Join(out.write(event), out.flush()) },
		check: func(ctx context.Context) error {
			list, err := c.AuditEvents(ctx, api.AuditFilter{After: last.Before()}, api.ListOptions{PageSize: 1})
			if err == nil && errors.Is(last.Check(list.AuditEvents), feed.ErrBack) { // it may be pruned by now
				err = errors.New("the audit log went back, as after a restore: follow it anew")
			}
			return err
		},
	}.follow(ctx)
}

// narrowed is a filter that lets through what also n does. An action that was
// asked for by its flag stays: the query's is looked at here.
func narrowed(filter api.AuditFilter, n selection.NarrowedEvents) api.AuditFilter {
	filter.Action = cmp.Or(filter.Action, n.Action)
	if n.Since.After(filter.Since) {
		filter.Since = n.Since
	}
	if !n.Until.IsZero() && (filter.Until.IsZero() || n.Until.Before(filter.Until)) {
		filter.Until = n.Until
	}
	return filter
}

// newest yields the first n of events that come newest first, oldest first.
func newest(events iter.Seq2[api.AuditEvent, error], n int) iter.Seq2[api.AuditEvent, error] {
	return func(yield func(api.AuditEvent, error) bool) {
		var kept []api.AuditEvent
		for event, err := range events {
			if err != nil {
				yield(event, err)
				return
			}
			if kept = append(kept, event); len(kept) == n {
				break
			}
		}
		for _, event := range slices.Backward(kept) {
			if !yield(event, nil) {
				return
			}
		}
	}
}

var eventListing = listing[api.AuditEvent]{
	columns: []table.Column{
		{ID: "time", Title: "TIME (UTC)", Width: 19, Keep: 7},
		{ID: "event", Title: "EVENT", Width: 7, Keep: 4},
		{ID: "action", Title: "ACTION", Width: 22, Most: 32, Keep: 10},
		{ID: "outcome", Title: "OUTCOME", Width: 7, Keep: 8},
		{ID: "actor", Title: "ACTOR", Width: 10, Most: 24, Keep: 9},
		{ID: "target", Title: "TARGET", Width: 12, Most: 40, Keep: 9},
		{ID: "ip", Title: "FROM", Width: 15, Keep: 5},
	},
	cell: func(column string, event api.AuditEvent) string {
		switch column {
		case "time":
			return event.Time.UTC().Format(time.DateTime)
		case "event":
			return strconv.FormatInt(event.Sequence, 10)
		case "action":
			return event.Action
		case "outcome":
			return event.Outcome
		case "actor":
			return selection.ActorName(event.Actor)
		case "target":
			return selection.TargetName(event.Resource)
		}
		return event.IP
	},
	tabs: func(event api.AuditEvent) []string {
		return []string{
			event.Time.UTC().Format(time.RFC3339), strconv.FormatInt(event.Sequence, 10), event.Action, event.Outcome,
			selection.ActorName(event.Actor), event.Resource.Type, cmp.Or(event.Resource.Name, event.Resource.ID), event.IP,
		}
	},
}
