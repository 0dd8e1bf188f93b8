package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/query"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// auditColumns are the table's columns. What was done is the last to go.
var auditColumns = []table.Column{
	{ID: "time", Title: "TIME", Width: 16, Keep: 3},
	{ID: "age", Title: "AGE", Width: 9, Keep: 8},
	{ID: "actor", Title: "ACTOR", Width: 14, Most: 28, Keep: 7},
	{ID: "action", Title: "ACTION", Width: 22, Keep: 10},
	{ID: "target", Title: "TARGET", Width: 14, Most: 40, Keep: 9},
	{ID: "ip", Title: "FROM", Width: 15, Keep: 4},
	{ID: "outcome", Title: "OUTCOME", Width: 8, Keep: 6},
}

func (a *audit) draw(l layout, e environment) pageView {
	v := pageView{title: "Security " + e.styles.Glyphs.Path + " Audit log", summary: a.summary(e), follows: a.failure == nil && !a.loaded.IsZero() && !a.load.running}
	body := e.paragraph(a.emptyWords(e), l.table.Dx(), l.table.Dy())
	if a.table.Length() > 0 {
		body = a.table.View(a.columns, e.paints.Styles, func(place int) []table.Cell { return a.cells(a.log.at(place), e) })
	}
	line, text := a.box.draw(a.wrong(), a.counts(), l.width, e)
	v.cursor = a.box.textCursor(text, l, e)
	heading := a.table.Heading(a.columns, e.paints.Styles)
	if wrong := a.wrong(); len(wrong) > 0 {
		heading = text.explain(a.box.input.Value(), wrong, searchIndent, l.table.Dx(), e)
	}
	left := strings.Split(heading+"\n"+body, "\n")
	var details []string
	if a.resting != nil {
		details = eventDetails(*a.resting, l.details.Dx()-4, e)
	}
	v.lines = append([]string{line}, e.beside(left, details, l)...)
	return v
}

// summary is how many events there are, and how true that is.
func (a *audit) summary(e environment) string {
	right := ""
	switch {
	case a.meets != nil && a.load.running && a.load.older && a.all.total > 0:
		right = fmt.Sprintf("%s of %s searched", count(a.all.length()), plural(a.all.total, "event"))
	case a.all.total >= 0:
		right = plural(max(a.all.total, a.all.length()), "event")
	case a.all.length() > 0:
		right = plural(a.all.length(), "event")
	case a.load.running:
		right = "loading"
	}
	if a.load.running {
		right = e.spinner() + " " + right
	}
	if a.failure != nil && !a.loaded.IsZero() {
		right += " " + e.styles.Glyphs.Dot + " stale, loaded " + ageInWords(e.now, a.loaded)
	}
	return right
}

func (a *audit) emptyWords(e environment) []string {
	switch {
	case a.load.running && a.load.attempts > 0:
		return []string{"Trying again " + e.styles.Glyphs.Ellipsis}
	case a.load.running:
		return []string{"Loading the audit log " + e.styles.Glyphs.Ellipsis}
	case a.failure != nil:
		return e.failureParagraph(a.failure)
	}
	if a.box.query() != "" {
		return []string{
			"Nothing matches " + a.box.shown() + ".",
			"Searched: " + plural(a.all.length(), "event") + narrowedWords(a.narrowed) + ".",
			e.keys.ClearSearch.Help().Key + " clears the search.",
		}
	}
	return []string{"No events.", "Nothing was done here yet, or what was is no longer kept."}
}

func narrowedWords(n selection.NarrowedEvents) string {
	if n.Terms == "" {
		return ""
	}
	return " that the server found for " + strings.TrimSpace(n.Terms)
}

// wrong are the terms of the query that are not understood.
func (a *audit) wrong() []query.Error {
	if a.box.hidden() || a.box.query() == "" {
		return nil
	}
	return a.asked.Errors
}

// counts are how many events are shown of those that were looked at.
func (a *audit) counts() string {
	more := ""
	if a.all.next != "" {
		more = "+"
	}
	return fmt.Sprintf("%s of %s%s", count(a.log.length()), count(a.all.length()), more)
}

// outcomeSuccess is the outcome of what was done; others stand out.
const outcomeSuccess = "success"

func (a *audit) cells(event *api.AuditEvent, e environment) []table.Cell {
	cells := make([]table.Cell, len(a.columns))
	for i, column := range a.columns {
		switch column.ID {
		case "time":
			cells[i] = table.Cell{Text: date(event.Time), Paint: e.paints.muted}
		case "age":
			cells[i].Text = age(e.now, event.Time)
		case "actor":
			cells[i].Text = selection.ActorName(event.Actor)
		case "action":
			cells[i].Text = event.Action
		case "target":
			cells[i].Text = selection.TargetName(event.Resource)
		case "ip":
			cells[i] = table.Cell{Text: event.IP, Paint: e.paints.muted}
		case "outcome":
			cells[i] = table.Cell{Text: event.Outcome, Paint: e.paints.refused}
			if event.Outcome == outcomeSuccess {
				cells[i].Paint = e.paints.muted
			}
		}
		if a.meets != nil && column.ID != "time" && column.ID != "age" {
			cells[i].Matches = eventMatches(a.asked, column.ID, cells[i].Text)
		}
	}
	return cells
}
