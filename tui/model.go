// Package tui is the console: a Bubble Tea program over a [Client]. It speaks
// to a person and to that interface only; what lies behind the client is not
// its business.
//
// Models are values. Update is a router; all that is done outside of the
// program's own state is in commands.go. A dialog returns what it wants as an
// action, and perform is the one place where actions are carried out.
package tui

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
)

// Model is the whole console. Make one with [New].
type Model struct {
	options Options
	client  Client
	// session counts sign-ins: answers from before one are dropped.
	session int
	keys    keyMap
	styles  *styles.Styles // never changed, so that models can share it
	// What the terminal said of its colours.
	light, fewColors bool
	mouse            bool // the console gets the mouse, and not the terminal
	paints           *paints
	measure          ansi.Method

	width, height int
	now           time.Time
	ticking       int // id of the running tick, 0 when none runs
	ticks         int
	frame         int // of the spinner

	caller      *api.Caller
	teams       map[string]api.Team
	teamList    []api.Team
	teamsFailed *api.Error
	sides       [sideLoads]side
	follow      following
	opening     tea.Cmd // the first thing that is asked for

	at        pageID // the page in sight
	cameFrom  pageID // the page that led here and esc goes back to, or at
	accounts  accounts
	audit     audit
	teamsPage teamsPage
	failing   bool // the layout has room for a failure

	dialogs []stacked
	opened  int // dialogs so far
	toast   toast
}

// New makes a console. Run it with tea.NewProgram.
func New(options Options) Model {
	m := Model{
		options:   options,
		client:    options.Client,
		session:   1,
		keys:      defaultKeyMap(),
		now:       options.Clock(),
		teams:     map[string]api.Team{},
		accounts:  newAccounts(),
		audit:     newAudit(),
		teamsPage: newTeamsPage(),
	}
	m.keys.rebind(options.Keys)
	if options.NoFiles {
		m.keys.rebind(Keys{m.keys.Write.name: nil})
	}
	m.mouse = options.Mouse
	m.accounts.views = options.Views
	m.accounts.adopt(options.Begin)
	if m.options.Random == nil {
		m.options.Random = rand.Float64
	}
	m.opening = m.startFollowing()
	m.restyle()
	if options.Notice != "" {
		m.toast = toast{text: options.Notice, until: m.now.Add(noticeTime)}
	}
	return m
}

// Init asks the terminal for its background and the server for what is there.
func (m Model) Init() tea.Cmd {
	r := m.remote()
	return tea.Batch(
		tea.RequestBackgroundColor,
		m.opening,
		r.loadCaller(m.sides[sideCaller].turn),
		r.loadTeams(m.sides[sideTeams].turn),
		m.firstTick(),
	)
}

// Update routes a message to the one place that handles it.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.now = m.options.Clock()
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.BackgroundColorMsg:
		m.light = !msg.IsDark()
		m.restyle()
	case tea.ColorProfileMsg:
		m.fewColors = msg.Profile == colorprofile.ANSI
		m.restyle()
	case tea.ModeReportMsg:
		m.measureBy(msg)
	case tickMsg:
		cmd = m.tick(msg)
	case addressed:
		// A dialog may show the same as its page.
		cmd = tea.Batch(m.toPage(msg.page(), msg), m.toDialogs(msg))
	case callerLoadedMsg, teamsLoadedMsg, sideLoadFailedMsg, sideLoadDueMsg:
		cmd = m.loaded(msg)
	case logEndFoundMsg, followedMsg, logLostMsg, followFailedMsg, followDueMsg:
		cmd = m.following(msg)
	case accountCreatedMsg:
		cmd = m.created(msg)
	case NoticeMsg:
		m.say(toastWarning, string(msg))
	case signedInMsg:
		cmd = m.signedIn(msg)
	case accountCheckedMsg:
		if msg.err != nil && msg.session != m.session && errors.Is(msg.err, api.ErrUnauthorized) {
			cmd = m.remote().checkAccount(msg.id) // it was the old key that was refused
		} else {
			cmd = m.toDialogs(msg)
		}
	case commandMsg:
		cmd = m.command(string(msg))
	case choiceMsg:
		cmd = m.choose(int(msg))
	case tea.KeyPressMsg:
		cmd = m.press(msg)
	case tea.PasteMsg:
		cmd = m.paste(msg)
	case tea.MouseMsg:
		cmd = m.point(msg)
	default:
		cmd = m.toDialogs(msg)
	}
	if m.at == pageTeams {
		m.teamsPage.count(m.accounts.list, !m.accounts.loaded.IsZero(), m.now)
	}
	if failing := m.current().failed() != nil; failing != m.failing {
		m.failing = failing
		m.resize(m.width, m.height)
	}
	if tick := m.wantTick(); tick != nil {
		cmd = tea.Batch(cmd, tick)
	}
	return m, cmd
}

