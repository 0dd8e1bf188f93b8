package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
)

// teamFacts is what the details of a team tell.
type teamFacts struct {
	team     api.Team
	members  *teamMembers // nil while they are not known
	accounts string       // how many service accounts it has
	names    []string     // of the first of them
}

// namesShown is how many service accounts of a team its details name.
const namesShown = 8

func (t *teamsPage) facts(team api.Team, list inventory.List) *teamFacts {
	f := teamFacts{team: team, accounts: t.accounts.words(team.ID)}
	if members, ok := t.members[team.ID]; ok {
		f.members = &members
	}
	for i := range int32(list.Len()) {
		if len(f.names) == namesShown {
			break
		}
		if !list.Gone(i) && list.Team(i).ID == team.ID {
			f.names = append(f.names, list.Name(i))
		}
	}
	slices.Sort(f.names)
	return &f
}

func (f teamFacts) lines(width int, e environment) []string {
	s := e.styles
	lines := []string{s.Title.Render(e.measure.Truncate(f.team.Name, width, s.Glyphs.Ellipsis)), ""}
	lines = append(lines, e.field("Role", f.team.Role.Name, width)...)
	if !f.team.CreatedAt.IsZero() {
		lines = append(lines, e.field("Created", date(f.team.CreatedAt)+", "+ageInWords(e.now, f.team.CreatedAt), width)...)
	}
	lines = append(lines, e.field("ID", f.team.ID, width)...)
	lines = append(lines, "")
	lines = append(lines, grantWords(f.team.Role, width, e)...)
	lines = append(lines, "")
	lines = append(lines, f.memberLines(width, e)...)
	lines = append(lines, "")
	lines = append(lines, s.Muted.Render("Service accounts: "+f.accounts))
	for _, name := range f.names {
		lines = append(lines, s.Glyphs.Bullet+" "+e.measure.Truncate(name, max(width-2, 1), s.Glyphs.Ellipsis))
	}
	if len(f.names) == namesShown {
		lines = append(lines, wrapped(e.keys.ShowKeys.Help().Key+" shows all of them.", width, s.Muted.Render, e)...)
	}
	return lines
}

func (f teamFacts) memberLines(width int, e environment) []string {
	s := e.styles
	switch {
	case !e.mayProvision():
		return wrapped("Members: to see them you need the permission "+string(api.ProvisionUsersWithSCIM)+".", width, s.Muted.Render, e)
	case f.members == nil:
		return []string{s.Muted.Render("Members: loading " + s.Glyphs.Ellipsis)}
	case f.members.err != nil:
		return wrapped("Members: "+f.members.err.Error(), width, s.Danger.Render, e)
	}
	lines := []string{s.Muted.Render("Members: " + count(f.members.total))}
	for _, member := range f.members.first {
		lines = append(lines, s.Glyphs.Bullet+" "+e.measure.Truncate(member.Email, max(width-2, 1), s.Glyphs.Ellipsis))
	}
	if more := f.members.total - len(f.members.first); more > 0 {
		lines = append(lines, s.Muted.Render("and "+count(more)+" more"))
	}
	return lines
}

// grantWords lists what a role lets the members and the keys of a team do.
func grantWords(role api.Role, width int, e environment) []string {
	switch {
	case role.Name == api.RoleTenantAdmin:
		return wrapped(e.styles.Glyphs.Warn+" Its members and keys can do everything.", width, e.styles.Warning.Render, e)
	case len(role.Permissions) == 0:
		return wrapped("The role "+role.Name+" grants nothing.", width, e.styles.Muted.Render, e)
	}
	return append([]string{e.styles.Muted.Render("Its members and keys can:")}, permissionList(role.Permissions, width, e)...)
}

// teamDetailsDialog shows one team whole; what does not fit is scrolled.
type teamDetailsDialog struct {
	scroll
	facts teamFacts
}

func (d teamDetailsDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case membersLoadedMsg:
		if members, ok := msg.members[d.facts.team.ID]; ok {
			d.facts.members = &members
		}
	case tea.KeyPressMsg:
		k := e.keys
		switch {
		case k.ShowKeys.matches(msg):
			return d, nil, showTeam{d.facts.team}
		case k.Back.matches(msg), k.Inspect.matches(msg), k.Quit.matches(msg):
			return d, nil, closeDialog{}
		}
		d.scroll = d.moved(msg, len(d.lines(e)), e)
	case wheeledMsg:
		d.scroll = d.wheeled(msg, len(d.lines(e)), e)
	}
	return d, nil, nil
}

func (d teamDetailsDialog) lines(e environment) []string { return d.facts.lines(e.width, e) }

func (d teamDetailsDialog) view(e environment) panel {
	return panel{content: strings.Join(d.window(d.lines(e), e), "\n")}
}

func (d teamDetailsDialog) bindings(e environment) []binding {
	return append([]binding{e.keys.ShowKeys}, d.scroll.bindings(len(d.lines(e)), e)...)
}

func (d teamDetailsDialog) restyle(environment) dialog { return d }
