package tui

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// failure is a load that failed, with what the console will do about it.
type failure struct {
	err     *api.Error
	since   time.Time
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
		if msg.session == m.session {
			m.caller = &msg.caller
		}
	case teamsLoadedMsg:
		if msg.session == m.session {
			m.setTeams(msg.teams)
			return m.toDialogs(msg)
		}
	case accountsLoadedMsg:
		if msg.generation == m.accounts.load.generation && m.accounts.load.running {
			return m.pageLoaded(msg.list)
		}
	case loadFailedMsg:
		return m.loadFailed(msg)
	}
	return nil
}

func (m *Model) setTeams(teams []api.Team) {
	m.teamList = teams
	m.teams = make(map[string]api.Team, len(teams))
	for _, team := range teams {
		m.teams[team.ID] = team
	}
}

func (m *Model) pageLoaded(list api.ServiceAccountList) tea.Cmd {
	next := m.accounts.page(list)
	var cmd tea.Cmd
	if !m.accounts.busy() {
		cmd = m.refreshView()
	}
	if next != "" {
		return tea.Batch(cmd, m.remote().loadAccounts(m.accounts.load.generation, next))
	}
	m.accounts.failure = nil
	m.accounts.load.attempts = 0
	m.accounts.loaded = m.now
	return cmd
}

func (m *Model) loadFailed(msg loadFailedMsg) tea.Cmd {
	if msg.session != m.session {
		return nil
	}
	if errors.Is(msg.err, api.ErrUnauthorized) {
		m.accounts.load.running = false
		m.accounts.failure = &failure{err: msg.err, since: m.now}
		return m.askToSignIn(msg.err)
	}
	if msg.generation == 0 {
		// The caller or the teams: the page's own load fails for the same
		// reason and tells it; one that does not is tried again with it.
		return nil
	}
	if msg.generation != m.accounts.load.generation || !m.accounts.load.running {
		return nil
	}
	a := &m.accounts
	a.load.running = false
	a.load.attempts++
	a.failure = &failure{err: msg.err, since: m.now}
	if !lasting(msg.err) {
		a.failure.retryAt = m.now.Add(retryWait(a.load.attempts, msg.err))
	}
	return nil
}

// reload loads everything again; what is shown stays until it is replaced.
func (m *Model) reload() tea.Cmd {
	m.accounts.begin()
	r := m.remote()
	cmds := []tea.Cmd{r.loadAccounts(m.accounts.load.generation, ""), r.loadTeams()}
	if m.caller == nil {
		cmds = append(cmds, r.loadCaller())
	}
	if m.accounts.load.fresh {
		m.accounts.rows, m.accounts.index = nil, m.accounts.load.index
		m.accounts.gone, m.accounts.inOrder = map[int32]bool{}, true
	}
	return tea.Batch(cmds...)
}

// refreshView computes again what is shown, keeping the cursor on its account.
func (m *Model) refreshView() tea.Cmd { return m.accounts.update(m.options.Context, false) }

// signedIn goes on with another key. Answers to the old one are dropped.
func (m *Model) signedIn(msg signedInMsg) tea.Cmd {
	m.client = msg.client
	m.session++
	m.caller = &msg.caller
	if _, ok := m.topDialog().(signInDialog); ok {
		m.close()
	}
	m.say(toastGood, "Signed in as "+callerName(msg.caller)+".")
	return m.reload()
}

// askToSignIn opens the dialog for a refused key, once.
func (m *Model) askToSignIn(err *api.Error) tea.Cmd {
	for _, d := range m.dialogs {
		if _, ok := d.(signInDialog); ok {
			return m.toDialogs(signInFailedMsg{err: err})
		}
	}
	d, cmd := newSignInDialog(err, m.options.SignIn != nil, m.environment())
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
	case m.options.ReadOnly:
		return "This console is read-only: it makes and deletes nothing."
	case m.caller != nil && !api.PermitsAny(m.caller.Permissions, api.ManageServiceAccounts):
		return "You need the permission " + string(api.ManageServiceAccounts) + ". A " + api.RoleTenantAdmin + " has it and can give it to your team."
	}
	return ""
}
