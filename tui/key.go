package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// keyDialog shows a new key, once. It has the screen to itself and the key a
// line to itself, from the first column, so that a mouse selects it cleanly.
// It does not go away by accident: not before the key was copied here, written
// to a file, or the person said that they have it.
type keyDialog struct {
	created api.CreatedServiceAccount
	// words say what happened to the last copy, delivered whether the key is
	// known to have arrived somewhere.
	words     string
	failed    bool
	delivered bool
	copying   bool

	leaving bool // asking whether to leave without the key
	quit    bool // leaving ends the program

	path    textinput.Model // of the file to write to
	writing bool            // the path has the focus
	written string
	problem string
}

func newKeyDialog(created api.CreatedServiceAccount, e environment) keyDialog {
	path := textinput.New()
	path.Prompt = ""
	path.CharLimit = 1024
	path.SetVirtualCursor(false)
	path.SetValue(fileName(created.ServiceAccount.Name) + ".key")
	d := keyDialog{created: created, path: path}
	return d.restyle(e).(keyDialog)
}

// fileName makes a name for a file of an account's name: letters, digits, dots
// and dashes, and never a hidden file or a path.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, name)
	safe = strings.TrimLeft(safe, ".-")
	if safe == "" {
		return "service-account"
	}
	return safe
}

func (d keyDialog) restyle(e environment) dialog {
	d.path.SetStyles(inputStyles(e.styles))
	d.path.SetWidth(max(e.screen-12, 1))
	return d
}

func (d keyDialog) refuseQuit() (dialog, bool) {
	if d.delivered {
		return d, false
	}
	d.leaving, d.quit, d.writing = true, true, false
	return d, true
}

func (d keyDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	switch msg := msg.(type) {
	case keyCopiedMsg:
		d.copying = false
		d.failed = msg.err != nil
		d.words = clipboard.Words(clipboard.OSC52)
		if msg.err == nil {
			d.words, d.delivered = clipboard.Words(clipboard.Native), true
		}
	case keySentMsg:
		d.copying = false
		d.words = clipboard.Words(clipboard.OSC52)
	case keyWrittenMsg:
		d.writeDone(msg)
	case tea.PasteMsg:
		if d.writing {
			var cmd tea.Cmd
			d.path, cmd = d.path.Update(msg)
			return d, cmd, nil
		}
	case tea.KeyPressMsg:
		switch {
		case d.leaving:
			return d.answer(msg, e)
		case d.writing:
			return d.typePath(msg, e)
		}
		return d.press(msg, e)
	}
	return d, nil, nil
}

func (d keyDialog) press(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case k.Copy.matches(press):
		d.copying = true
		return d, nil, copySecret{secret: d.created.APIKey}
	case k.Write.matches(press):
		d.writing, d.problem = true, ""
		return d, d.path.Focus(), nil
	case k.Have.matches(press):
		return d, nil, discardSecret{account: d.created.ServiceAccount, kept: true}
	case k.Back.matches(press):
		if d.delivered {
			return d, nil, discardSecret{account: d.created.ServiceAccount, kept: true}
		}
		d.leaving, d.quit = true, false
	}
	return d, nil, nil
}

// answer takes the answer to whether the key may be lost.
func (d keyDialog) answer(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	k := e.keys
	switch {
	case k.LeaveKey.matches(press):
		if d.quit {
			d.created.APIKey.Destroy()
			return d, nil, quitProgram{}
		}
		return d, nil, discardSecret{account: d.created.ServiceAccount}
	case k.StayWithKey.matches(press):
		d.leaving = false
	}
	return d, nil, nil
}

func (d keyDialog) typePath(press tea.KeyPressMsg, e environment) (dialog, tea.Cmd, action) {
	switch {
	case e.keys.Back.matches(press):
		d.writing = false
		d.path.Blur()
		return d, nil, nil
	case e.keys.Take.matches(press):
		if strings.TrimSpace(d.path.Value()) == "" {
			d.problem = "Enter the file's name."
			return d, nil, nil
		}
		return d, nil, writeSecret{secret: d.created.APIKey, path: expand(strings.TrimSpace(d.path.Value()))}
	case press.String() == "ctrl+v":
		return d, nil, nil
	}
	var cmd tea.Cmd
	d.path, cmd = d.path.Update(press)
	return d, cmd, nil
}

// expand turns ~/ into the person's home folder, as a shell would have done.
func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

func (d *keyDialog) writeDone(msg keyWrittenMsg) {
	switch {
	case msg.err == nil:
		d.written, d.delivered, d.writing, d.problem = msg.path, true, false, ""
		d.path.Blur()
	case errors.Is(msg.err, fs.ErrExist):
		d.problem = "There is a file of this name already; it was left as it is. Choose another name."
	case errors.Is(msg.err, fs.ErrPermission):
		d.problem = "You may not write there. Choose another folder."
	case errors.Is(msg.err, fs.ErrNotExist):
		d.problem = "There is no such folder. Choose another one, or make it first."
	default:
		d.problem = "The file could not be written, and nothing was left behind: " + plainCause(msg.err) + "."
	}
}

