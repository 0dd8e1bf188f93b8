package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/identify"
)

// longPaste is from how many bytes on a pasted text of several lines is a log,
// and no query.
const longPaste = 4 << 10

// lineEnds are made what they were before the terminal pasted them: it types a
// carriage return for each.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// paste takes a pasted text into the search. A key in it is never shown: it is
// hashed here and its owner looked up by the hash.
func (a *accounts) paste(msg tea.PasteMsg, e environment) (tea.Cmd, action) {
	msg.Content = lineEnds.Replace(msg.Content)
	if api.FindKey(msg.Content) != "" {
		return a.pasteKeys(msg.Content, e)
	}
	if lines := strings.Count(strings.TrimSpace(msg.Content), "\n"); lines > 0 && len(msg.Content) > longPaste {
		return nil, say{toastWarning, "There is no API key in the " + plural(lines+1, "line") + " that you pasted."}
	}
	return pasteQuery(a, msg, e)
}

// pasteKeys takes a text with something like a key in it. One key goes to its
// account; of several a dialog says whose they are.
func (a *accounts) pasteKeys(text string, e environment) (tea.Cmd, action) {
	if len(text) > identifyInline {
		d := newIdentifyDialog()
		cmd := d.paste(text, e)
		return cmd, openDialog{d}
	}
	found, err := identify.Scan(e.remote.ctx, strings.NewReader(text))
	switch {
	case err != nil:
		return nil, say{toastBad, sentence(err.Error())} // the program ends
	case len(found.Keys) == 1:
		return a.findOwner(found.Keys[0], e)
	case len(found.Keys) == 0 && found.Damaged.Count == 1:
		return nil, say{toastWarning, sentence(api.CheckKey(api.FindKey(text)).Error())}
	}
	d, cmd := newFoundDialog(found, e)
	return cmd, openDialog{d}
}

// findOwner looks up whose key this is, by its hash.
func (a *accounts) findOwner(key identify.Key, e environment) (tea.Cmd, action) {
	a.lookups++
	return e.remote.findKeyOwner(a.lookups, key),
		say{toastGood, "Looking for the owner of the pasted key; the key itself stays here."}
}

// ownerFound selects the account that a pasted key belongs to.
func (a *accounts) ownerFound(msg keyOwnerFoundMsg, e environment) (tea.Cmd, action) {
	switch {
	case msg.lookup != a.lookups:
		return nil, nil
	case msg.err != nil && errors.Is(msg.err, api.ErrUnauthorized):
		return nil, keyRefused{msg.err}
	case msg.err != nil:
		return nil, say{toastBad, "The key's owner was not found: " + msg.err.Error()}
	case msg.account == nil:
		return nil, say{toastWarning, "No service account has this key: it is deleted, or of elsewhere."}
	}
	if _, known := a.list.Lookup(msg.account.ID); !known {
		a.add(*msg.account)
	}
	a.box.set("")
	a.box.leave()
	a.selected = msg.account.ID
	return a.refreshView(e), say{toastGood, "The pasted key belongs to " + msg.account.Name + " in " + msg.account.Team.Name + "."}
}
