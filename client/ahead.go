package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pagesAhead is how many pages may be asked for, or wait decoded, before the
// first of them is taken.
const pagesAhead = 4

// ServiceAccountPages yields the service accounts that the filter lets through
// in whole pages, each with its Links. The next page is asked for as soon as
// its address is known: with a server that says it in a Link header (RFC 8288,
// rel="next"), while the present one is still on its way. It ends after the
// first error, which it yields with an empty page.
func (c *Client) ServiceAccountPages(
	ctx context.Context, filter api.ServiceAccountFilter,
) iter.Seq2[api.ServiceAccountList, error] {
	return func(yield func(api.ServiceAccountList, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		coming := make(chan chan accountPage, pagesAhead)
		go c.fetchAhead(ctx, c.reading(api.PathServiceAccounts, accountsQuery(filter, wholePages), whatAccounts), coming)
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

// fetchAhead asks for page after page and says in what order they come.
func (c *Client) fetchAhead(ctx context.Context, k call, coming chan<- chan accountPage) {
	defer close(coming)
	for followed := map[string]bool{}; ; {
		slot := make(chan accountPage, 1)
		select {
		case coming <- slot:
		case <-ctx.Done():
			return
		}
		next := c.fetchPage(ctx, k, slot)
		if next == "" {
			return
		}
		var err error
		if followed[next] {
			err = c.wrongNext("its list of pages leads round in circles")
		} else {
			followed[next] = true
			k.url, err = c.follow(api.PathServiceAccounts, next)
		}
		if err != nil {
			slot = make(chan accountPage, 1)
			slot <- accountPage{err: err}
			select {
			case coming <- slot:
			case <-ctx.Done():
			}
			return
		}
	}
}

// fetchPage starts to fetch a page into its slot, and returns as soon as it is
// known where the next one is: "" when there is none, or when this one failed.
func (c *Client) fetchPage(ctx context.Context, k call, slot chan<- accountPage) (next string) {
	known := make(chan string, 2)
	k.answered = func(header http.Header) {
		if link := nextLink(header); link != "" {
			known <- link
		}
	}
	go func() {
		list, _, err := do[api.ServiceAccountList](ctx, c, k)
		slot <- accountPage{list, err}
		known <- list.Links.Next
	}()
	return <-known
}

// nextLink returns the target of the rel="next" link among the Link headers of
// an answer, or "".
func nextLink(header http.Header) string {
	for _, value := range header.Values("Link") {
		for rest := value; ; {
			_, link, found := strings.Cut(rest, "<")
			target, parameters, closed := strings.Cut(link, ">")
			if !found || !closed {
				break
			}
			// A comma ends a link, but may also stand in the target of the next.
			parameters, rest, _ = strings.Cut(parameters, ",")
			if isNext(parameters) {
				if _, err := url.Parse(target); err == nil {
					return target
				}
			}
		}
	}
	return ""
}

// isNext reports whether the parameters of a link name the relation next.
func isNext(parameters string) bool {
	for _, parameter := range strings.Split(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, relation := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(relation, "next") {
				return true
			}
		}
	}
	return false
}
