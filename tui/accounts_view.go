package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
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
	muted, inUse, refused, mighty *table.Paint
}

func newPaints(s *styles.Styles) *paints {
	return &paints{
		Styles: table.Styles{
			Heading: table.NewPaint(s.Heading), Marker: table.NewPaint(s.Marker), Match: table.NewPaint(s.Match),
			MarkerGlyph: s.Glyphs.Marker, MarkGlyph: s.Glyphs.Mark, Ellipsis: s.Glyphs.Ellipsis,
		},
		muted: table.NewPaint(s.Muted), inUse: table.NewPaint(s.Success), refused: table.NewPaint(s.Danger), mighty: table.NewPaint(s.Warning),
	}
}

// draw draws the page; its title is as Poolside's documentation writes it.
func (a *accounts) draw(l layout, e environment) pageView {
	v := pageView{title: "Security " + e.styles.Glyphs.Path + " API Keys", summary: a.summary(e), follows: a.failure == nil && !a.load.running}
	line, text := a.box.draw(a.wrong(), a.counts(e), l.width, e)
	v.cursor = a.box.textCursor(text, l, e)
	v.lines = append(v.lines, line)
	var details []string
	if a.resting != nil {
		details = a.facts(*a.resting).lines(l.details.Dx()-4, e)
		if l.details.Min.X > 0 {
			details = drifted(details, a.drift)
		}
	}
	v.lines = append(v.lines, e.beside(strings.Split(a.heading(text, l.table.Dx(), e)+"\n"+a.body(l, e), "\n"), details, l)...)
	return v
}

// summary is how many keys there are, or how many have come so far.
func (a *accounts) summary(e environment) string {
	right := ""
	switch {
	case a.load.running && a.progress() > 0 && a.load.total > 0:
		right = fmt.Sprintf("%s of %s", count(a.progress()), count(a.load.total))
	case a.load.running && a.load.fresh:
		right = "loading"
	case a.failure == nil || !a.loaded.IsZero() || a.list.Living() > 0:
		right = plural(a.list.Living(), "key")
	}
	if a.load.running {
		right = e.spinner() + " " + right
	}
	if marked := a.markSummary(); marked != "" {
		right += " " + e.styles.Glyphs.Dot + " " + marked
	}
	if f := a.failure; f != nil && !a.loaded.IsZero() {
		right += " " + e.styles.Glyphs.Dot + " stale, loaded " + ageInWords(e.now, a.loaded)
	}
	return right
}

// counts are how many accounts the query found, and of how many.
func (a *accounts) counts(e environment) string {
	shown := count(a.table.Length())
	if a.computing.counting {
		shown = e.spinner() + " " + e.styles.Glyphs.Ellipsis
	}
	return shown + " of " + count(a.list.Living())
}

// heading draws the column titles with the sort mark, or, while the best match
// is first, without one. While a term of the query is not understood, it says
// why in their place: the rows stay where they are.
func (a *accounts) heading(text queryText, width int, e environment) string {
	if wrong := a.wrong(); len(wrong) > 0 && a.box.query() != "" {
		return text.explain(a.box.query(), wrong, searchIndent, width, e)
	}
	columns := slices.Clone(a.columns)
	if len(a.asked.Words()) == 0 || !a.ranked {
		for i, column := range columns {
			if column.ID != selection.Columns[a.sort.Column].ID {
				continue
			}
			mark := e.styles.Glyphs.Up
			if a.sort.Reverse {
				mark = e.styles.Glyphs.Down
			}
			columns[i].Title += " " + mark
			columns[i].Width = max(column.Width, e.measure.StringWidth(columns[i].Title))
		}
	}
	return a.table.Heading(columns, e.paints.Styles)
}

// body draws the rows, or says why there are none.
func (a *accounts) body(l layout, e environment) string {
	if a.table.Length() > 0 {
		marked := func(place int) bool { return a.marks.ids[a.shown.ID(a.row(place))] }
		return a.table.ViewMarked(a.columns, e.paints.Styles, marked, func(place int) []table.Cell {
			account := a.shown.At(a.row(place))
			return a.cells(&account, e)
		})
	}
	return e.paragraph(a.emptyWords(e), l.table.Dx(), l.table.Dy())
}

// emptyWords explains an empty table and names the way on.
func (a *accounts) emptyWords(e environment) []string {
	k := e.keys
	switch {
	case a.load.running && a.load.attempts > 0:
		return []string{"Trying again " + e.styles.Glyphs.Ellipsis}
	case a.load.running:
		return []string{"Loading service accounts " + e.styles.Glyphs.Ellipsis}
	case a.failure != nil:
		return e.failureParagraph(a.failure)
	case a.box.query() != "" && a.busy():
		return []string{"Searching " + e.styles.Glyphs.Ellipsis}
	case a.box.query() != "":
		return []string{
			"Nothing matches " + a.box.shown() + ".",
			"Searched: name, team, creator and key hint of " + plural(a.list.Living(), "service account") + ".",
			k.ClearSearch.Help().Key + " clears the search.",
		}
	case a.changeForbidden(e) != "":
		return []string{"No service accounts yet.", a.changeForbidden(e)}
	}
	return []string{
		"No service accounts yet.",
		"Press " + k.New.Help().Key + " to make a New API Key: select a Team, enter a Name, Create.",
	}
}

// cells builds one visible row.
func (a *accounts) cells(account *api.ServiceAccount, e environment) []table.Cell {
	words := a.asked.Words()
	cells := make([]table.Cell, len(a.columns))
	for i, column := range a.columns {
		field := -1
		switch column.ID {
		case "name":
			cells[i].Text, field = account.Name, selection.FieldName
		case "team":
			cells[i].Text, field = account.Team.Name, selection.FieldTeam
		case "key":
			cells[i].Text, field = account.Key.Hint, selection.FieldHint
			cells[i].Paint = e.paints.muted
		case "created":
			cells[i].Text = age(e.now, account.CreatedAt)
		case "by":
			cells[i].Text, field = account.CreatedBy.Name, selection.FieldCreator
		case "used":
			cells[i].Text, cells[i].Paint = e.lastUsed(account)
		}
		if field >= 0 && !a.asked.Empty() {
			cells[i].Matches = a.matches(words, column.ID, field, cells[i].Text)
		}
	}
	return cells
}

// lastUsed weighs a last use: what is in use stands out, what never was is
// quiet.
func (e environment) lastUsed(account *api.ServiceAccount) (string, *table.Paint) {
	used := account.Key.LastUsedAt
	if used == nil {
		return "never", e.paints.muted
	}
	if e.now.Sub(*used) < inUse {
		return age(e.now, *used), e.paints.inUse
	}
	return age(e.now, *used), nil
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
