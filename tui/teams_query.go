package tui

import (
	"context"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// fieldKeys is the field that changes as accounts come and go.
const fieldKeys = "keys"

// teamSearch is what can be asked of a team, with how many service accounts
// each has.
func teamSearch(accounts map[string]int) *query.Schema[api.Team] {
	type field = query.Field[api.Team]
	return query.NewSchema(
		field{Name: "name", Means: "name of the team", Example: "platform", Searched: true,
			Text: func(t *api.Team) string { return t.Name }},
		field{Name: "role", Means: "name of its role", Example: "developer", Searched: true,
			Text: func(t *api.Team) string { return t.Role.Name }},
		field{Name: "can", Means: "a permission that it grants", Example: "use-agents",
			Text: func(t *api.Team) string {
				actions := make([]string, len(t.Role.Permissions))
				for i, permission := range t.Role.Permissions {
					actions[i] = string(permission.Action)
				}
				return strings.Join(actions, " ")
			}},
		field{Name: "id", Means: "its id", Example: "0189",
			Text: func(t *api.Team) string { return t.ID }},
		field{Name: fieldKeys, Means: "how many API keys it has", Example: "0",
			Number: func(t *api.Team) int64 { return int64(accounts[t.ID]) }},
		field{Name: "created", Means: "when it was created", Example: "<7d",
			Time: func(t *api.Team) (time.Time, bool) { return t.CreatedAt, true }},
	)
}

// search shows the teams that the query asks for: all in order, or the best
// first.
func (t *teamsPage) search(now time.Time) {
	t.sought = teamSearch(t.accounts.counts).Parse(t.box.query())
	var within *fuzzy.Set
	if meets := t.sought.Filter(now); meets != nil {
		within = fuzzy.NewSet()
		for i := range t.list {
			if meets(&t.list[i]) {
				within.Add(int32(i))
			}
		}
	}
	found, _ := t.index.Search(context.Background(), fuzzy.Query{Terms: t.sought.Words(), Within: within})
	t.view, _ = found.Order(context.Background())
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
