package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// accountColumns are the table's columns. When it gets narrow, who created an
// account leaves first; name and team are the last to go.
var accountColumns = []table.Column{
	{ID: "name", Title: "NAME", Width: 16, Most: 40, Keep: 10},
	{ID: "team", Title: "TEAM", Width: 12, Most: 20, Keep: 9},
	{ID: "key", Title: "KEY", Width: 12, Keep: 6},
	{ID: "created", Title: "CREATED", Width: 9, Keep: 5},
	{ID: "by", Title: "BY", Width: 10, Most: 18, Keep: 4},
	{ID: "used", Title: "LAST USED", Width: 11, Keep: 8},
}

// paints are the styles of the table, taken apart once for each theme.
type paints struct {
	table.Styles
	muted, inUse *table.Paint
}

func newPaints(s *styles.Styles) paints {
	return paints{
		Styles: table.Styles{
			Heading: table.NewPaint(s.Heading), Marker: table.NewPaint(s.Marker), Match: table.NewPaint(s.Match),
			MarkerGlyph: s.Glyphs.Marker, Ellipsis: s.Glyphs.Ellipsis,
		},
		muted: table.NewPaint(s.Muted), inUse: table.NewPaint(s.Success),
	}
}

// heading draws the column titles with the sort mark, or, while the best match
// is first, without one.
func (m *Model) heading() string {
	a := &m.accounts
	columns := slices.Clone(a.columns)
	if a.query() == "" || !a.ranked {
		for i, column := range columns {
			if column.ID != sortColumns[a.sort.column].id {
				continue
			}
			mark := m.styles.Glyphs.Up
			if a.sort.reverse {
				mark = m.styles.Glyphs.Down
			}
			columns[i].Title += " " + mark
			columns[i].Width = max(column.Width, m.measure.StringWidth(columns[i].Title))
		}
	}
	return a.table.Heading(columns, m.paints.Styles)
}

// body draws the rows, or says why there are none.
func (m *Model) body(l layout) string {
	a := &m.accounts
	if a.table.Length() > 0 {
		return a.table.View(a.columns, m.paints.Styles, func(place int) []table.Cell {
			return m.cells(&a.shown[a.row(place)])
		})
	}
	return m.paragraph(m.emptyWords(), l.table.Dx(), l.table.Dy())
}

// emptyWords explains an empty table and names the way on.
func (m *Model) emptyWords() []string {
	a := m.accounts
	k := m.keys
	switch {
	case a.load.running && a.load.attempts > 0:
		return []string{"Trying again " + m.styles.Glyphs.Ellipsis}
	case a.load.running:
		return []string{"Loading service accounts " + m.styles.Glyphs.Ellipsis}
	case a.failure != nil:
		return m.failureParagraph(a.failure)
	case a.query() != "" && a.busy():
		return []string{"Searching " + m.styles.Glyphs.Ellipsis}
	case a.query() != "":
		return []string{
			"Nothing matches " + a.shownQuery() + ".",
			"Searched: name, team, creator and key hint of " + plural(a.living(), "service account") + ".",
			k.ClearSearch.Help().Key + " clears the search.",
		}
	case m.changeForbidden() != "":
		return []string{"No service accounts yet.", m.changeForbidden()}
	}
	return []string{
		"No service accounts yet.",
		"Press " + k.New.Help().Key + " to make a New API Key: select a Team, enter a Name, Create.",
	}
}

func (m *Model) failureParagraph(f *failure) []string {
	words := []string{f.err.Detail}
	switch f.err.Code {
	case api.CodeForbidden:
		for _, p := range f.err.Missing {
			words = append(words, m.styles.Glyphs.Bullet+" "+p.Action.Words()+" ("+string(p.Action)+")")
		}
	case api.CodeNoSuchEndpoint:
		words = append(words, "Service accounts are an extension that Lifeguard's own server offers.")
	}
	if f.err.RequestID != "" {
		words = append(words, "Request "+f.err.RequestID+", for the server's log.")
	}
	return words
}

// paragraph sets lines a little below the top of an area, exactly as high.
func (m *Model) paragraph(words []string, width, height int) string {
	var lines []string
	lines = append(lines, "")
	for i, text := range words {
		style := m.styles.Muted
		if i == 0 {
			style = m.styles.Strong
		}
		for _, line := range strings.Split(m.measure.Wrap(text, max(width-6, 1), ""), "\n") {
			lines = append(lines, "   "+style.Render(line))
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines[:height], "\n")
}

// cells builds one visible row.
func (m *Model) cells(account *api.ServiceAccount) []table.Cell {
	a := &m.accounts
	query := a.query()
	cells := make([]table.Cell, len(a.columns))
	for i, column := range a.columns {
		field := -1
		switch column.ID {
		case "name":
			cells[i].Text, field = account.Name, fieldName
		case "team":
			cells[i].Text, field = account.Team.Name, fieldTeam
		case "key":
			cells[i].Text, field = account.Key.Hint, fieldHint
			cells[i].Paint = m.paints.muted
		case "created":
			cells[i].Text = age(m.now, account.CreatedAt)
		case "by":
			cells[i].Text, field = account.CreatedBy.Name, fieldCreator
		case "used":
			cells[i].Text, cells[i].Paint = m.lastUsed(account)
		}
		if query != "" && field >= 0 {
			cells[i].Matches = a.index.Positions(query, field, cells[i].Text)
		}
	}
	return cells
}

// lastUsed weighs a last use: what is in use stands out, what never was is
// quiet.
func (m *Model) lastUsed(account *api.ServiceAccount) (string, *table.Paint) {
	used := account.Key.LastUsedAt
	if used == nil {
		return "never", m.paints.muted
	}
	if m.now.Sub(*used) < inUse {
		return age(m.now, *used), m.paints.inUse
	}
	return age(m.now, *used), nil
}

// inUse is how recent a last use must be for something to depend on the key.
const inUse = 24 * time.Hour

func count(n int) string { return humanize.Comma(int64(n)) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", count(n), noun)
}

func callerRoles(caller api.Caller) string {
	var roles []string
	for _, team := range caller.Teams {
		if !slices.Contains(roles, team.Role) {
			roles = append(roles, team.Role)
		}
	}
	if slices.Contains(roles, api.RoleTenantAdmin) {
		return api.RoleTenantAdmin
	}
	if len(roles) > 2 {
		return fmt.Sprintf("%d roles", len(roles))
	}
	return strings.Join(roles, ", ")
}
