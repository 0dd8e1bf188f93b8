package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pagesAhead is how many pages may be asked for, or wait decoded, before the
// first of them is taken. placesAhead is how many places of pages are asked for
// at a time.
const (
	pagesAhead  = 4
	placesAhead = 16
)

// ServiceAccountPages yields the service accounts that the filter lets through
// in whole pages, in their order. Several pages are asked for at once with a
// server that says where they are ([api.PreferAhead]); otherwise the next page
// is asked for as soon as its address is known, from a Link header (RFC 8288,
// rel="next") while the present one is still on its way, or from its body. It
// ends after the first error, which it yields with an empty page.
func (c *Client) ServiceAccountPages(
	ctx context.Context, filter api.ServiceAccountFilter,
) iter.Seq2[api.ServiceAccountList, error] {
	return func(yield func(api.ServiceAccountList, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		coming := make(chan chan accountPage, pagesAhead)
		first := c.reading(api.PathServiceAccounts, accountsQuery(filter, wholePages), whatAccounts)
		first.prefer = api.PreferAhead + "=" + strconv.Itoa(placesAhead)
		go c.fetchAhead(ctx, first, coming)
		for slot := range coming {
			page := <-slot
			if !yield(page.list, page.err) || page.err != nil {
				return
			}
		}
		if kind, detail := c.explainEnd(ctx); kind != 0 {
			yield(api.ServiceAccountList{}, &api.Error{Kind: kind, Detail: detail, Cause: ctx.Err()})
		}
	}
}

type accountPage struct {
	list api.ServiceAccountList
	err  error
}

// fetchAhead asks for page after page and says in what order they come. Pages
// with a fixed end are asked for at once; where the list goes on after another
// one is known when the server answers it.
func (c *Client) fetchAhead(ctx context.Context, k call, coming chan<- chan accountPage) {
	defer close(coming)
	send := func() chan accountPage {
		slot := make(chan accountPage, 1)
		select {
		case coming <- slot:
			return slot
		case <-ctx.Done():
			return nil
		}
	}
	followed := map[string]bool{}
	for {
		slot := send()
		if slot == nil {
			return
		}
		places := c.fetchPage(ctx, k, slot)
		if len(places) == 0 {
			return
		}
		for i, place := range places {
			address, err := c.notAgain(place, followed)
			bounded := k
			if bounded.url = address; i == len(places)-1 && err == nil {
				k.url = address // the rest
				break
			}
			slot := send()
			switch {
			case slot == nil:
				return
			case err != nil:
				slot <- accountPage{err: err}
				return
			}
			go func() { slot <- c.fetchToEnd(ctx, bounded) }()
		}
	}
}

// notAgain returns the address of a place where a list goes on, once.
func (c *Client) notAgain(place string, followed map[string]bool) (string, error) {
	if followed[place] {
		return "", c.wrongNext("its list of pages leads round in circles")
	}
	followed[place] = true
	return c.follow(api.PathServiceAccounts, place)
}

// fetchPage starts to fetch a page into its slot, and returns as soon as it is
// known where the list goes on: at one place or, with pages whose ends are
// fixed before the last, at several; at none when it ends, or when this page
// failed.
func (c *Client) fetchPage(ctx context.Context, k call, slot chan<- accountPage) (places []string) {
	known := make(chan []string, 2)
	k.answered = func(header http.Header) {
		links := linksOf(header)
		if places := links[api.RelAhead]; len(places) > 0 {
			known <- places
		} else if next := links["next"]; len(next) > 0 {
			known <- next[:1]
		}
	}
	go func() {
		list, _, err := do[api.ServiceAccountList](ctx, c, k)
		slot <- accountPage{list, err}
		if list.Links.Next == "" {
			known <- nil
		} else {
			known <- []string{list.Links.Next}
		}
	}()
	return <-known
}

// fetchToEnd fetches a page with a fixed end, and what has come between since
// the end was fixed.
func (c *Client) fetchToEnd(ctx context.Context, k call) accountPage {
	page := accountPage{}
	for followed := map[string]bool{}; ; {
		list, _, err := do[api.ServiceAccountList](ctx, c, k)
		if err != nil {
			return accountPage{err: err}
		}
		page.list.ServiceAccounts = append(page.list.ServiceAccounts, list.ServiceAccounts...)
		if list.Links.Next == "" {
			return page
		}
		if k.url, err = c.notAgain(list.Links.Next, followed); err != nil {
			return accountPage{err: err}
		}
	}
}

// linksOf returns the targets of the Link headers of an answer, by relation.
func linksOf(header http.Header) map[string][]string {
	links := map[string][]string{}
	for _, value := range header.Values("Link") {
		for rest := value; ; {
			_, link, found := strings.Cut(rest, "<")
			target, parameters, closed := strings.Cut(link, ">")
			if !found || !closed {
				break
			}
			// A comma ends a link, but may also stand in the target of the next.
			parameters, rest, _ = strings.Cut(parameters, ",")
			if _, err := url.Parse(target); err != nil {
				continue
			}
			for _, relation := range relations(parameters) {
				links[relation] = append(links[relation], target)
			}
		}
	}
	return links
}

// relations are those that the parameters of a link name, in lower case.
func relations(parameters string) []string {
	for _, parameter := range strings.Split(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			return strings.Fields(strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`)))
		}
	}
	return nil
}
