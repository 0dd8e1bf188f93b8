package tui

import (
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
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
	refuseQuit(now time.Time) (dialog, bool)
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

// environment is what a dialog or a page may know of the console.
type environment struct {
	remote        remote
	styles        *styles.Styles
	paints        *paints
	measure       ansi.Method
	keys          keyMap
	now           time.Time
	frame         int
	width, height int // of the room for the content of a dialog
	screen        int // width of the screen
	caller        *api.Caller
	teams         []api.Team
	teamsByID     map[string]api.Team
	inventory     inventory.List // the service accounts that are here
	at            pageID         // the page in sight
	complete      bool           // they are all that there are
	newKey        func() string
	teamsFailed   *api.Error // why there are no teams, nil when they are there or coming
	readOnly      bool
	noFiles       bool
}

const dialogWidth = 76

func (m *Model) environment() environment {
	return environment{
		remote: m.remote(),
		styles: m.styles, paints: m.paints, measure: m.measure, keys: m.keys, now: m.now, frame: m.frame,
		width:  max(min(dialogWidth, m.width-4)-4, 1),
		height: max(m.height-4, 1),
		screen: m.width,
		caller: m.caller, teams: m.teamList, teamsByID: m.teams, inventory: m.accounts.list, at: m.at, complete: !m.accounts.loaded.IsZero(), teamsFailed: m.teamsFailed, newKey: m.options.NewIdempotencyKey, readOnly: m.options.ReadOnly, noFiles: m.options.NoFiles,
	}
}

func (e environment) spinner() string {
	frames := e.styles.Glyphs.Spinner
	return frames[e.frame%len(frames)]
}

// stacked is a dialog on the stack with a number of its own: an answer may come
// when another dialog stands over the one it is for.
type stacked struct {
	id     int
	dialog dialog
}

func (m *Model) topDialog() dialog {
	if len(m.dialogs) == 0 {
		return nil
	}
	return m.dialogs[len(m.dialogs)-1].dialog
}

// open puts a dialog on top.
func (m *Model) open(d dialog) {
	m.opened++
	m.dialogs = append(slices.Clip(m.dialogs), stacked{id: m.opened, dialog: d})
}

// close takes away the dialog of that number, wherever it stands.
func (m *Model) close(id int) {
	m.closeWhere(func(s stacked) bool { return s.id == id })
}

func (m *Model) closeWhere(gone func(stacked) bool) {
	m.dialogs = slices.DeleteFunc(slices.Clone(m.dialogs), gone)
}

// closeSignIn takes the sign-in dialog away, if it is open.
func (m *Model) closeSignIn() {
	m.closeWhere(func(s stacked) bool { _, ok := s.dialog.(signInDialog); return ok })
}

// raiseSignIn brings the sign-in dialog to the front, if it is open: what is
// under it cannot go on without.
func (m *Model) raiseSignIn() {
	for i, s := range m.dialogs {
		if _, ok := s.dialog.(signInDialog); ok {
			m.dialogs = append(slices.Delete(slices.Clone(m.dialogs), i, i+1), s)
			return
		}
	}
}

func (m *Model) hasSignIn() bool {
	return slices.ContainsFunc(m.dialogs, func(s stacked) bool { _, ok := s.dialog.(signInDialog); return ok })
}

// showsKey reports whether a new key is on the screen, or under a dialog.
func (m *Model) showsKey() bool {
	return slices.ContainsFunc(m.dialogs, func(s stacked) bool { _, ok := s.dialog.(keyDialog); return ok })
}

func (m *Model) updateDialog(msg tea.Msg) tea.Cmd {
	return m.updateDialogs(msg, len(m.dialogs)-1)
}

// toDialogs hands an answer to every dialog: the one it belongs to knows it by
// its id, also when another has been opened over it meanwhile.
func (m *Model) toDialogs(msg tea.Msg) tea.Cmd { return m.updateDialogs(msg, 0) }

func (m *Model) updateDialogs(msg tea.Msg, from int) tea.Cmd {
	type request struct {
		dialog int
		action action
	}
	var cmds []tea.Cmd
	var wanted []request
	m.dialogs = slices.Clone(m.dialogs)
	for i := from; i < len(m.dialogs); i++ {
		next, cmd, a := m.dialogs[i].dialog.update(msg, m.environment())
		m.dialogs[i].dialog = next
		cmds = append(cmds, cmd)
		if a != nil {
			wanted = append(wanted, request{m.dialogs[i].id, a})
		}
	}
	for _, w := range wanted {
		cmds = append(cmds, m.perform(w.action, w.dialog))
	}
	return tea.Batch(cmds...)
}

// noDialog is the number of none: what a page asks for comes from there.
const noDialog = 0

// perform carries out what a dialog, named by its number, or a page asked for.
func (m *Model) perform(wanted action, from int) tea.Cmd {
	r := m.remote()
	switch a := wanted.(type) {
	case closeDialog:
		m.close(from)
	case openDialog:
		m.open(a.dialog)
	case say:
		m.say(a.kind, a.text)
	case loadFailing:
		if m.toast.kind == toastGood {
			m.toast = toast{}
		}
		if errors.Is(a.err, api.ErrUnauthorized) {
			return m.askToSignIn(a.err)
		}
	case keyRefused:
		return m.askToSignIn(a.err)
	case loadSides:
		return tea.Batch(m.loadSides(), m.followAgain())
	case quitProgram:
		return tea.Quit
	case copySecret:
		return m.copyKey(a.account, a.secret)
	case writeSecret:
		if m.options.NoFiles {
			return nil
		}
		return writeKeyFile(a.account, a.path, a.secret)
	case discardSecret:
		m.close(from)
		return m.discard(a)
	case signIn:
		if m.options.SignIn == nil {
			return nil
		}
		return trySignIn(m.options.Context, m.options.SignIn, a.try, a.key)
	case askForKey:
		m.raiseSignIn()
		return m.askToSignIn(a.err)
	case checkAccount:
		return r.checkAccount(a.id)
	case retryWithOldKey:
		m.close(from)
		return tea.Batch(m.reload(), m.followAgain())
	default:
		return m.performOnAccounts(wanted, from)
	}
	return nil
}

// performOnAccounts is perform, for what makes and deletes service accounts.
func (m *Model) performOnAccounts(wanted action, from int) tea.Cmd {
	r := m.remote()
	switch a := wanted.(type) {
	case createAccount:
		return r.create(a)
	case resolveRecipients:
		return readRecipients(a, m.options.OpenFile)
	case abandonCreate:
		m.close(from)
		m.say(toastWarning, "The create may have been carried out: look for the account in the list. Its key is known to nobody.")
		return m.reload()
	case deleteAccount:
		return r.remove(a.id)
	case deleteAccounts:
		cmds := make([]tea.Cmd, len(a.ids))
		for i, id := range a.ids {
			cmds[i] = r.remove(id)
		}
		return tea.Batch(cmds...)
	case bulkStep:
		return m.bulkStepped(a, from)
	case bulkEnded:
		m.close(from)
		m.say(toastGood, a.words())
	case abandonDelete:
		m.close(from)
		m.say(toastWarning, a.name+" may have been deleted: look for it in the list, which is being loaded again.")
		return m.reload()
	case deletionDone:
		m.close(from)
		m.accounts.remove(a.account.ID)
		if a.already {
			m.say(toastGood, a.account.Name+" was deleted already. Its key is refused.")
		} else {
			m.say(toastGood, "Deleted "+a.account.Name+". Its key is refused from now on.")
		}
		return m.accounts.refreshView(m.environment())
	default:
		return m.performOnPages(wanted, from)
	}
	return nil
}
