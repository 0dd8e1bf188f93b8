package tui

import (
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// accountSoughtMsg is the answer to where an account is that another page named.
type accountSoughtMsg struct {
	lookup  int // late answers to an earlier one are dropped
	sought  api.Ref
	account api.ServiceAccount
	err     *api.Error // nil when account is set
}

func (accountSoughtMsg) page() pageID { return pageAccounts }

func (r remote) seekAccount(lookup int, sought api.Ref) tea.Cmd {
	return func() tea.Msg {
		account, err := r.client.ServiceAccount(r.ctx, sought.ID)
		if err != nil {
			return accountSoughtMsg{lookup: lookup, sought: sought, err: asAPIError(err)}
		}
		return accountSoughtMsg{lookup: lookup, sought: sought, account: account}
	}
}

// reveal puts the cursor on an account. One that is not among the rows is asked
// for: it may be new, or deleted.
func (a *accounts) reveal(sought api.Ref, e environment) tea.Cmd {
	if _, ok := a.list.ByID(sought.ID); !ok {
		a.lookups++
		return e.remote.seekAccount(a.lookups, sought)
	}
	return a.uncover(sought.ID, e)
}

// uncover puts the cursor on an account that is among the rows. A search that
// hides it is cleared.
func (a *accounts) uncover(id string, e environment) tea.Cmd {
	a.box.leave()
	a.selected = id
	number, _ := a.list.Lookup(id)
	if a.box.query() != "" && !slices.Contains(a.view, number) {
		return a.setQuery("", e)
	}
	return a.refreshView(e)
}

func (a *accounts) sought(msg accountSoughtMsg, e environment) (tea.Cmd, action) {
	name := msg.sought.Name
	if name == "" {
		name = "This service account"
	}
	switch {
	case msg.lookup != a.lookups:
		return nil, nil
	case msg.err != nil && errors.Is(msg.err, api.ErrUnauthorized):
		return nil, keyRefused{msg.err}
	case msg.err != nil && errors.Is(msg.err, api.ErrNotFound):
		return nil, say{toastWarning, name + " is deleted: only the audit log still names it."}
	case msg.err != nil:
		return nil, say{toastBad, name + " could not be looked up: " + msg.err.Error()}
	}
	if _, known := a.list.ByID(msg.account.ID); !known {
		a.add(msg.account)
	}
	return a.uncover(msg.account.ID, e), nil
}

// teamQuery is the query that shows the service accounts of a team.
func teamQuery(name string) string { return query.Whole("team", name) }
