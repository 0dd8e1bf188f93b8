package tui

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/query"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// search shows the teams that the query asks for: all in order, or the best
// first.
func (t *teamsPage) search(now time.Time) {
	t.sought = selection.TeamFields(t.accounts.counts).Parse(t.box.query())
	t.view = selection.Teams(context.Background(), t.sought, t.list, t.index, now)
	t.table.SetLength(len(t.view))
	t.table.Select(0)
	for place, number := range t.view {
		if t.list[number].ID == t.selected {
			t.table.Select(place)
		}
	}
}

// wrong are the terms of the query that are not understood.
func (t *teamsPage) wrong() []query.Error {
	if t.box.hidden() {
		return nil
	}
	return t.sought.Errors
}

// matches are the bytes of a cell that the query matched.
func (t *teamsPage) matches(column string, field int, text string) []int {
	return merged(t.index.Positions(t.sought.Words(), field, text), t.sought.Positions(column, text))
}
