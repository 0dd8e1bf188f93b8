package tui

import (
	"cmp"
	"slices"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

func pickerStyles(e environment) picker.Styles {
	s := e.styles
	return picker.Styles{
		Input: inputStyles(s), Marker: s.Marker, Match: s.Match, Muted: s.Muted, Warning: s.Warning,
		MarkerGlyph: s.Glyphs.Marker, Ellipsis: s.Glyphs.Ellipsis,
	}
}

// teamItems lists the teams with the harmless ones first: a team whose keys can
// do everything is never the one that a hasty enter takes.
func teamItems(teams []api.Team) []picker.Item {
	items := make([]picker.Item, len(teams))
	teams = slices.Clone(teams)
	slices.SortStableFunc(teams, func(a, b api.Team) int {
		return cmp.Compare(mightiness(a), mightiness(b))
	})
	for i, team := range teams {
		items[i] = picker.Item{ID: team.ID, Title: team.Name, Notes: []string{team.Role.Name, roleExtent(team.Role)}}
	}
	return items
}

func mightiness(team api.Team) int {
	if team.Role.Name == api.RoleTenantAdmin {
		return 1
	}
	return 0
}

// roleExtent says in two words how much a role grants.
func roleExtent(role api.Role) string {
	switch {
	case role.Name == api.RoleTenantAdmin:
		return "everything"
	case len(role.Permissions) == 0:
		return "nothing"
	}
	return plural(len(role.Permissions), "permission")
}
