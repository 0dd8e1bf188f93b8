package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// What errors call the things that are asked for.
const (
	whatMe       = "who a key belongs to"
	whatTeams    = "teams"
	whatTeam     = "team"
	whatAccounts = "service accounts"
	whatAccount  = "service account"
)

// Me returns who the key belongs to and what it permits.
func (c *Client) Me(ctx context.Context) (api.Caller, error) {
	me, _, err := do[api.Caller](ctx, c, call{method: http.MethodGet, url: c.url(api.PathMe, nil), what: whatMe})
	return me, err
}

// Teams returns one page of teams.
func (c *Client) Teams(ctx context.Context, filter api.TeamFilter, options api.ListOptions) (api.TeamList, error) {
	query := listQuery(options)
	setIf(query, "name", filter.Name)
	setIf(query, "name_prefix", filter.NamePrefix)
	return c.teams(ctx, c.url(api.PathTeams, query))
}

func (c *Client) teams(ctx context.Context, address string) (api.TeamList, error) {
	list, _, err := do[api.TeamList](ctx, c, call{method: http.MethodGet, url: address, what: whatTeams})
	return list, err
}

// Team returns one team. An unknown or malformed id is [api.ErrNotFound].
func (c *Client) Team(ctx context.Context, id string) (api.Team, error) {
	address, err := c.item(api.PathTeam, "{team_id}", id, whatTeam)
	if err != nil {
		return api.Team{}, err
	}
	team, _, err := do[api.Team](ctx, c, call{method: http.MethodGet, url: address, what: whatTeam, item: true})
	return team, err
}

// ServiceAccounts returns one page of service accounts.
func (c *Client) ServiceAccounts(
	ctx context.Context, filter api.ServiceAccountFilter, options api.ListOptions,
) (api.ServiceAccountList, error) {
	query := listQuery(options)
	setIf(query, "team", filter.Team)
	setIf(query, "created_by", filter.CreatedBy)
	setIf(query, "query", filter.Query)
	setIf(query, "key_hash", filter.KeyHash)
	return c.accounts(ctx, c.url(api.PathServiceAccounts, query))
}

func (c *Client) accounts(ctx context.Context, address string) (api.ServiceAccountList, error) {
	list, _, err := do[api.ServiceAccountList](ctx, c, call{method: http.MethodGet, url: address, what: whatAccounts})
	return list, err
}

// ServiceAccount returns one service account.
func (c *Client) ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error) {
	address, err := c.item(api.PathServiceAccount, "{id}", id, whatAccount)
	if err != nil {
		return api.ServiceAccount{}, err
	}
	account, _, err := do[api.ServiceAccount](ctx, c, call{method: http.MethodGet, url: address, what: whatAccount, item: true})
	return account, err
}

// CreateServiceAccount makes a service account with its key, which no other
// answer ever holds. It sends the request once. When the error says Lost, the
// account may exist: call again with the same idempotencyKey, and there will
// be one account and a working key. See [NewIdempotencyKey].
func (c *Client) CreateServiceAccount(
	ctx context.Context, create api.CreateServiceAccount, idempotencyKey string,
) (api.CreatedServiceAccount, error) {
	if !printable(idempotencyKey) || idempotencyKey == "" {
		return api.CreatedServiceAccount{}, local("the Idempotency-Key must be a UUID: make one for each create", nil)
	}
	created, header, err := do[api.CreatedServiceAccount](ctx, c, call{
		method: http.MethodPost, url: c.url(api.PathServiceAccounts, nil), body: create,
		what: whatAccounts, idempotencyKey: idempotencyKey,
	})
	if err != nil {
		created.APIKey.Destroy()
		return api.CreatedServiceAccount{}, err
	}
	created.Replayed = header.Get(api.HeaderIdempotentReplayed) == "true"
	return created, nil
}

// DeleteServiceAccount deletes a service account with its key, which the
// server refuses from the moment of its answer. It cannot be undone. An
// account that is already gone is [api.ErrNotFound].
func (c *Client) DeleteServiceAccount(ctx context.Context, id string) error {
	address, err := c.item(api.PathServiceAccount, "{id}", id, whatAccount)
	if err != nil {
		return err
	}
	_, _, err = do[nothing](ctx, c, call{method: http.MethodDelete, url: address, what: whatAccount, item: true})
	return err
}

// url returns the address of a path of the API, which is escaped already.
func (c *Client) url(path string, query url.Values) string {
	address := c.base.String() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

// item returns the address of one resource. An id that is empty or walks the
// path would name another endpoint; the server has no such resource.
func (c *Client) item(path, placeholder, id, what string) (string, error) {
	if id == "" || id == "." || id == ".." {
		e := local("no "+what+" has this id: check the id", nil)
		e.Code = api.CodeNotFound
		return "", e
	}
	return c.url(strings.Replace(path, placeholder, url.PathEscape(id), 1), nil), nil
}

func listQuery(options api.ListOptions) url.Values {
	query := url.Values{}
	if options.PageSize != 0 {
		query.Set("page_size", strconv.Itoa(options.PageSize))
	}
	if options.Page != 0 {
		query.Set("page", strconv.Itoa(options.Page))
	}
	if options.IncludeTotals {
		query.Set("include_totals", "true")
	}
	setIf(query, "start_token", options.StartToken)
	return query
}

func setIf(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
