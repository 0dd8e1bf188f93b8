package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// eventQuery asks for audit events.
type eventQuery = query.Query[api.AuditEvent]

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

// searched shows what another query asks for. What the server is to filter by
// is asked for after a pause, as somebody may be typing.
func (a *audit) searched(e environment) tea.Cmd {
	a.asked = selection.EventFields.Parse(a.box.query())
	a.meets = selection.EventFilter(a.asked, e.now)
	a.log = a.all.filtered(a.meets)
	a.settle()
	a.moves++
	a.narrowing++
	switch n := selection.NarrowEvents(a.asked, e.now); {
	case n.Terms == "":
		return a.narrowNow(e) // what that needs is here
	case n.Terms != a.narrowed.Terms:
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
	n := selection.NarrowEvents(a.asked, e.now)
	if n.Terms == a.narrowed.Terms {
		return a.older(e)
	}
	if a.narrowed.Terms == "" {
		a.whole = a.all
	}
	a.narrowed = n
	if n.Terms == "" {
		a.all, a.whole = a.whole, eventLog{total: -1}
		a.log = a.all.filtered(a.meets)
		a.settle()
	} else {
		a.replace = true // what is here is of another question
	}
	return a.refresh(e)
}
