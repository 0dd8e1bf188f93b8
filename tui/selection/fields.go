package selection

import (
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// Row is a service account in a list.
type Row struct {
	List   *inventory.List
	Number int32
}

// Query asks for service accounts.
type Query = query.Query[Row]

// FieldRole is the field whose value is not in the account itself: who asks for
// it has to know the teams.
const FieldRole = "role"

// Fields are what a query can name of a service account. roles says the role of
// a team, by the team's id, and may be nil where no query names it; it must be
// safe to call from several goroutines.
func Fields(roles func(teamID string) string) *query.Schema[Row] {
	type field = query.Field[Row]
	return query.NewSchema(
		field{Name: "name", Means: "name of the service account", Example: "ci", Searched: true,
			Text: func(r *Row) string { return r.List.Name(r.Number) }},
		field{Name: "team", Means: "name of its team", Example: "platform", Searched: true,
			Text: func(r *Row) string { return r.List.Team(r.Number).Name }},
		field{Name: "by", Means: "who created it", Example: "ada", Searched: true,
			Text: func(r *Row) string { return r.List.Creator(r.Number).Name }},
		field{Name: "key", Means: "what is shown of its key", Example: "4f8a", Searched: true,
			Text: func(r *Row) string { return r.List.Hint(r.Number) }},
		field{Name: FieldRole, Means: "role of its team", Example: "developer",
			Text: func(r *Row) string {
				if roles == nil {
					return ""
				}
				return roles(r.List.Team(r.Number).ID)
			}},
		field{Name: "id", Means: "its id", Example: "0189",
			Text: func(r *Row) string { return r.List.ID(r.Number) }},
		field{Name: "ip", Means: "address of its last use", Example: "10.0.4.7",
			Text: func(r *Row) string { return r.List.LastUsedIP(r.Number) }},
		field{Name: "created", Means: "when it was created", Example: "<7d",
			Time: func(r *Row) (time.Time, bool) { return r.List.CreatedAt(r.Number), true }},
		field{Name: "used", Means: "when its key was used last", Example: ">90d", Never: true,
			Time: func(r *Row) (time.Time, bool) { return r.List.LastUsedAt(r.Number) }},
	)
}
