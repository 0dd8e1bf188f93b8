package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// accountFacts is what the details of an account tell.
type accountFacts struct {
	account api.ServiceAccount
	history *history // nil while it is not known
	asked   bool     // and asked for
}

// take takes in what the account is now.
func (f *accountFacts) take(known history) {
	f.history = &known
	if known.account != nil {
		f.account = *known.account
	}
}

func (f accountFacts) lines(width int, e environment) []string {
	s := e.styles
	account := f.account
	field := func(name, value string) []string { return e.field(name, value, width) }
	lines := []string{s.Title.Render(e.measure.Truncate(account.Name, width, s.Glyphs.Ellipsis)), ""}
	if f.history != nil && f.history.gone {
		lines = append(lines, wrapped(s.Glyphs.Warn+" It was deleted meanwhile: its key is refused.", width, s.Warning.Render, e)...)
	}
	lines = append(lines, field("Team", account.Team.Name)...)
	team, known := e.teamsByID[account.Team.ID]
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
	if f.history != nil || f.asked || !e.mayAudit() {
		lines = append(append(lines, ""), f.historyLines(width, e)...)
	}
	return lines
}

// historyLines tell what was done to the account, and what it did.
func (f accountFacts) historyLines(width int, e environment) []string {
	s := e.styles
	switch {
	case !e.mayAudit():
		return wrapped("Its audit events: to see them you need the permission "+string(api.ViewAuditLog)+".", width, s.Muted.Render, e)
	case f.history == nil:
		return []string{s.Muted.Render("Its audit events: loading " + s.Glyphs.Ellipsis)}
	case f.history.err != nil:
		return wrapped("Its audit events could not be had: "+f.history.err.Error(), width, s.Danger.Render, e)
	}
	entry := func(event api.AuditEvent, words string) []string {
		if event.Outcome != outcomeSuccess {
			words = s.Glyphs.Bad + " " + words
		}
		return e.field(age(e.now, event.Time), words, width)
	}
	var lines []string
	if len(f.history.done) > 0 {
		lines = append(lines, s.Muted.Render("Done to it:"))
		for _, event := range f.history.done {
			done := strings.TrimPrefix(event.Action, string(api.IdentityServiceAccount)+".")
			lines = append(lines, entry(event, done+" by "+selection.ActorName(event.Actor))...)
		}
	}
	if len(f.history.did) > 0 {
		lines = append(lines, s.Muted.Render("What it did:"))
		for _, event := range f.history.did {
			lines = append(lines, entry(event, event.Action+" "+selection.TargetName(event.Resource))...)
		}
	}
	if len(lines) == 0 {
		return wrapped("The audit log has no events of it: what happened is no longer kept.", width, s.Muted.Render, e)
	}
	return lines
}

// usedWords are lastUseWords as a part of a sentence.
func usedWords(account api.ServiceAccount, e environment) string {
	if account.Key.LastUsedAt == nil {
		return "never used"
	}
	return "last used " + lastUseWords(account, e)
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
		lines = append(lines, g.Bullet+" "+e.measure.Truncate(p.Action.Words()+e.scopeWords(p), max(width-2, 1), g.Ellipsis))
	}
	return lines
}

// scopeWords says what a permission is limited to: the teams by name, other
// resources, whose names are not known here, by their number.
func (e environment) scopeWords(p api.Permission) string {
	if p.Scope != api.ScopeSpecific {
		return ""
	}
	if p.Action != api.ViewServiceAccounts && p.Action != api.ManageServiceAccounts {
		return fmt.Sprintf(" (%d named)", len(p.Resources))
	}
	names := make([]string, len(p.Resources))
	for i, id := range p.Resources {
		names[i] = cmp.Or(e.teamsByID[id].Name, id)
	}
	return " (" + strings.Join(names, ", ") + ")"
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
	facts  accountFacts
	goneBy string // who deleted it meanwhile
}

func newDetailsDialog(facts accountFacts) detailsDialog { return detailsDialog{facts: facts} }

func (d detailsDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	if loaded, ok := msg.(historyLoadedMsg); ok && loaded.id == d.facts.account.ID && !loaded.ended {
		d.facts.take(loaded.history)
		return d, nil, nil
	}
	if elsewhere, ok := msg.(deletedElsewhereMsg); ok {
		if by, gone := elsewhere.by(d.facts.account.ID); gone {
			d.goneBy = by
		}
		return d, nil, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		d.scroll = d.wheeled(msg, len(d.lines(e)), e)
		return d, nil, nil
	}
	if e.keys.Back.matches(press) || e.keys.Details.matches(press) || e.keys.Quit.matches(press) {
		return d, nil, closeDialog{}
	}
	d.scroll = d.moved(press, len(d.lines(e)), e)
	return d, nil, nil
}

func (d detailsDialog) lines(e environment) []string {
	lines := d.facts.lines(e.width, e)
	if d.goneBy != "" {
		words := e.styles.Glyphs.Warn + " Deleted by " + d.goneBy + " while this was open. Its key is refused."
		lines = append(wrapped(words, e.width, e.styles.Warning.Render, e), lines...)
	}
	return lines
}

func (d detailsDialog) view(e environment) panel {
	return panel{content: strings.Join(d.window(d.lines(e), e), "\n")}
}

func (d detailsDialog) bindings(e environment) []binding {
	return d.scroll.bindings(len(d.lines(e)), e)
}

func (d detailsDialog) restyle(environment) dialog { return d }
