package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// accountDetails tells all that is known of an account.
func accountDetails(account api.ServiceAccount, teams map[string]api.Team, width int, e environment) []string {
	s := e.styles
	field := func(name, value string) []string { return e.field(name, value, width) }
	lines := []string{s.Title.Render(e.measure.Truncate(account.Name, width, s.Glyphs.Ellipsis)), ""}
	lines = append(lines, field("Team", account.Team.Name)...)
	team, known := teams[account.Team.ID]
	if known {
		lines = append(lines, field("Role", team.Role.Name)...)
	}
	lines = append(lines, field("Key", account.Key.Hint)...)
	lines = append(lines, field("Last used", lastUseWords(account, e))...)
	lines = append(lines, field("Created", date(account.CreatedAt)+", "+ageInWords(e.now, account.CreatedAt))...)
	lines = append(lines, field("By", account.CreatedBy.Name)...)
	if !account.Key.CreatedAt.Equal(account.CreatedAt) {
		lines = append(lines, field("Key made", date(account.Key.CreatedAt))...)
	}
	lines = append(lines, field("Expires", "never")...)
	lines = append(lines, field("ID", account.ID)...)
	if known {
		lines = append(lines, "")
		lines = append(lines, permissionWords(team.Role, width, e)...)
	}
	return lines
}

func lastUseWords(account api.ServiceAccount, e environment) string {
	used := account.Key.LastUsedAt
	if used == nil {
		return "never"
	}
	words := ageInWords(e.now, *used)
	if account.Key.LastUsedIP != "" {
		words += " from " + account.Key.LastUsedIP
	}
	return words
}

// permissionWords lists what a key with this role can do, in the words of
// Poolside's documentation, with the warning that tenant-admin deserves.
func permissionWords(role api.Role, width int, e environment) []string {
	s := e.styles
	switch {
	case role.Name == api.RoleTenantAdmin:
		return wrapped(s.Glyphs.Warn+" "+api.RoleTenantAdmin+": this key can do everything.", width, s.Warning.Render, e)
	case len(role.Permissions) == 0:
		return wrapped("The role "+role.Name+" grants nothing: the key can sign in and no more.", width, s.Muted.Render, e)
	}
	return append([]string{s.Muted.Render("The key can:")}, permissionList(role.Permissions, width, e)...)
}

// permissionList is a line for each permission, with what it is limited to.
func permissionList(permissions []api.Permission, width int, e environment) []string {
	g := e.styles.Glyphs
	var lines []string
	for _, p := range permissions {
		scope := ""
		if p.Scope == api.ScopeSpecific {
			scope = fmt.Sprintf(" (%d named)", len(p.Resources))
		}
		lines = append(lines, g.Bullet+" "+e.measure.Truncate(p.Action.Words()+scope, max(width-2, 1), g.Ellipsis))
	}
	return lines
}

func wrapped(text string, width int, render func(...string) string, e environment) []string {
	lines := strings.Split(e.measure.Wrap(text, max(width, 1), ""), "\n")
	for i, line := range lines {
		lines[i] = render(line)
	}
	return lines
}

// detailsDialog shows one account whole; what does not fit is scrolled.
type detailsDialog struct {
	scroll
	account api.ServiceAccount
	teams   map[string]api.Team
}

func newDetailsDialog(account api.ServiceAccount, teams map[string]api.Team) detailsDialog {
	return detailsDialog{account: account, teams: teams}
}

func (d detailsDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil, nil
	}
	if e.keys.Back.matches(press) || e.keys.Details.matches(press) || e.keys.Quit.matches(press) {
		return d, nil, closeDialog{}
	}
	d.scroll = d.moved(press, len(d.lines(e)), e)
	return d, nil, nil
}

func (d detailsDialog) lines(e environment) []string {
	return accountDetails(d.account, d.teams, e.width, e)
}

func (d detailsDialog) view(e environment) panel {
	return panel{content: strings.Join(d.window(d.lines(e), e), "\n")}
}

func (d detailsDialog) bindings(e environment) []binding {
	return d.scroll.bindings(len(d.lines(e)), e)
}

func (d detailsDialog) restyle(environment) dialog { return d }
