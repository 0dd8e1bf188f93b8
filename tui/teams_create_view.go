package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// roleItems lists the roles with the one that grants nothing first, and the one
// that grants everything last: a hasty enter gives nothing away.
func roleItems(roles []api.Role) []picker.Item {
	roles = slices.Clone(roles)
	weight := func(role api.Role) int {
		switch {
		case role.Name == api.RoleTenantAdmin:
			return 2
		case len(role.Permissions) > 0:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(roles, func(a, b api.Role) int { return cmp.Compare(weight(a), weight(b)) })
	items := make([]picker.Item, len(roles))
	for i, role := range roles {
		by := "created by: a user"
		if role.CreatedBy == api.CreatedBySystem {
			by = "created by: System"
		}
		items[i] = picker.Item{ID: role.ID, Title: role.Name, Notes: []string{roleExtent(role), by}}
	}
	return items
}

// view draws the form in e.height lines at most.
func (d teamDialog) view(e environment) panel {
	s := e.styles
	airy := e.height >= 14
	var lines []string
	blank := func() {
		if airy {
			lines = append(lines, "")
		}
	}
	lines = append(lines, s.Title.Render("New Team"))
	blank()
	roleLine := len(lines)
	lines = append(lines, formLabel("Role", d.focus == focusTeam, e)+d.roleField(e))
	fixed := 4 // name, its rule, buttons, status
	if airy {
		fixed += 3
	}
	if d.roleProblem != "" {
		lines = append(lines, indented(d.roleProblem, s.Danger.Render, e)...)
	}
	lines = append(lines, d.roleArea(e, e.height-len(lines)-fixed)...)
	blank()
	nameLine := len(lines)
	lines = append(lines, formLabel("Name", d.focus == focusName, e)+harmless(d.name).View())
	lines = append(lines, d.nameRule(e))
	blank()
	lines = append(lines, strings.Repeat(" ", labelWidth)+button("Create", d.focus == focusCreate, false, e)+"  "+button("Cancel", d.focus == focusCancel, false, e))
	lines = append(lines, d.status(e)...)

	p := panel{content: strings.Join(lines, "\n")}
	switch {
	case d.sending:
	case d.focus == focusTeam:
		if c := d.picker.Cursor(); c != nil {
			p.cursor = &tea.Cursor{Position: tea.Position{X: c.X + labelWidth, Y: roleLine}, Shape: tea.CursorBar}
		}
	case d.focus == focusName:
		p.cursor = inputCursor(d.name, e.measure, labelWidth, nameLine)
	}
	return p
}

func (d teamDialog) roleField(e environment) string {
	if d.focus == focusTeam {
		return d.picker.InputView()
	}
	if d.role == nil {
		return e.styles.Placeholder.Render("none selected")
	}
	return d.role.Name + e.styles.Muted.Render("  "+roleExtent(*d.role))
}

// roleArea shows the roles while one is picked, and below them, or alone, what
// the selected one grants, with what the caller lacks of it.
func (d teamDialog) roleArea(e environment, room int) []string {
	width := e.width - labelWidth
	room = min(max(room, 2), 8)
	selected := d.role
	var lines []string
	if d.focus == focusTeam {
		list := d.picker
		list.SetHeight(min(max(room-4, 1), 5))
		lines = strings.Split(list.ItemsView(width, e.measure), "\n")
		selected = nil
		if item, ok := d.picker.Selected(); ok {
			i := slices.IndexFunc(d.roles, func(role api.Role) bool { return role.ID == item.ID })
			selected = &d.roles[i]
		}
		switch {
		case d.rolesFailed != nil:
			lines = wrapped("The roles could not be loaded: "+d.rolesFailed.Error(), width, e.styles.Danger.Render, e)
		case !d.loaded:
			lines = []string{e.styles.Muted.Render(e.spinner() + " Loading the roles.")}
		}
	}
	if selected != nil {
		if words := lackedWords(*selected, e); words != "" {
			lines = append(lines, wrapped(words, width, e.styles.Warning.Render, e)...)
		} else {
			lines = append(lines, rolePreview(*selected, grantWords(*selected, width, e), width, room-len(lines), e)...)
		}
	}
	for len(lines) < room {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = strings.Repeat(" ", labelWidth) + lines[i]
	}
	return lines[:room]
}

// lackedWords says what the caller lacks to give a role to a team, or "".
func lackedWords(role api.Role, e environment) string {
	if e.caller == nil {
		return ""
	}
	missing := api.MissingPermissions(e.caller.Permissions, role.Permissions)
	if len(missing) == 0 {
		return ""
	}
	lacked := missing[0].Action.Words()
	if len(missing) > 1 {
		lacked += " and " + plural(len(missing)-1, "other permission")
	}
	return e.styles.Glyphs.Warn + " You cannot give it: you lack " + lacked + "."
}

func (d teamDialog) nameRule(e environment) string {
	indent := strings.Repeat(" ", labelWidth)
	if d.nameProblem != "" {
		return indent + e.styles.Danger.Render(e.styles.Glyphs.Bad+" "+d.nameProblem)
	}
	used := len([]rune(d.name.Value()))
	if used == 0 {
		return indent + e.styles.Muted.Render(fmt.Sprintf("1 to %d characters, unique", api.MaxNameLength))
	}
	return indent + e.styles.Muted.Render(fmt.Sprintf("%d of %d characters", used, api.MaxNameLength))
}

func (d teamDialog) status(e environment) []string {
	s := e.styles
	switch {
	case d.note != "":
		return indented(d.note, s.Warning.Render, e)
	case d.sending:
		return indented(e.spinner()+" Creating the team.", s.Text.Render, e)
	case d.problem != "":
		return indented(s.Glyphs.Bad+" "+d.problem, s.Danger.Render, e)
	}
	return []string{""}
}
