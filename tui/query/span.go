package query

import "time"

// Span returns the span of time outside of which no record meets the query,
// by what it says of a field: from and before, zero where it is open. It serves
// to ask a server for less; terms that are turned round, and alternatives, do
// not narrow it.
func (q Query[T]) Span(field string, now time.Time) (from, before time.Time) {
	for _, term := range q.Terms {
		if term.Field != field || term.Not || len(term.Tests) != 1 || term.Tests[0].moment.never {
			continue
		}
		start, end := term.Tests[0].moment.bounds(now)
		if start.After(from) {
			from = start
		}
		if !end.IsZero() && (before.IsZero() || end.Before(before)) {
			before = end
		}
	}
	return from, before
}
