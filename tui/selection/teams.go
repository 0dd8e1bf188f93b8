package selection

import (
	"context"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// FieldKeys is the field of a team that changes as accounts come and go.
const FieldKeys = "keys"

// TeamFields are what a query can name of a team. accounts says how many
// service accounts a team has, by the team's id, and may be nil where no query
// names [FieldKeys].
func TeamFields(accounts map[string]int) *query.Schema[api.Team] {
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
		field{Name: FieldKeys, Means: "how many API keys it has", Example: "0",
			Number: func(t *api.Team) int64 { return int64(accounts[t.ID]) }},
		field{Name: "created", Means: "when it was created", Example: "<7d",
			Time: func(t *api.Team) (time.Time, bool) { return t.CreatedAt, true }},
	)
}

// The places of a team's texts in its index.
const (
	TeamName = iota
	TeamRole
)

// NewTeamIndex is an index of teams. A hit in a team's name is ranked before
// one in its role.
func NewTeamIndex(teams []api.Team) fuzzy.Index {
	rows := make([]fuzzy.Row, len(teams))
	for i, team := range teams {
		rows[i].Texts = []string{team.Name, team.Role.Name}
	}
	return fuzzy.New(
		fuzzy.Field{Exact: 100, Prefix: 90, Word: 80, Inside: 70, Scattered: 40},
		fuzzy.Field{Exact: 60, Prefix: 55, Word: 50, Inside: 45},
	).Append(rows...)
}

// Teams returns the numbers of the teams that a query asks for: all in their
// order, or the best first. The index is of these teams.
func Teams(ctx context.Context, q query.Query[api.Team], teams []api.Team, index fuzzy.Index, now time.Time) []int32 {
	var within *fuzzy.Set
	if meets := q.Filter(now); meets != nil {
		within = fuzzy.NewSet()
		for i := range teams {
			if meets(&teams[i]) {
				within.Add(int32(i))
			}
		}
	}
	found, _ := index.Search(ctx, fuzzy.Query{Terms: q.Words(), Within: within})
	view, _ := found.Order(ctx)
	return view
}
