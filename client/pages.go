package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// getNext returns the page of the list at path that another page names as
// next.
func getNext[L any](ctx context.Context, c *Client, path, next, what string) (L, error) {
	address, err := c.follow(path, next)
	if err != nil {
		var none L
		return none, err
	}
	list, _, err := do[L](ctx, c, call{method: http.MethodGet, url: address, what: what})
	return list, err
}

// getAll yields the rows of the list at path, page by page, from what first
// asks for on. It ends after the first error, which it yields with a zero row.
func getAll[L, T any](ctx context.Context, c *Client, path string, first call, rows func(L) ([]T, api.Links)) iter.Seq2[T, error] {
	return all(c, func(next string) ([]T, string, error) {
		k := first
		if next != "" {
			var err error
			if k.url, err = c.follow(path, next); err != nil {
				return nil, "", err
			}
		}
		list, _, err := do[L](ctx, c, k)
		if err != nil {
			return nil, "", err
		}
		page, links := rows(list)
		return page, links.Next, nil
	})
}

// getAllOf is getAll for a list that is part of one resource.
func getAllOf[L, T any](ctx context.Context, c *Client, of item, rows func(L) ([]T, api.Links)) iter.Seq2[T, error] {
	if err := of.check(); err != nil {
		return func(yield func(T, error) bool) {
			var none T
			yield(none, err)
		}
	}
	first := c.reading(of.path(), listQuery(wholePages), of.what)
	first.item = true
	return getAll(ctx, c, of.path(), first, rows)
}

// all walks the pages that fetch returns. A next link that was followed before
// would lead round in circles for ever, so it is an error.
func all[T any](c *Client, fetch func(next string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := map[string]bool{}
		for next, more := "", true; more; {
			rows, following, err := fetch(next)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if seen[following] {
				yield(none, c.wrongNext("its list of pages leads round in circles"))
				return
			}
			seen[following] = true
			next, more = following, following != ""
		}
	}
}

// follow resolves a next link. It may be relative to the host; an absolute one
// must stay with the server that the key is meant for.
func (c *Client) follow(path, next string) (string, error) {
	link, err := url.Parse(next)
	if err != nil || next == "" {
		return "", c.wrongNext("the address of its next page cannot be read")
	}
	endpoint, err := url.Parse(c.url(path, nil))
	if err != nil {
		return "", c.wrongNext("the address of its next page cannot be read")
	}
	// A server behind a path of its own knows nothing of that path.
	if prefix := c.base.EscapedPath(); link.Host == "" && strings.HasPrefix(link.Path, apiRoot) && prefix != "" {
		link, err = url.Parse(prefix + next)
		if err != nil {
			return "", c.wrongNext("the address of its next page cannot be read")
		}
	}
	target := endpoint.ResolveReference(link)
	if target.User != nil || origin(target) != origin(c.base) {
		return "", c.wrongNext("its next page is at another address, which is not followed because the key would go with it")
	}
	target.Fragment = ""
	return target.String(), nil
}

func (c *Client) wrongNext(reason string) error {
	return &api.Error{Kind: api.KindMalformed, Detail: c.notAPI(reason)}
}

// origin is what has to agree for the key to go along: scheme, host and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
