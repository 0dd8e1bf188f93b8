package tui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (d bulkDialog) view(e environment) panel {
	switch d.phase {
	case bulkDeletes, bulkStops, bulkDone:
		return panel{content: strings.Join(d.progress(e), "\n"), danger: true}
	}
	s := e.styles
	lines := []string{s.Danger.Bold(true).Render("Delete " + plural(d.left(), "Service Account"))}
	lines = append(lines, d.weight(e)...)
	room := e.height - len(lines) - 6
	if d.news != "" {
		lines = append(lines, wrapped(s.Glyphs.Warn+" "+d.news, e.width, s.Warning.Render, e)...)
		room--
	}
	lines = append(lines, d.list(max(min(room, 10), 1), e)...)
	lines = append(lines, s.Strong.Render("This cannot be undone.")+" Whatever uses their keys is refused at once.")
	p := panel{danger: true}
	label := d.wantsCount() + "  "
	p.cursor = inputCursor(d.typed, e.measure, len(label), len(lines))
	style := s.Muted
	if d.focus == focusTyped {
		style = s.Key
	}
	lines = append(lines, style.Render(label)+harmless(d.typed).View())
	what := fmt.Sprintf("Delete %s", plural(d.left(), "Service Account"))
	lines = append(lines, "", button("Cancel", d.focus == focusKeep, false, e)+"  "+button(what, d.focus == focusDelete, true, e))
	switch {
	case d.problem != "":
		lines = append(lines, s.Danger.Render(s.Glyphs.Bad+" "+d.problem))
	case d.phase == bulkLooks:
		lines = append(lines, s.Muted.Render(e.spinner()+" Looking up when they were last used."))
	default:
		lines = append(lines, "")
	}
	p.content = strings.Join(lines, "\n")
	return p
}

// weight says what hangs on the keys together.
func (d bulkDialog) weight(e environment) []string {
	s := e.styles
	used := 0
	var teams []string
	for i := range d.items {
		item := &d.items[i]
		if item.state != bulkWaits {
			continue
		}
		if recently(item.account, e) {
			used++
		}
		if !slices.Contains(teams, item.account.Team.Name) {
			teams = append(teams, item.account.Team.Name)
		}
	}
	slices.Sort(teams)
	where := "In " + plural(len(teams), "team")
	if len(teams) <= 4 {
		where += ": " + strings.Join(teams, ", ")
	}
	if d.hidden > 0 {
		where += fmt.Sprintf(". The search hides %s of them", count(d.hidden))
	}
	words, style := "None was used in the last 24 hours.", s.Text
	if used > 0 {
		words = fmt.Sprintf("%s %s used in the last 24 hours: something depends on them.", s.Glyphs.Warn, were(used))
		style = s.Warning
	}
	if !d.loaded.IsZero() && d.phase != bulkLooks {
		words += " That is as loaded " + ageInWords(e.now, d.loaded) + "."
	}
	return append(wrapped(words, e.width, style.Render, e), wrapped(where+".", e.width, s.Muted.Render, e)...)
}

func were(n int) string {
	if n == 1 {
		return "1 was"
	}
	return count(n) + " were"
}

func recently(account api.ServiceAccount, e environment) bool {
	used := account.Key.LastUsedAt
	return used != nil && e.now.Sub(*used) < inUse
}

// list shows some of the accounts with their ids, which is what is acted on.
func (d bulkDialog) list(room int, e environment) []string {
	s := e.styles
	var lines []string
	skipped, more := 0, 0
	for i := range d.items {
		item := &d.items[i]
		switch {
		case item.state != bulkWaits:
		case skipped < d.top:
			skipped++
		case len(lines) >= room:
			more++
		default:
			mark := "  "
			if recently(item.account, e) {
				mark = s.Glyphs.Warn + " "
			}
			lines = append(lines, s.Warning.Render(mark)+d.named(item.account, e.width-2, s.Strong, e))
		}
	}
	if more > 0 {
		lines[len(lines)-1] = s.Muted.Render(fmt.Sprintf("  %s %s more", s.Glyphs.Down, count(more+1)))
	}
	return lines
}

