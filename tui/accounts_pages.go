package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// accountsLoadedMsg carries accounts of a load, in the order of the server. more
// brings the next ones; it is nil when these were the last.
type accountsLoadedMsg struct {
	generation int
	accounts   []api.ServiceAccount
	more       tea.Cmd
}

// loadFailedMsg says that a page of accounts could not be had.
type loadFailedMsg struct {
	session    int
	generation int
	err        *api.Error
}

// accountsCountedMsg says how many accounts there are.
type accountsCountedMsg struct {
	generation int
	total      int
}

func (accountsLoadedMsg) page() pageID  { return pageAccounts }
func (loadFailedMsg) page() pageID      { return pageAccounts }
func (accountsCountedMsg) page() pageID { return pageAccounts }

// pagesAtOnce is how many pages, at most, are taken in between two key presses:
// as many as wait, but not for longer than a few milliseconds.
const pagesAtOnce = 8

// pageStream are the pages of one load on their way.
type pageStream struct {
	remote     remote
	generation int
	pages      chan []api.ServiceAccount // closed at the end
	failed     *api.Error                // why it ended; read it when pages is closed
}

// loadAccounts starts a load and brings its first page. It ends with ctx.
func (r remote) loadAccounts(ctx context.Context, generation int) tea.Cmd {
	return func() tea.Msg {
		s := &pageStream{remote: r, generation: generation, pages: make(chan []api.ServiceAccount, pagesAtOnce)}
		go s.run(ctx)
		return s.next()
	}
}

func (s *pageStream) run(ctx context.Context) {
	defer close(s.pages)
	for page, err := range s.remote.client.ServiceAccountPages(ctx, api.ServiceAccountFilter{}) {
		if err != nil {
			s.failed = asAPIError(err)
			return
		}
		select {
		case s.pages <- page.ServiceAccounts:
		case <-ctx.Done():
			s.failed = asAPIError(ctx.Err())
			return
		}
	}
}

// next waits for a page and takes those along that wait behind it.
func (s *pageStream) next() tea.Msg {
	accounts, open := <-s.pages
	for range pagesAtOnce - 1 {
		if !open {
			break
		}
		select {
		case page, more := <-s.pages:
			accounts, open = append(accounts, page...), more
			continue
		default:
		}
		break
	}
	msg := accountsLoadedMsg{generation: s.generation, accounts: accounts}
	switch {
	case open:
		msg.more = s.next
	case s.failed != nil && len(accounts) > 0:
		msg.more = s.next // it says so then
	case s.failed != nil:
		return loadFailedMsg{session: s.remote.session, generation: s.generation, err: s.failed}
	}
	return msg
}

// countAccounts asks how many accounts there are. It is only for the progress:
// a failure says nothing that the load itself does not.
func (r remote) countAccounts(ctx context.Context, generation int) tea.Cmd {
	return func() tea.Msg {
		list, err := r.client.ServiceAccounts(ctx, api.ServiceAccountFilter{}, api.ListOptions{PageSize: 1, IncludeTotals: true})
		if err != nil || list.Total == nil {
			return nil
		}
		return accountsCountedMsg{generation: generation, total: *list.Total}
	}
}