// restyle draws with what is known of the terminal's colours by now.
func (m *Model) restyle() {
	s := styles.New(styles.Options{
		Theme: m.options.Theme, Light: m.light, FewColors: m.fewColors,
		ASCII: m.options.ASCII, ContextColor: m.options.ContextColor,
	})
	m.styles, m.paints = &s, newPaints(&s)
	m.restylePages()
	m.dialogs = slices.Clone(m.dialogs)
	for i := range m.dialogs {
		m.dialogs[i].dialog = m.dialogs[i].dialog.restyle(m.environment())
	}
}

// measureBy follows the renderer: a terminal that says that it measures by
// grapheme clusters (mode 2027) is believed.
func (m *Model) measureBy(msg tea.ModeReportMsg) {
	if msg.Mode == ansi.ModeUnicodeCore && (msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet || msg.Value == ansi.ModePermanentlySet) {
		m.measure = ansi.GraphemeWidth
		m.restylePages()
	}
}

func (m *Model) resize(width, height int) {
	m.width, m.height = width, height
	for id := range pageCount {
		m.page(id).resize(m.layout())
	}
}

// layout is where everything goes on the screen as things stand.
func (m *Model) layout() layout {
	return newLayout(m.width, m.height, m.current().failed() != nil)
}

// press routes a key: interrupt, top dialog, page, and the console's own keys
// unless letters are text. On a screen that is too small to show what a key
// would do, keys do nothing.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	if m.keys.Interrupt.matches(msg) {
		return m.interrupt()
	}
	if m.layout().small {
		return nil
	}
	if msg.Code == tea.KeyEscape && msg.Mod == tea.ModAlt {
		// Two escapes that a slow line delivered together.
		escape := tea.KeyPressMsg{Code: tea.KeyEscape}
		return tea.Batch(m.press(escape), m.press(escape))
	}
	m.toast = m.toast.seen(m.now)
	if len(m.dialogs) > 0 {
		return m.updateDialog(msg)
	}
	if !m.current().typing() {
		if b, ok := find(m.current().bindings(m.environment()), msg); ok {
			if m.refuses(b) {
				return nil
			}
			return m.toPage(m.at, msg)
		}
		if b, ok := find(m.ownBindings(), msg); ok {
			return m.runOwn(b)
		}
	}
	return m.toPage(m.at, msg)
}

// refuses says why a binding that changes something does nothing in a read-only
// console, whatever its page makes of it, and reports whether it is one.
func (m *Model) refuses(b binding) bool {
	if !b.dangerous || !m.options.ReadOnly {
		return false
	}
	m.say(toastWarning, b.because("This console is read-only: it changes nothing.").off)
	return true
}

// interrupt ends the program unless a dialog holds something that would be lost
// with it. That dialog then comes to the front and asks.
func (m *Model) interrupt() tea.Cmd {
	small := m.layout().small
	for i := len(m.dialogs) - 1; i >= 0; i-- {
		guarded, ok := m.dialogs[i].dialog.(guardian)
		if !ok {
			continue
		}
		asking, refused := guarded.refuseQuit(m.now)
		if !refused {
			continue
		}
		if small {
			return nil // the question could not be seen
		}
		front := stacked{id: m.dialogs[i].id, dialog: asking}
		m.dialogs = append(slices.Delete(slices.Clone(m.dialogs), i, i+1), front)
		return nil
	}
	return tea.Quit
}

// paste never fires a key: it goes to a field, or into the search.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	if m.layout().small {
		return nil
	}
	if len(m.dialogs) > 0 {
		return m.updateDialog(msg)
	}
	if api.FindKey(msg.Content) != "" {
		// Wherever it is pasted: its owner is on that page.
		return tea.Batch(m.lead(pageAccounts), m.toPage(pageAccounts, msg))
	}
	return m.toPage(m.at, msg)
}