// plainCause is the last part of an operating system's error, without paths.
func plainCause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func (d keyDialog) bindings(e environment) []binding {
	k := e.keys
	switch {
	case d.leaving:
		return []binding{k.StayWithKey, k.LeaveKey, k.Interrupt}
	case d.writing:
		return []binding{bind("write-file", "write", "enter"), k.Back, k.Interrupt}
	}
	done := k.Back
	if d.delivered {
		done = bind(k.Back.name, "done", "esc")
	}
	return []binding{k.Copy, k.Write, k.Have, done, k.Interrupt}
}

func (d keyDialog) view(e environment) panel {
	s := e.styles
	g := s.Glyphs
	account := d.created.ServiceAccount
	cut := func(text string) string { return e.measure.Truncate(text, max(e.screen-2, 1), g.Ellipsis) }
	lines := []string{
		" " + s.Title.Render(cut("New API Key "+g.Dot+" "+account.Name)) + s.Muted.Render("  Team "+account.Team.Name),
		"",
		" " + s.Warning.Render(cut(g.Warn+" This key is shown only once. Nobody can show it again, not even the server.")),
		"",
		s.Secret.Render(d.created.APIKey.Reveal()),
		"",
	}
	p := panel{bare: true}
	lines = append(lines, d.delivery(e)...)
	switch {
	case d.leaving:
		lines = append(lines, "", " "+s.Danger.Render(cut("Leave without the key? It was not copied here and not written to a file.")),
			" "+cut("The account stays and its key can never be had again: y leaves, n stays."))
	case d.writing:
		lines = append(lines, "", " "+s.Key.Render("File   ")+d.path.View())
		p.cursor = inputCursor(d.path, e.measure, 8, len(lines)-1)
		lines = append(lines, " "+s.Muted.Render(cut("A new file that only you can read (mode 0600); never overwrites.")))
	}
	if d.problem != "" {
		lines = append(lines, " "+s.Danger.Render(cut(g.Bad+" "+d.problem)))
	}
	if d.created.Replayed && !d.leaving && !d.writing {
		lines = append(lines, "", " "+s.Muted.Render(cut("An answer was lost on the way: same account, with a fresh key.")))
	}
	p.content = strings.Join(lines, "\n")
	return p
}

// delivery says what became of the key, and never more than is known.
func (d keyDialog) delivery(e environment) []string {
	s := e.styles
	g := s.Glyphs
	var lines []string
	switch {
	case d.copying:
		lines = append(lines, " "+s.Muted.Render(e.spinner()+" Copying"))
	case d.words != "" && d.delivered && d.words == clipboard.Words(clipboard.Native):
		lines = append(lines, " "+s.Success.Render(g.Good+" "+d.words+"."))
	case d.words != "":
		if d.failed {
			lines = append(lines, " "+s.Warning.Render(g.Warn+" This machine's clipboard failed."))
		}
		lines = append(lines, " "+g.Bullet+" "+d.words+".")
	}
	if d.written != "" {
		lines = append(lines, " "+s.Success.Render(fmt.Sprintf("%s Written to %s, for you alone.", g.Good, d.written)))
	}
	return lines
}

// keySentMsg says that the key was handed to the terminal, which never
// acknowledges.
type keySentMsg struct{}

// created shows the key of a new account, whatever became of the form: a key
// that was made must reach its person.
func (m *Model) created(msg accountCreatedMsg) tea.Cmd {
	if form, ok := m.topDialog().(createDialog); ok && form.idempotencyKey == msg.idempotencyKey {
		m.close()
	}
	account := msg.created.ServiceAccount
	m.accounts.search.SetValue("")
	m.accounts.add(account)
	d := newKeyDialog(msg.created, m.environment())
	d.copying = true
	m.open(d)
	return tea.Batch(tea.ClearScreen, m.refreshView(), m.copyKey(msg.created.APIKey))
}

// copyKey takes the way to the clipboard that works here. When this machine's
// own clipboard fails, the terminal is asked too.
func (m *Model) copyKey(secret api.Secret) tea.Cmd {
	viaTerminal := tea.SetClipboard(secret.Reveal())
	if m.options.Clipboard.Path() != clipboard.Native {
		return tea.Sequence(viaTerminal, func() tea.Msg { return keySentMsg{} })
	}
	copyHere := copyNatively(m.options.Context, m.options.Clipboard, secret)
	return func() tea.Msg {
		msg := copyHere().(keyCopiedMsg)
		if msg.err != nil {
			return tea.Sequence(viaTerminal, func() tea.Msg { return msg })()
		}
		return msg
	}
}

// discard ends the key's screen. The key is overwritten and the whole screen
// painted anew, so that nothing of it stays in the program or on the terminal.
func (m *Model) discard(a discardSecret) tea.Cmd {
	if d, ok := m.topDialog().(keyDialog); ok {
		d.created.APIKey.Destroy()
	}
	m.close()
	if a.kept {
		m.say(toastGood, "Made "+a.account.Name+" in "+a.account.Team.Name+".")
	} else {
		m.say(toastWarning, a.account.Name+" exists, and nobody has its key. Delete it and make a new one.")
	}
	return tea.ClearScreen
}
