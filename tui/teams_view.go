package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// teamColumns are the table's columns. The name is the last to go.
var teamColumns = []table.Column{
	{ID: "name", Title: "NAME", Width: 16, Most: 40, Keep: 10},
	{ID: "role", Title: "ROLE", Width: 14, Most: 24, Keep: 9},
	{ID: "grants", Title: "GRANTS", Width: 14, Keep: 6},
	{ID: "members", Title: "MEMBERS", Width: 7, Keep: 7},
	{ID: "keys", Title: "KEYS", Width: 7, Keep: 8},
	{ID: "created", Title: "CREATED", Width: 9, Keep: 4},
}

func (t *teamsPage) draw(l layout, e environment) pageView {
	v := pageView{title: "Access control " + e.styles.Glyphs.Path + " Teams", summary: t.summary(e), follows: t.known && t.failure == nil}
	body := e.paragraph(t.emptyWords(e), l.table.Dx(), l.table.Dy())
	if t.table.Length() > 0 {
		body = t.table.View(t.columns, e.paints.Styles, func(place int) []table.Cell { return t.cells(&t.list[t.view[place]], e) })
	}
	counts := fmt.Sprintf("%s of %s", count(len(t.view)), count(len(t.list)))
	line, text := t.box.draw(t.wrong(), counts, l.width, e)
	v.cursor = t.box.textCursor(text, l, e)
	heading := t.table.Heading(t.columns, e.paints.Styles)
	if wrong := t.wrong(); len(wrong) > 0 && t.box.query() != "" {
		heading = text.explain(t.box.input.Value(), wrong, searchIndent, l.table.Dx(), e)
	}
	left := strings.Split(heading+"\n"+body, "\n")
	var details []string
	if t.resting != nil {
		details = t.resting.lines(l.details.Dx()-4, e)
	}
	v.lines = append([]string{line}, e.beside(left, details, l)...)
	return v
}

func (t *teamsPage) summary(e environment) string {
	right := ""
	switch {
	case t.known:
		right = plural(len(t.list), "team")
	case t.failure == nil:
		right = e.spinner() + " loading"
	}
	if t.failure != nil && t.known {
		right += " " + e.styles.Glyphs.Dot + " stale, loaded " + ageInWords(e.now, t.loaded)
	}
	return right
}

func (t *teamsPage) emptyWords(e environment) []string {
	switch {
	case !t.known && t.failure == nil:
		return []string{"Loading teams " + e.styles.Glyphs.Ellipsis}
	case t.failure != nil && !t.known:
		return e.failureParagraph(t.failure)
	case t.box.query() != "":
		return []string{
			"Nothing matches " + t.box.shown() + ".",
			"Searched: name and role of " + plural(len(t.list), "team") + ".",
			e.keys.ClearSearch.Help().Key + " clears the search.",
		}
	}
	return []string{"You may see no team.", "Whoever may view service accounts, or provision users, sees them."}
}

func (t *teamsPage) cells(team *api.Team, e environment) []table.Cell {
	cells := make([]table.Cell, len(t.columns))
	for i, column := range t.columns {
		switch column.ID {
		case "name":
			cells[i] = table.Cell{Text: team.Name, Matches: t.matches("name", 0, team.Name)}
		case "role":
			cells[i] = table.Cell{Text: team.Role.Name, Matches: t.matches("role", 1, team.Role.Name)}
			if team.Role.Name == api.RoleTenantAdmin {
				cells[i].Paint = e.paints.mighty
			}
		case "grants":
			cells[i] = table.Cell{Text: roleExtent(team.Role), Paint: e.paints.muted}
		case "members":
			cells[i].Text, cells[i].Paint = t.memberCount(team.ID, e)
		case "keys":
			cells[i].Text = t.accounts.words(team.ID)
		case "created":
			cells[i] = table.Cell{Text: age(e.now, team.CreatedAt), Paint: e.paints.muted}
		}
	}
	return cells
}

// memberCount is how many users a team has; "?" where nobody may say.
func (t *teamsPage) memberCount(id string, e environment) (string, *table.Paint) {
	known, ok := t.members[id]
	switch {
	case !e.mayProvision(), ok && known.err != nil:
		return "?", e.paints.muted
	case !ok:
		return e.styles.Glyphs.Ellipsis, e.paints.muted
	}
	return count(known.total), nil
}

// words is how many service accounts a team has, or has at least while not all
// are loaded.
func (c accountCounts) words(team string) string {
	if !c.complete {
		return count(c.counts[team]) + "+"
	}
	return count(c.counts[team])
}
