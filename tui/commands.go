package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/identify"
)

// Commands are all that the console does outside of its own state. Each
// captures copies and returns a message; none touches a model.

// remote runs requests with the client and session of the moment it was made.
type remote struct {
	ctx     context.Context
	client  Client
	session int
}

func (m Model) remote() remote {
	return remote{ctx: m.options.Context, client: m.client, session: m.session}
}

func asAPIError(err error) *api.Error {
	var failed *api.Error
	if errors.As(err, &failed) {
		return failed
	}
	return &api.Error{Kind: api.KindLocal, Detail: err.Error(), Cause: err}
}

func (r remote) loadCaller(turn int) tea.Cmd {
	return func() tea.Msg {
		caller, err := r.client.Me(r.ctx)
		if err != nil {
			return sideLoadFailedMsg{turn: turn, what: sideCaller, err: asAPIError(err)}
		}
		return callerLoadedMsg{turn: turn, caller: caller}
	}
}

// everyPage has take read a list and those after it, and say what leads to the
// next one. A server that leads in a circle is an error.
func everyPage[L any](list L, err error, take func(L) string, next func(string) (L, error)) error {
	followed := map[string]bool{}
	for err == nil {
		link := take(list)
		switch {
		case link == "":
			return nil
		case followed[link]:
			return errCircle()
		}
		followed[link] = true
		list, err = next(link)
	}
	return err
}

func (r remote) loadTeams(turn int) tea.Cmd {
	return func() tea.Msg {
		var teams []api.Team
		list, err := r.client.Teams(r.ctx, api.TeamFilter{}, api.ListOptions{PageSize: api.MaxPageSize})
		err = everyPage(list, err, func(list api.TeamList) string {
			teams = append(teams, list.Teams...)
			return list.Links.Next
		}, func(next string) (api.TeamList, error) { return r.client.NextTeams(r.ctx, next) })
		if err != nil {
			return sideLoadFailedMsg{turn: turn, what: sideTeams, err: asAPIError(err)}
		}
		return teamsLoadedMsg{turn: turn, teams: teams}
	}
}

func (r remote) checkAccount(id string) tea.Cmd {
	return func() tea.Msg {
		account, err := r.client.ServiceAccount(r.ctx, id)
		if err != nil {
			return accountCheckedMsg{session: r.session, id: id, err: asAPIError(err)}
		}
		return accountCheckedMsg{session: r.session, id: id, account: account}
	}
}

// create asks for an account. A key that is sealed is so before it goes
// anywhere: what comes back holds the sealed text in its place.
func (r remote) create(a createAccount) tea.Cmd {
	return func() tea.Msg {
		created, err := r.client.CreateServiceAccount(r.ctx, a.request, a.idempotencyKey)
		if err == nil && a.sealTo != nil {
			created.APIKey, err = a.sealTo.Seal(created.APIKey)
			if err != nil { // the same request gives a fresh key
				err = &api.Error{Kind: api.KindLocal, Lost: true, Detail: err.Error(), Cause: err}
			}
		}
		if err != nil {
			return createFailedMsg{idempotencyKey: a.idempotencyKey, err: asAPIError(err)}
		}
		return accountCreatedMsg{idempotencyKey: a.idempotencyKey, created: created, sealTo: a.sealTo}
	}
}

// remove deletes an account. One that is gone already is as good as deleted.
func (r remote) remove(id string) tea.Cmd {
	return func() tea.Msg {
		err := r.client.DeleteServiceAccount(r.ctx, id)
		switch {
		case err == nil:
			return accountDeletedMsg{id: id}
		case errors.Is(err, api.ErrNotFound):
			return accountDeletedMsg{id: id, already: true}
		}
		return deleteFailedMsg{id: id, err: asAPIError(err)}
	}
}

// findKeyOwner asks whose key this is, by its hash. The key itself stays here.
func (r remote) findKeyOwner(lookup int, key identify.Key) tea.Cmd {
	return func() tea.Msg {
		owner, err := identify.FindOwner(r.ctx, r.client, key)
		if err != nil {
			return keyOwnerFoundMsg{lookup: lookup, err: asAPIError(err)}
		}
		return keyOwnerFoundMsg{lookup: lookup, account: owner.Account}
	}
}

// errCircle is the failure of a list whose next links lead back.
func errCircle() *api.Error {
	return &api.Error{Kind: api.KindMalformed, Detail: "The server's list leads in a circle: its next page is one that was read already."}
}

func trySignIn(ctx context.Context, open func(api.Secret) (Client, error), try string, key api.Secret) tea.Cmd {
	return func() tea.Msg {
		client, err := open(key)
		if err != nil {
			return signInFailedMsg{try: try, err: err}
		}
		caller, err := client.Me(ctx)
		if err != nil {
			return signInFailedMsg{try: try, err: err}
		}
		return signedInMsg{try: try, client: client, caller: caller}
	}
}

// writeKeyFile writes the key alone, with a line end, to a new file that only
// its owner can read. It never overwrites, and leaves nothing behind when it
// fails.
func writeKeyFile(account, path string, secret api.Secret) tea.Cmd {
	return func() tea.Msg {
		text := secret.Reveal()
		if text == "" {
			return keyWrittenMsg{account: account, path: path, err: errors.New("the key is gone")}
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return keyWrittenMsg{account: account, path: path, err: err}
		}
		_, err = fmt.Fprintln(file, text)
		err = errors.Join(err, file.Sync(), file.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
		return keyWrittenMsg{account: account, path: path, err: err}
	}
}

func after(wait time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(wait, func(time.Time) tea.Msg { return msg })
}
