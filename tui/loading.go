package tui

import (
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// failure is a load that failed, with what the console will do about it.
type failure struct {
	err     *api.Error
	retryAt time.Time // zero: it waits for the person
}

// retryWaits are the pauses before the console tries to load again by itself.
var retryWaits = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

func retryWait(attempt int, err *api.Error) time.Duration {
	if err.RetryAfter > 0 {
		return err.RetryAfter
	}
	return retryWaits[min(max(attempt-1, 0), len(retryWaits)-1)]
}

// lasting reports whether trying again by itself is pointless: the answer
// will be the same until somebody changes something.
func lasting(err *api.Error) bool {
	for _, target := range []error{api.ErrUnauthorized, api.ErrForbidden, api.ErrNotFound, api.ErrNoSuchEndpoint, api.ErrInvalid} {
		if errors.Is(err, target) {
			return true
		}
	}
	return err.Kind == api.KindLocal
}

// loaded takes in what the loads of the start and of a refresh brought.
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
			return m.toDialogs(msg)
		}
	case accountsLoadedMsg:
		if msg.generation == m.accounts.load.generation && m.accounts.load.running {
			return m.pageLoaded(msg.list)
		}
	case loadFailedMsg:
		return m.loadFailed(msg)
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

func (m *Model) pageLoaded(list api.ServiceAccountList) tea.Cmd {
	next, replaced := m.accounts.page(list)
	var cmd tea.Cmd
	if replaced || !m.accounts.busy() {
		cmd = m.refreshView()
	}
	switch {
	case next == "":
		m.accounts.failure = nil
		m.accounts.loaded = m.now
		return cmd
	case m.accounts.load.followed[next]:
		failed := loadFailedMsg{session: m.session, generation: m.accounts.load.generation, err: errCircle()}
		return tea.Batch(cmd, m.loadFailed(failed))
	}
	m.accounts.load.followed[next] = true
	return tea.Batch(cmd, m.remote().loadAccounts(m.accounts.load.generation, next))
}

func (m *Model) loadFailed(msg loadFailedMsg) tea.Cmd {
	if msg.session != m.session {
		return nil
	}
	if msg.generation != m.accounts.load.generation || !m.accounts.load.running {
		return nil
	}
	if m.toast.kind == toastGood {
		m.toast = toast{} // what failed since is more urgent
	}
	if errors.Is(msg.err, api.ErrUnauthorized) {
		m.accounts.load.running = false
		m.accounts.failure = &failure{err: msg.err}
		return m.askToSignIn(msg.err)
	}
	a := &m.accounts
	a.load.running = false
	a.load.attempts++
	a.failure = &failure{err: msg.err}
	if !lasting(msg.err) {
		a.failure.retryAt = m.now.Add(retryWait(a.load.attempts, msg.err))
	}
	return nil
}

// reload loads everything again; what is shown stays until it is replaced.
func (m *Model) reload() tea.Cmd {
	m.accounts.begin()
	// Permissions may have changed as well: they apply at once.
	return tea.Batch(m.remote().loadAccounts(m.accounts.load.generation, ""), m.sideLoad(sideTeams), m.sideLoad(sideCaller))
}

// refreshView computes again what is shown, keeping the cursor on its account.
func (m *Model) refreshView() tea.Cmd { return m.accounts.update(m.options.Context, false) }

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
	return tea.Batch(m.reload(), m.toDialogs(msg))
}

// askToSignIn opens the dialog for a refused key, once.
func (m *Model) askToSignIn(err *api.Error) tea.Cmd {
	if m.hasSignIn() || m.showsKey() {
		// It is open, or would cover a key that is shown only once: the status
		// line says how to sign in after that.
		return nil
	}
	d, cmd := newSignInDialog(err, m.options.SignIn != nil, m.options.SignedOut && m.session == 1, m.environment())
	m.open(d)
	return cmd
}

func callerName(caller api.Caller) string {
	if caller.Email != "" {
		return caller.Email
	}
	return caller.Name
}

// changeForbidden says why the person can make and delete nothing, or "".
func (m *Model) changeForbidden() string {
	switch {
	case m.accounts.failure != nil && m.isUnauthorized():
		return "The server does not accept your key: press r to sign in."
	case m.options.ReadOnly:
		return "This console is read-only: it makes and deletes nothing."
	case m.caller != nil && !api.PermitsAny(m.caller.Permissions, api.ManageServiceAccounts):
		return "You need the permission " + string(api.ManageServiceAccounts) + "; a " + api.RoleTenantAdmin + " has it."
	}
	return ""
}
