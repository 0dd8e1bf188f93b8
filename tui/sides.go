package tui

import (
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// loaded takes in who the caller is and which teams there are.
func (m *Model) loaded(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case callerLoadedMsg:
		if msg.turn == m.sides[sideCaller].turn {
			m.caller = &msg.caller
			m.sides[sideCaller].failures = 0
		}
	case teamsLoadedMsg:
		if msg.turn == m.sides[sideTeams].turn {
			m.setTeams(msg.teams)
			m.teamsFailed = nil
			m.sides[sideTeams].failures = 0
			return tea.Batch(m.toPage(pageTeams, msg), m.accounts.teamsChanged(m.environment()), m.toDialogs(msg))
		}
	case sideLoadFailedMsg:
		return m.sideLoadFailed(msg)
	case sideLoadDueMsg:
		if msg.turn == m.sides[msg.what].turn {
			return m.sideLoad(msg.what)
		}
	}
	return nil
}

// sideLoad is what is loaded beside the accounts.
type sideLoad int

const (
	sideCaller sideLoad = iota
	sideTeams
	sideLoads
)

// side is the state of one of them. A new turn makes the answers and the
// waiting times of all earlier ones void, so that no more than one is under way.
type side struct {
	turn     int
	failures int // in a row
}

func (m *Model) sideLoad(what sideLoad) tea.Cmd {
	m.sides[what].turn++
	if what == sideCaller {
		return m.remote().loadCaller(m.sides[what].turn)
	}
	return m.remote().loadTeams(m.sides[what].turn)
}

// sideLoadFailed tries again by itself, with pauses: the page is of use without
// the caller and the teams, so nobody is asked.
func (m *Model) sideLoadFailed(msg sideLoadFailedMsg) tea.Cmd {
	if msg.turn != m.sides[msg.what].turn {
		return nil
	}
	if msg.what == sideTeams {
		m.teamsFailed = msg.err
		m.toPage(pageTeams, msg)
	}
	if errors.Is(msg.err, api.ErrUnauthorized) {
		return m.askToSignIn(msg.err)
	}
	if lasting(msg.err) {
		return nil
	}
	m.sides[msg.what].failures++
	return after(retryWait(m.sides[msg.what].failures, msg.err), sideLoadDueMsg{turn: msg.turn, what: msg.what})
}

func (m *Model) setTeams(teams []api.Team) {
	m.teamList = teams
	m.teams = make(map[string]api.Team, len(teams))
	for _, team := range teams {
		m.teams[team.ID] = team
	}
}

// loadSides loads the caller and the teams again: permissions may have changed,
// and they apply at once.
func (m *Model) loadSides() tea.Cmd { return tea.Batch(m.sideLoad(sideTeams), m.sideLoad(sideCaller)) }

// reload loads everything again; what is shown stays until it is replaced.
func (m *Model) reload() tea.Cmd {
	return tea.Batch(m.accounts.reload(m.environment()), m.loadSides())
}

// signedIn goes on with another key. Answers to the old one are dropped.
func (m *Model) signedIn(msg signedInMsg) tea.Cmd {
	waited := slices.ContainsFunc(m.dialogs, func(s stacked) bool {
		d, ok := s.dialog.(signInDialog)
		return ok && d.trying && d.try == msg.try
	})
	if !waited {
		return nil // given up meanwhile
	}
	m.client = msg.client
	m.session++
	m.caller = &msg.caller
	m.closeSignIn()
	m.say(toastGood, "Signed in as "+callerName(msg.caller)+".")
	return tea.Batch(m.reload(), m.startFollowing(), m.toPages(msg), m.toDialogs(msg))
}

// askToSignIn opens the dialog for a refused key, once.
func (m *Model) askToSignIn(err *api.Error) tea.Cmd {
	if m.hasSignIn() || m.showsKey() {
		// It is open, or would cover a key that is shown only once: the status
		// line says how to sign in after that.
		return nil
	}
	d, cmd := newSignInDialog(err, m.options.SignIn != nil, m.options.SignedOut && m.session == 1, m.environment())
	d.nextTime = m.options.NextTime
	m.open(d)
	return cmd
}

func callerName(caller api.Caller) string {
	if caller.Email != "" {
		return caller.Email
	}
	return caller.Name
}
