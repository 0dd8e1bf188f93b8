package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/lifeguard-keys/lifeguard/api"
)

// What errors call the things that are asked for.
const (
	whatMe       = "who a key belongs to"
	whatTeams    = "teams"
	whatTeam     = "team"
	whatAccounts = "service accounts"
	whatAccount  = "service account"
	whatUsers    = "users"
	whatUser     = "user"
	whatRoles    = "roles"
	whatRole     = "role"
	whatKeys     = "developer keys"
	whatKey      = "developer key"
)

// Me returns who the key belongs to and what it permits.
func (c *Client) Me(ctx context.Context) (api.Caller, error) {
	return get[api.Caller](ctx, c, api.PathMe, nil, whatMe)
}

// ServiceAccounts returns one page of service accounts.
func (c *Client) ServiceAccounts(
	ctx context.Context, filter api.ServiceAccountFilter, options api.ListOptions,
) (api.ServiceAccountList, error) {
	return get[api.ServiceAccountList](ctx, c, api.PathServiceAccounts, accountsQuery(filter, options), whatAccounts)
}

// NextServiceAccounts returns the page that the Links of another page name as
// next.
func (c *Client) NextServiceAccounts(ctx context.Context, next string) (api.ServiceAccountList, error) {
	return getNext[api.ServiceAccountList](ctx, c, api.PathServiceAccounts, next, whatAccounts)
}

// AllServiceAccounts yields every service account that the filter lets
// through, page by page. It ends after the first error, which it yields with a
// zero account.
func (c *Client) AllServiceAccounts(
	ctx context.Context, filter api.ServiceAccountFilter,
) iter.Seq2[api.ServiceAccount, error] {
	return getAll(ctx, c, api.PathServiceAccounts, c.reading(api.PathServiceAccounts, accountsQuery(filter, wholePages), whatAccounts),
		func(list api.ServiceAccountList) ([]api.ServiceAccount, api.Links) {
			return list.ServiceAccounts, list.Links
		})
}

func accountsQuery(filter api.ServiceAccountFilter, options api.ListOptions) url.Values {
	query := listQuery(options)
	setIf(query, "team", filter.Team)
	setIf(query, "created_by", filter.CreatedBy)
	setIf(query, "query", filter.Query)
	setIf(query, "key_hash", filter.KeyHash)
	return query
}

// ServiceAccount returns one service account.
func (c *Client) ServiceAccount(ctx context.Context, id string) (api.ServiceAccount, error) {
	return one[api.ServiceAccount](ctx, c, http.MethodGet, item{api.PathServiceAccount, id, whatAccount}, nil)
}

// CreateServiceAccount makes a service account with its key, which no other
// answer ever holds. It sends the request once. When the error says Lost, the
// account may exist: call again with the same idempotencyKey, and there will
// be one account and a working key. See [NewIdempotencyKey].
func (c *Client) CreateServiceAccount(
	ctx context.Context, create api.CreateServiceAccount, idempotencyKey string,
) (api.CreatedServiceAccount, error) {
	if err := checkIdempotencyKey(idempotencyKey); err != nil {
		return api.CreatedServiceAccount{}, err
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
	_, err := one[nothing](ctx, c, http.MethodDelete, item{api.PathServiceAccount, id, whatAccount}, nil)
	return err
}
