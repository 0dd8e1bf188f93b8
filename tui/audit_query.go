package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// eventQuery asks for audit events.
type eventQuery = query.Query[api.AuditEvent]

const (
	fieldAction = "action"
	fieldTime   = "time"
)

// eventFields are what a query can name of an event.
var eventFields = func() *query.Schema[api.AuditEvent] {
	type field = query.Field[api.AuditEvent]
	return query.NewSchema(
		field{Name: "actor", Means: "who did it", Example: "ada", Searched: true,
			Text: func(e *api.AuditEvent) string { return actorName(e.Actor) }},
		field{Name: fieldAction, Means: "what was done", Example: "delete", Searched: true,
			Text: func(e *api.AuditEvent) string { return e.Action }},
		field{Name: "target", Means: "to what", Example: "ci-deploy", Searched: true,
			Text: func(e *api.AuditEvent) string { return targetName(e.Resource) }},
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
	return [5]string{actorName(event.Actor), event.Action, targetName(event.Resource), event.IP, event.Outcome}
}

// eventFilter makes a function of a query, nil when all events meet it. Words
// are looked for as they stand: scattered letters would find everything in a
// log.
func eventFilter(q eventQuery, now time.Time) func(*api.AuditEvent) bool {
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

// eventMatches are the bytes of a cell that the query matched.
func eventMatches(q eventQuery, field, text string) []int {
	matches := q.Positions(field, text)
	folded, offsets := fuzzy.FoldWithOffsets(text)
	for _, word := range q.Words() {
		word = fuzzy.Fold(word)
		if at := strings.Index(folded, word); at >= 0 && word != "" {
			matches = merged(matches, slices.Compact(slices.Clone(offsets[at:at+len(word)])))
		}
	}
	return matches
}

// narrowed is the part of a query that the server filters by, so that a needle
// in a long log is not looked for here, page by page.
type narrowed struct {
	terms string // what it comes from, "" for nothing: ages move on, so times differ
	api.AuditFilter
}

// lets reports whether the server would let an event through.
func (n narrowed) lets(event *api.AuditEvent) bool {
	return (n.Action == "" || event.Action == n.Action) && !event.Time.Before(n.Since) && (n.Until.IsZero() || event.Time.Before(n.Until))
}

func narrow(q eventQuery, now time.Time) narrowed {
	var n narrowed
	for _, term := range q.Terms {
		switch {
		case term.Field == fieldTime && !term.Not && len(term.Tests) == 1:
			n.terms += term.String() + " "
		case term.Field == fieldAction && !term.Not && len(term.Tests) == 1 && term.Tests[0].Op == query.Is && term.Tests[0].Form != query.Regexp:
			n.terms += term.String() + " "
			n.Action = strings.ToLower(term.Tests[0].Text)
		}
	}
	n.Since, n.Until = q.Span(fieldTime, now)
	return n
}

// searched shows what another query asks for. What the server is to filter by
// is asked for after a pause, as somebody may be typing.
func (a *audit) searched(e environment) tea.Cmd {
	a.asked = eventFields.Parse(a.box.query())
	a.meets = eventFilter(a.asked, e.now)
	a.log = a.all.filtered(a.meets)
	a.settle()
	a.moves++
	a.narrowing++
	switch n := narrow(a.asked, e.now); {
	case n.terms == "":
		return a.narrowNow(e) // what that needs is here
	case n.terms != a.narrowed.terms:
		return after(restTime, auditNarrowMsg{narrowing: a.narrowing})
	}
	return a.older(e)
}

// auditNarrowMsg says that it is time to ask the server for what the query asks.
type auditNarrowMsg struct{ narrowing int }

func (auditNarrowMsg) page() pageID { return pageAudit }

// narrowNow asks the server for what the query narrows the log to. What it is
// without is kept, for when the query is cleared.
func (a *audit) narrowNow(e environment) tea.Cmd {
	n := narrow(a.asked, e.now)
	if n.terms == a.narrowed.terms {
		return a.older(e)
	}
	if a.narrowed.terms == "" {
		a.whole = a.all
	}
	a.narrowed = n
	if n.terms == "" {
		a.all, a.whole = a.whole, eventLog{total: -1}
		a.log = a.all.filtered(a.meets)
		a.settle()
	} else {
		a.replace = true // what is here is of another question
	}
	return a.refresh(e)
}