// named is a name with its id beside it, if there is room for that.
func (d bulkDialog) named(account api.ServiceAccount, width int, style lipgloss.Style, e environment) string {
	room := width - e.measure.StringWidth(account.ID) - 2
	if room < 12 {
		return style.Render(e.measure.Truncate(account.Name, width, e.styles.Glyphs.Ellipsis))
	}
	name := pad(e.measure.Truncate(account.Name, room, e.styles.Glyphs.Ellipsis), room, e.measure)
	return style.Render(name) + "  " + e.styles.Muted.Render(account.ID)
}

// progress shows how far it is, and at the end what failed and why.
func (d bulkDialog) progress(e environment) []string {
	s := e.styles
	deleted, gone, failed := d.count(bulkDeleted), d.count(bulkWasGone), d.count(bulkFailed)
	done := deleted + gone + failed
	lines := []string{s.Danger.Bold(true).Render("Delete Service Accounts")}
	switch d.phase {
	case bulkDeletes, bulkStops:
		lines = append(lines, "", fmt.Sprintf("%s %s of %s", e.spinner(), count(done), count(len(d.items))), bar(done, len(d.items), e))
	default:
		lines = append(lines, s.Strong.Render(fmt.Sprintf("%s of %s are deleted.", count(deleted+gone), count(len(d.items)))))
	}
	var words []string
	if gone > 0 {
		words = append(words, plural(gone, "account")+" had been deleted already.")
	}
	if failed > 0 {
		words = append(words, plural(failed, "deletion")+" failed.")
	}
	if waiting := d.count(bulkWaits); d.phase != bulkDeletes && waiting > 0 {
		words = append(words, count(waiting)+" not tried.")
	}
	if d.phase == bulkDone {
		words = append(words, "What is left stays marked; "+e.keys.Refresh.Help().Key+" tries it again.")
	}
	if !d.resumeAt.IsZero() {
		wait := max(int(d.resumeAt.Sub(e.now).Seconds()+0.999), 0)
		words = append(words, fmt.Sprintf("The server asks to wait: going on in %ds.", wait))
	}
	if d.problem != "" {
		words = append([]string{d.problem}, words...)
	}
	lines = append(lines, wrapped(strings.Join(words, " "), e.width, s.Warning.Render, e)...)
	if d.phase == bulkDone {
		lines = append(lines, "")
		lines = append(lines, d.failures(max(e.height-len(lines), 2), e)...)
	}
	return lines
}

// failures lists what is left, with the reason where there is one.
func (d bulkDialog) failures(room int, e environment) []string {
	s := e.styles
	var lines []string
	skipped, more := 0, 0
	for i := range d.items {
		item := &d.items[i]
		switch {
		case item.state != bulkFailed && item.state != bulkWaits:
		case skipped < d.scroll:
			skipped++
		case len(lines)+2 > room:
			more++
		default:
			lines = append(lines, d.named(item.account, e.width, s.Strong, e))
			reason := "not tried"
			if item.state == bulkFailed {
				reason = sentence(item.reason)
			}
			lines = append(lines, s.Muted.Render("  "+e.measure.Truncate(reason, e.width-2, s.Glyphs.Ellipsis)))
		}
	}
	if more > 0 && len(lines) > 0 {
		lines[len(lines)-1] = s.Muted.Render(fmt.Sprintf("  %s %s more", s.Glyphs.Down, count(more)))
	}
	return lines
}

// bar is how much of all is done, in characters that every terminal has.
func bar(done, all int, e environment) string {
	width := min(e.width, 50)
	full := width * done / max(all, 1)
	return e.styles.Key.Render(strings.Repeat("=", full)) + e.styles.Rule.Render(strings.Repeat("-", width-full))
}
