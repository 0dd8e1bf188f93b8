package client

import (
	"context"
	"iter"
	"net/url"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// NextTeams returns the page that the Links of another page name as next.
func (c *Client) NextTeams(ctx context.Context, next string) (api.TeamList, error) {
	address, err := c.follow(api.PathTeams, next)
	if err != nil {
		return api.TeamList{}, err
	}
	return c.teams(ctx, address)
}

// NextServiceAccounts returns the page that the Links of another page name as
// next.
func (c *Client) NextServiceAccounts(ctx context.Context, next string) (api.ServiceAccountList, error) {
	address, err := c.follow(api.PathServiceAccounts, next)
	if err != nil {
		return api.ServiceAccountList{}, err
	}
	return c.accounts(ctx, address)
}

// AllTeams yields every team that the filter lets through, page by page. It
// ends after the first error, which it yields with a zero team.
func (c *Client) AllTeams(ctx context.Context, filter api.TeamFilter) iter.Seq2[api.Team, error] {
	return all(c, func(next string) ([]api.Team, string, error) {
		var list api.TeamList
		var err error
		if next == "" {
			list, err = c.Teams(ctx, filter, api.ListOptions{PageSize: api.MaxPageSize})
		} else {
			list, err = c.NextTeams(ctx, next)
		}
		return list.Teams, list.Links.Next, err
	})
}

// AllServiceAccounts yields every service account that the filter lets
// through, page by page. It ends after the first error, which it yields with a
// zero account.
func (c *Client) AllServiceAccounts(
	ctx context.Context, filter api.ServiceAccountFilter,
) iter.Seq2[api.ServiceAccount, error] {
	return all(c, func(next string) ([]api.ServiceAccount, string, error) {
		var list api.ServiceAccountList
		var err error
		if next == "" {
			list, err = c.ServiceAccounts(ctx, filter, api.ListOptions{PageSize: api.MaxPageSize})
		} else {
			list, err = c.NextServiceAccounts(ctx, next)
		}
		return list.ServiceAccounts, list.Links.Next, err
	})
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
