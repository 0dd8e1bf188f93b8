package selection

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// ActorName names who did something: by the name, or else the id, or what kind
// of caller it was.
func ActorName(actor api.Actor) string { return cmp.Or(actor.Name, actor.ID, string(actor.Type)) }

// TargetName names what something was done to.
func TargetName(resource api.AuditResource) string {
	return cmp.Or(resource.Name, resource.ID, resource.Type)
}

const (
	fieldAction = "action"
	fieldTime   = "time"
)

// EventFields are what a query can name of an event.
var EventFields = func() *query.Schema[api.AuditEvent] {
	type field = query.Field[api.AuditEvent]
	return query.NewSchema(
		field{Name: "actor", Means: "who did it", Example: "ada", Searched: true,
			Text: func(e *api.AuditEvent) string { return ActorName(e.Actor) }},
		field{Name: fieldAction, Means: "what was done", Example: "delete", Searched: true,
			Text: func(e *api.AuditEvent) string { return e.Action }},
		field{Name: "target", Means: "to what", Example: "ci-deploy", Searched: true,
			Text: func(e *api.AuditEvent) string { return TargetName(e.Resource) }},
		field{Name: "type", Means: "what kind of thing that is", Example: "team",
			Text: func(e *api.AuditEvent) string { return e.Resource.Type }},
		field{Name: "id", Means: "id of the target or the actor", Example: "0189",
			Text: func(e *api.AuditEvent) string { return e.Resource.ID + " " + e.Actor.ID }},
		field{Name: "outcome", Means: "success or denied", Example: "denied", Searched: true,
			Text: func(e *api.AuditEvent) string { return e.Outcome }},
		field{Name: "ip", Means: "from which address", Example: "10.0.4.7", Searched: true,
			Text: func(e *api.AuditEvent) string { return e.IP }},
		field{Name: "via", Means: "with which program", Example: "console",
			Text: func(e *api.AuditEvent) string { return e.Via }},
		field{Name: "request", Means: "in which request", Example: "0189",
			Text: func(e *api.AuditEvent) string { return e.RequestID }},
		field{Name: fieldTime, Means: "when", Example: "<7d",
			Time: func(e *api.AuditEvent) (time.Time, bool) { return e.Time, true }},
		field{Name: "event", Means: "its number", Example: "1204",
			Number: func(e *api.AuditEvent) int64 { return e.Sequence }},
	)
}()

// searchedTexts are where words are looked for.
func searchedTexts(event *api.AuditEvent) [5]string {
	return [5]string{ActorName(event.Actor), event.Action, TargetName(event.Resource), event.IP, event.Outcome}
}

// EventFilter makes a function of a query, nil when all events meet it. Words
// are looked for as they stand: scattered letters would find everything in a
// log.
func EventFilter(q query.Query[api.AuditEvent], now time.Time) func(*api.AuditEvent) bool {
	conditions := q.Filter(now)
	words := make([]string, len(q.Words()))
	for i, word := range q.Words() {
		words[i] = fuzzy.Fold(word)
	}
	if conditions == nil && len(words) == 0 {
		return nil
	}
	return func(event *api.AuditEvent) bool {
		if conditions != nil && !conditions(event) {
			return false
		}
		var folded [5]string
		for i, text := range searchedTexts(event) {
			folded[i] = fuzzy.Fold(text)
		}
		for _, word := range words {
			if !slices.ContainsFunc(folded[:], func(text string) bool { return strings.Contains(text, word) }) {
				return false
			}
		}
		return true
	}
}

// NarrowedEvents is the part of a query that the server filters by, so that a needle in a
// long log is not looked for here, page by page.
type NarrowedEvents struct {
	// Terms are what it comes from, "" for nothing: ages move on, so times differ.
	Terms string
	api.AuditFilter
}

// Lets reports whether the server would let an event through.
func (n NarrowedEvents) Lets(event *api.AuditEvent) bool {
	return (n.Action == "" || event.Action == n.Action) && !event.Time.Before(n.Since) && (n.Until.IsZero() || event.Time.Before(n.Until))
}

// NarrowEvents returns what the server can filter by for a query.
func NarrowEvents(q query.Query[api.AuditEvent], now time.Time) NarrowedEvents {
	var n NarrowedEvents
	for _, term := range q.Terms {
		switch {
		case term.Field == fieldTime && !term.Not && len(term.Tests) == 1:
			n.Terms += term.String() + " "
		case term.Field == fieldAction && !term.Not && len(term.Tests) == 1 && term.Tests[0].Op == query.Is && term.Tests[0].Form != query.Regexp:
			n.Terms += term.String() + " "
			n.Action = strings.ToLower(term.Tests[0].Text)
		}
	}
	n.Since, n.Until = q.Span(fieldTime, now)
	return n
}
