package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/query"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// conditions is what is remembered of the conditions of a query: the rows that
// meet them. They stay the same while only words are typed.
type conditions struct {
	text   string
	rows   int // of the list
	living int
	minute int64 // ages are relative to it
	met    *fuzzy.Set
}

// request asks for what the query and the order ask for.
func (a *accounts) request(e environment) selection.Request {
	teams := e.teamsByID // replaced when teams come, never changed
	schema := selection.Fields(func(team string) string { return teams[team].Role.Name })
	a.asked = schema.Parse(a.box.query())
	r := selection.Request{
		Rows: a.list, Index: a.index, Query: a.asked, Order: a.sort, Ranked: a.ranked, Now: e.now,
		Known: a.computing.known,
	}
	known := a.computing.conditions
	met := known.met
	if known.met = nil; known == a.conditions(e) {
		r.Within = met
	}
	return r
}

// conditions are those of the query as things stand, before it is known which
// rows meet them.
func (a *accounts) conditions(e environment) conditions {
	return conditions{
		text: a.asked.Conditions().String(), rows: a.list.Len(), living: a.list.Living(), minute: e.now.Unix() / 60,
	}
}

// teamsChanged looks again for what depends on the teams' roles.
func (a *accounts) teamsChanged(e environment) tea.Cmd {
	if !slices.Contains(a.asked.Fields(), selection.FieldRole) {
		return nil
	}
	a.computing.conditions = conditions{}
	return a.refreshView(e)
}

// plain reports whether all rows are wanted in the order of the server.
func (a *accounts) plain() bool {
	return a.asked.Empty() && a.inOrder && a.sort == (selection.Order{})
}

// wrong are the terms of the query that are not understood.
func (a *accounts) wrong() []query.Error {
	if a.box.hidden() {
		return nil
	}
	return a.asked.Errors
}

// matches are the bytes of a cell that the query matched.
func (a *accounts) matches(words []string, column string, field int, text string) []int {
	return merged(a.index.Positions(words, field, text), a.asked.Positions(column, text))
}

func merged(a, b []int) []int {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// queryHelp explains the language in a few lines, for the help page.
func queryHelp() [][2]string {
	lines := [][2]string{
		{"ci dep", "both words: letters of name, team, creator or key"},
		{"team:platform", "in one field; team:=platform is the whole"},
		{"created:<7d used:>90d", "ages in m h d w mo y, dates such as 2026-01-31"},
		{"used:never", "used:>90d,never: one of the two"},
		{`!prod !team:data`, "without what matches"},
		{`"exact" /^ci-.*eu$/`, "together as typed; a regular expression"},
	}
	names := ""
	for _, field := range selection.Fields(nil).Fields() {
		names += field.Name + " "
	}
	return append(lines, [2]string{"fields", names})
}
