package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pageID names a page of the console.
type pageID int

// The pages there are. Each has files of its own, which begin with its name.
const (
	pageAccounts pageID = iota
	pageAudit
	pageTeams
	pageCount
)

// page is one view of the organization. The root model draws what is around
// it, routes messages to it and carries out the actions that it returns. A page
// that is left keeps its state and goes on receiving what is addressed to it.
//
// Pages are concrete values in [Model]. The interface is satisfied by their
// pointers, which live no longer than one call of Update or View.
type page interface {
	// name is what the page is called where it is chosen.
	name() string
	// enter is called when the page comes in sight.
	enter(e environment) tea.Cmd
	// update takes a key or a paste while the page is in sight, a tick, or what is
	// addressed to the page at any time.
	update(msg tea.Msg, e environment) (tea.Cmd, action)
	draw(l layout, e environment) pageView
	// bindings are those that a press may match now, in the order of the help
	// line, without the console's own ones.
	bindings(e environment) []binding
	// run carries out one of the bindings or commands, which is not off.
	run(b binding, e environment) (tea.Cmd, action)
	// commands are what the page can do beside its bindings, for the palette.
	commands() []binding
	// typing reports whether letters are text now, and no keys.
	typing() bool
	// failed is why what the page shows is not there or stale, or nil.
	failed() *failure
	// pace is how soon the page wants the clock to be looked at again.
	pace() time.Duration
	resize(l layout)
	restyle(e environment)
}

// pageView is what a page shows: its title and what is said at the right of
// it, then a line for each line of the screen from the search to the status.
type pageView struct {
	title, summary string
	follows        bool // it is complete, and follows what others do
	lines          []string
	cursor         *tea.Cursor
}

// addressed is a message for one page, whichever is in sight.
type addressed interface{ page() pageID }

// page returns a page of this model. The pointer is for the moment.
func (m *Model) page(id pageID) page {
	switch id {
	case pageAudit:
		return &m.audit
	case pageTeams:
		return &m.teamsPage
	}
	return &m.accounts
}

// turn brings another page in sight; the one before keeps its state.
func (m *Model) turn(to pageID) tea.Cmd {
	m.cameFrom = to
	if to == m.at {
		return nil
	}
	m.at = to
	m.resize(m.width, m.height)
	return m.current().enter(m.environment())
}

// current is the page in sight.
func (m *Model) current() page { return m.page(m.at) }

// toPage hands a message to a page and carries out what it asks for.
func (m *Model) toPage(id pageID, msg tea.Msg) tea.Cmd {
	return m.carryOut(m.page(id).update(msg, m.environment()))
}

// carryOut carries out what a page asks for.
func (m *Model) carryOut(cmd tea.Cmd, wanted action) tea.Cmd {
	if wanted == nil {
		return cmd
	}
	return tea.Batch(cmd, m.perform(wanted, noDialog))
}

// lead goes to another page from which esc leads back.
func (m *Model) lead(to pageID) tea.Cmd {
	from := m.at
	cmd := m.turn(to)
	m.cameFrom = from
	return cmd
}

// performOnPages carries out what leads from one page to another, or changes
// what a page shows.
func (m *Model) performOnPages(wanted action, from int) tea.Cmd {
	m.close(from)
	switch a := wanted.(type) {
	case showAccount:
		return tea.Batch(m.lead(pageAccounts), m.accounts.reveal(a.account, m.environment()))
	case showTeam:
		return tea.Batch(m.lead(pageAccounts), m.accounts.setQuery(teamQuery(a.team.Name), m.environment()))
	case runCommand:
		return m.run(a.name)
	case seekKey:
		return m.paste(tea.PasteMsg{Content: a.key})
	case teamMade:
		m.teamsPage.selected = a.team.ID
		m.say(toastGood, "Made the team "+a.team.Name+" with the role "+a.team.Role.Name+".")
		return m.loadSides()
	case closeTeamForm:
		if !a.lost {
			return nil
		}
		m.say(toastWarning, "The team may exist: look for it in the list, which is being loaded again.")
		return m.loadSides()
	}
	return nil
}

// newsForPages takes events that have just happened to what pages show of them.
func (m *Model) newsForPages(events []api.AuditEvent) tea.Cmd {
	if len(events) == 0 {
		return nil
	}
	e := m.environment()
	return tea.Batch(m.audit.news(events, e), m.accounts.historyNews(events, e), m.teamsPage.news(events, e))
}

// toPages hands a message to every page.
func (m *Model) toPages(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for id := range pageCount {
		cmds = append(cmds, m.toPage(id, msg))
	}
	return tea.Batch(cmds...)
}

// restylePages lets every page follow a new theme or measure.
func (m *Model) restylePages() {
	for id := range pageCount {
		m.page(id).restyle(m.environment())
	}
}
