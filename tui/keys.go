package tui

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pageKey carries out a key on the API Keys page.
func (m *Model) pageKey(press tea.KeyPressMsg) tea.Cmd {
	b, ok := find(m.pageBindings(), press)
	if !ok {
		return nil
	}
	if b.off != "" {
		m.say(toastWarning, b.off)
		return nil
	}
	if cmd, moved := m.move(b); moved {
		return cmd
	}
	switch b.name {
	case m.keys.New.name:
		d, cmd := newCreateDialog(m.environment())
		m.open(d)
		return cmd
	case m.keys.Delete.name:
		account, _ := m.accounts.current()
		m.open(newDeleteDialog(account, m.environment()))
		return m.remote().checkAccount(account.ID)
	case m.keys.Details.name:
		account, _ := m.accounts.current()
		m.open(newDetailsDialog(account, m.teams))
	case m.keys.Search.name:
		m.accounts.searching = true
		return m.accounts.search.Focus()
	case m.keys.ClearSearch.name:
		return m.setQuery("", false)
	case m.keys.Sort.name:
		m.accounts.nextSort()
		return m.refreshView()
	case m.keys.Reverse.name:
		m.accounts.reverseSort()
		return m.refreshView()
	case m.keys.Refresh.name:
		if m.accounts.failure != nil && m.isUnauthorized() {
			return m.askToSignIn(m.accounts.failure.err)
		}
		return m.reload()
	case m.keys.Help.name:
		m.open(newHelpDialog(m.keys))
	case m.keys.Quit.name:
		return tea.Quit
	}
	return nil
}

func (m *Model) isUnauthorized() bool {
	return m.accounts.failure.err.Code == api.CodeUnauthorized
}

// move carries out a movement and reports whether b is one.
func (m *Model) move(b binding) (tea.Cmd, bool) {
	t := &m.accounts.table
	switch b.name {
	case m.keys.Down.name:
		t.Move(1)
	case m.keys.Up.name:
		t.Move(-1)
	case m.keys.PageDown.name:
		t.Page(1)
	case m.keys.PageUp.name:
		t.Page(-1)
	case m.keys.HalfDown.name:
		t.Page(0.5)
	case m.keys.HalfUp.name:
		t.Page(-0.5)
	case m.keys.Top.name:
		t.Top()
	case m.keys.Bottom.name:
		t.Bottom()
	default:
		return nil, false
	}
	return m.accounts.moved(), true
}

// searchKey types into the search. Arrows move in the table meanwhile.
func (m *Model) searchKey(press tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.keys.KeepSearch.matches(press):
		m.leaveSearch()
		return nil
	case m.keys.LeaveSearch.matches(press):
		if m.accounts.query() == "" {
			m.leaveSearch()
			return nil
		}
		return m.setQuery("", true)
	}
	switch press.String() {
	case "down", "up", "pgdown", "pgup":
		if b, ok := find(m.pageBindings(), press); ok {
			cmd, _ := m.move(b)
			return cmd
		}
	case "ctrl+v":
		// The terminal pastes; reading the clipboard here would be a second,
		// different clipboard.
		return nil
	}
	return m.typeSearch(press)
}

func (m *Model) leaveSearch() {
	m.accounts.searching = false
	m.accounts.search.Blur()
}

func (m *Model) typeSearch(msg tea.Msg) tea.Cmd {
	before := m.accounts.query()
	var cmd tea.Cmd
	m.accounts.search, cmd = m.accounts.search.Update(msg)
	if m.accounts.query() == before {
		return cmd
	}
	// A terminal without bracketed paste types what is pasted. From where it
	// can be seen to be a key it is hidden, and when it is whole it is looked up.
	// It stays hidden until the field is empty: taking letters away shows none.
	if m.accounts.query() == "" {
		m.accounts.search.EchoMode = textinput.EchoNormal
	}
	if text := api.FindKey(m.accounts.query()); text != "" {
		m.accounts.search.EchoMode = textinput.EchoPassword
		if api.CheckKey(text) == nil {
			return tea.Batch(m.setQuery("", true), m.findOwner(text))
		}
	}
	m.accounts.ranked = true
	return tea.Batch(cmd, m.accounts.update(m.options.Context, true))
}

func (m *Model) setQuery(query string, keepFocus bool) tea.Cmd {
	m.accounts.search.SetValue(query)
	m.accounts.search.EchoMode = textinput.EchoNormal
	m.accounts.ranked = true
	if !keepFocus {
		m.leaveSearch()
	}
	return m.refreshView()
}

// pasteSearch takes a pasted text into the search. A key in it is never shown:
// it is hashed here and its owner looked up by the hash.
func (m *Model) pasteSearch(msg tea.PasteMsg) tea.Cmd {
	if text := api.FindKey(msg.Content); text != "" {
		if err := api.CheckKey(text); err != nil {
			m.say(toastWarning, sentence(err.Error()))
			return nil
		}
		return m.findOwner(text)
	}
	m.accounts.searching = true
	focus := m.accounts.search.Focus()
	return tea.Batch(focus, m.typeSearch(tea.PasteMsg{Content: strings.TrimSpace(api.Clean(firstLine(msg.Content)))}))
}

// findOwner looks up whose key this is, by its hash.
func (m *Model) findOwner(key string) tea.Cmd {
	m.lookups++
	m.say(toastGood, "Looking for the owner of the pasted key; the key itself stays here.")
	return m.remote().findKeyOwner(m.lookups, api.HashKey(key), api.KeyHint(key))
}

// sentence makes a sentence of an error.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	return line
}

// ownerFound selects the account that a pasted key belongs to.
func (m *Model) ownerFound(msg keyOwnerFoundMsg) tea.Cmd {
	switch {
	case msg.lookup != m.lookups:
		return nil
	case msg.err != nil && errors.Is(msg.err, api.ErrUnauthorized):
		return m.askToSignIn(msg.err)
	case msg.err != nil:
		m.say(toastBad, "The key's owner was not found: "+msg.err.Error())
		return nil
	case !msg.found:
		m.say(toastWarning, "No service account has this key: it is deleted, or of elsewhere.")
		return nil
	}
	if _, known := m.accounts.byID(msg.account.ID); !known {
		m.accounts.add(msg.account)
	}
	m.accounts.search.SetValue("")
	m.accounts.search.EchoMode = textinput.EchoNormal
	m.leaveSearch()
	m.accounts.selected = msg.account.ID
	m.say(toastGood, "The pasted key belongs to "+msg.account.Name+" in "+msg.account.Team.Name+".")
	return m.refreshView()
}
