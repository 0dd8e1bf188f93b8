package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
)

// dialog is what stands over the page. The top one gets all input. It is a
// value: update returns the next one, and what it asks of the console.
type dialog interface {
	update(msg tea.Msg, e environment) (dialog, tea.Cmd, action)
	view(e environment) panel
	bindings(e environment) []binding
	restyle(e environment) dialog
}

// guardian is a dialog that may refuse that the program ends, and asks first.
type guardian interface {
	refuseQuit() (dialog, bool)
}

// waiter is a dialog that waits for an answer or for a moment: the console
// keeps its clock going meanwhile.
type waiter interface {
	waiting() bool
}

// panel is what a dialog shows: lines no wider than asked for, and where the
// terminal's cursor stands among them. A bare panel has the whole screen to
// itself and no border, so that a line of it can be selected cleanly.
type panel struct {
	content string
	cursor  *tea.Cursor
	bare    bool
	danger  bool
}

// environment is what a dialog may know of the console.
type environment struct {
	styles        *styles.Styles
	measure       ansi.Method
	keys          keyMap
	now           time.Time
	frame         int
	width, height int // of the room for the content of a dialog
	screen        int // width of the screen
	caller        *api.Caller
	teams         []api.Team
	newKey        func() string
	readOnly      bool
}

const dialogWidth = 76

func (m *Model) environment() environment {
	return environment{
		styles: m.styles, measure: m.measure, keys: m.keys, now: m.now, frame: m.frame,
		width:  max(min(dialogWidth, m.width-4)-4, 1),
		height: max(m.height-4, 1),
		screen: m.width,
		caller: m.caller, teams: m.teamList, newKey: m.options.NewIdempotencyKey, readOnly: m.options.ReadOnly,
	}
}

func (e environment) spinner() string {
	frames := e.styles.Glyphs.Spinner
	return frames[e.frame%len(frames)]
}

func (m *Model) topDialog() dialog {
	if len(m.dialogs) == 0 {
		return nil
	}
	return m.dialogs[len(m.dialogs)-1]
}

// open puts a dialog on top.
func (m *Model) open(d dialog) {
	m.dialogs = append(slices.Clip(m.dialogs), d)
}

func (m *Model) close() {
	if len(m.dialogs) > 0 {
		m.dialogs = slices.Clone(m.dialogs[:len(m.dialogs)-1])
	}
}

func (m *Model) updateDialog(msg tea.Msg) tea.Cmd {
	top := len(m.dialogs) - 1
	next, cmd, wanted := m.dialogs[top].update(msg, m.environment())
	m.dialogs = slices.Clone(m.dialogs)
	m.dialogs[top] = next
	if wanted != nil {
		cmd = tea.Batch(cmd, m.perform(wanted))
	}
	return cmd
}

// toDialogs hands an answer to every dialog: the one it belongs to knows it by
// its id, also when another has been opened over it meanwhile.
func (m *Model) toDialogs(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	var wanted []action
	m.dialogs = slices.Clone(m.dialogs)
	for i := range m.dialogs {
		next, cmd, a := m.dialogs[i].update(msg, m.environment())
		m.dialogs[i] = next
		cmds = append(cmds, cmd)
		if a != nil {
			wanted = append(wanted, a)
		}
	}
	for _, a := range wanted {
		cmds = append(cmds, m.perform(a))
	}
	return tea.Batch(cmds...)
}

// perform carries out what a dialog asked for.
func (m *Model) perform(wanted action) tea.Cmd {
	r := m.remote()
	switch a := wanted.(type) {
	case closeDialog:
		m.close()
	case quitProgram:
		return tea.Quit
	case createAccount:
		return r.create(a.request, a.idempotencyKey)
	case abandonCreate:
		m.close()
		m.say(toastWarning, "The create may have been carried out: look for the account in the list. Its key is known to nobody.")
		return m.reload()
	case deleteAccount:
		return r.remove(a.id)
	case deletionDone:
		m.close()
		m.accounts.remove(a.account.ID)
		if a.already {
			m.say(toastGood, a.account.Name+" was deleted already. Its key is refused.")
		} else {
			m.say(toastGood, "Deleted "+a.account.Name+". Its key is refused from now on.")
		}
		return m.refreshView()
	case copySecret:
		return m.copyKey(a.secret)
	case writeSecret:
		return writeKeyFile(a.path, a.secret)
	case discardSecret:
		return m.discard(a)
	case signIn:
		if m.options.SignIn == nil {
			return nil
		}
		return trySignIn(m.options.Context, m.options.SignIn, a.key)
	case askForKey:
		return m.askToSignIn(a.err)
	case retryWithOldKey:
		m.close()
		return m.reload()
	}
	return nil
}
