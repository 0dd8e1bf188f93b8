package tui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"

	"github.com/lifeguard-keys/lifeguard/api"
)

// labelWidth is the room for a field's label, in cells.
const labelWidth = 7

func (d createDialog) view(e environment) panel {
	return d.draw(drawing{
		title: "New API Key", label: "Team", field: d.teamField(e),
		area:   func(room int) []string { return d.teamArea(e, room) },
		unique: "unique in its team", status: d.status(e), waiting: d.waiting(),
	}, e)
}

// harmless is a field for being shown: what was pasted into it and cannot be
// seen, or would turn its neighbours around, is shown as a replacement.
func harmless(input textinput.Model) textinput.Model {
	clean := api.Clean(input.Value())
	if clean == input.Value() {
		return input
	}
	position := input.Position()
	input.SetValue(clean)
	input.SetCursor(position)
	return input
}

// formLabel is the label before a field.
func formLabel(text string, focused bool, e environment) string {
	text = fmt.Sprintf("%-*s", labelWidth, text)
	if focused {
		return e.styles.Key.Render(text)
	}
	return e.styles.Muted.Render(text)
}

func (d createDialog) teamField(e environment) string {
	if d.focus != focusPick {
		if d.team == nil {
			return e.styles.Placeholder.Render("none selected")
		}
		return d.team.Name + e.styles.Muted.Render("  "+d.team.Role.Name+", "+roleExtent(d.team.Role))
	}
	shown, all := d.picker.Counts()
	counts := ""
	if d.picker.Query() != "" {
		counts = e.styles.Muted.Render(fmt.Sprintf("  %d of %d", shown, all))
	}
	return d.picker.InputView() + counts
}

// teamArea shows the teams while one is picked, and below them, or alone, what
// the key will be able to do.
func (d createDialog) teamArea(e environment, room int) []string {
	width := e.width - labelWidth
	room = min(max(room, 2), 8)
	selected := d.team
	var lines []string
	if d.focus == focusPick {
		rows := min(max(room-4, 1), 5)
		list := d.picker
		list.SetHeight(rows)
		lines = strings.Split(list.ItemsView(width, e.measure), "\n")
		selected = nil
		if item, ok := d.picker.Selected(); ok {
			selected = teamByID(e.teams, item.ID)
		}
		if len(e.teams) == 0 {
			words := "No teams yet: they are loading, or you may see none."
			if e.teamsFailed != nil {
				words = "The teams could not be loaded: " + e.teamsFailed.Detail
			}
			lines = wrapped(words, width, e.styles.Warning.Render, e)
		}
	}
	if selected != nil {
		lines = append(lines, rolePreview(selected.Role, permissionWords(selected.Role, width, e), width, room-len(lines), e)...)
	}
	return inRoom(lines, room)
}

// rolePreview tells in room lines what a role grants: the lines as they are
// when they fit, else all permissions in running text, cut at the end.
func rolePreview(role api.Role, lines []string, width, room int, e environment) []string {
	if len(lines) <= room || len(role.Permissions) == 0 || role.Name == api.RoleTenantAdmin {
		return lines[:max(min(len(lines), room), 0)]
	}
	words := make([]string, len(role.Permissions))
	for i, p := range role.Permissions {
		words[i] = p.Action.Words()
		// The group is left out where the rest says enough: Use Agents.
		if _, rest, _ := strings.Cut(words[i], ": "); strings.Contains(rest, " ") {
			words[i] = rest
		}
	}
	lines = wrapped(plural(len(words), "permission")+": "+strings.Join(words, ", "), width, e.styles.Text.Render, e)
	if len(lines) > room && room > 0 {
		lines = lines[:room]
		lines[room-1] = e.measure.Truncate(lines[room-1], width-2, "") + e.styles.Glyphs.Ellipsis
	}
	return lines
}

func teamByID(teams []api.Team, id string) *api.Team {
	for i := range teams {
		if teams[i].ID == id {
			return &teams[i]
		}
	}
	return nil
}

// button draws a button; the focus is a glyph and a fill, never colour alone.
func button(text string, focused, risk bool, e environment) string {
	s := e.styles
	switch {
	case focused && risk:
		return s.ButtonRisk.Render(s.Glyphs.Focus + " " + text + "  ")
	case focused:
		return s.ButtonOn.Render(s.Glyphs.Focus + " " + text + "  ")
	}
	return s.Button.Render("[ " + text + " ]")
}

// status tells what is being done, or what stood in the way.
func (d createDialog) status(e environment) []string {
	s := e.styles
	switch {
	case d.note != "":
		return indented(d.note, s.Warning.Render, e)
	case d.reading != "":
		return indented(e.spinner()+" Reading whom it is sealed to.", s.Text.Render, e)
	case d.sending && d.retry != nil:
		return indented(fmt.Sprintf("%s Asking again with the same request (try %d).", e.spinner(), d.retry.attempt), s.Text.Render, e)
	case d.sending:
		return indented(e.spinner()+" Creating the service account and its key.", s.Text.Render, e)
	case d.retry != nil:
		wait := max(int(d.retry.at.Sub(e.now).Seconds()+0.999), 0)
		words := "Asking again"
		if d.lost {
			words = "The answer was lost. Asking again with the same request, so that there is one account and you get its key,"
		}
		return indented(fmt.Sprintf("%s %s in %ds (try %d). %s", s.Glyphs.Warn, words, wait, d.retry.attempt, d.retry.why), s.Warning.Render, e)
	case d.problem != "":
		return indented(s.Glyphs.Bad+" "+d.problem, s.Danger.Render, e)
	}
	return []string{""}
}

// indented wraps text under the fields.
func indented(text string, render func(...string) string, e environment) []string {
	lines := wrapped(text, e.width-labelWidth, render, e)
	for i := range lines {
		lines[i] = strings.Repeat(" ", labelWidth) + lines[i]
	}
	return lines
}
