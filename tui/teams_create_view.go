package tui

import (
	"cmp"
	"slices"
	"strings"

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

func (d teamDialog) view(e environment) panel {
	return d.draw(drawing{
		title: "New Team", label: "Role", field: d.roleField(e),
		area:   func(room int) []string { return d.roleArea(e, room) },
		unique: "unique", status: d.status(e), waiting: d.sending,
	}, e)
}

func (d teamDialog) roleField(e environment) string {
	if d.focus == focusPick {
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
	if d.focus == focusPick {
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
	return inRoom(lines, room)
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
