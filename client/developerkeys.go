package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/lifeguard-keys/lifeguard/api"
)

// DeveloperKeys returns one page of the caller's developer keys, the oldest
// first. A service account has none.
func (c *Client) DeveloperKeys(ctx context.Context, options api.ListOptions) (api.DeveloperKeyList, error) {
	return get[api.DeveloperKeyList](ctx, c, api.PathMyAPIKeys, listQuery(options), whatKeys)
}

// NextDeveloperKeys returns the page that the Links of another page name as
// next.
func (c *Client) NextDeveloperKeys(ctx context.Context, next string) (api.DeveloperKeyList, error) {
	return getNext[api.DeveloperKeyList](ctx, c, api.PathMyAPIKeys, next, whatKeys)
}

// AllDeveloperKeys yields every developer key of the caller, page by page. It
// ends after the first error, which it yields with a zero key.
func (c *Client) AllDeveloperKeys(ctx context.Context) iter.Seq2[api.DeveloperKey, error] {
	return getAll(ctx, c, api.PathMyAPIKeys, c.reading(api.PathMyAPIKeys, listQuery(wholePages), whatKeys),
		func(list api.DeveloperKeyList) ([]api.DeveloperKey, api.Links) { return list.APIKeys, list.Links })
}

// CreateDeveloperKey makes another key for the caller, which no other answer
// ever holds. It sends the request once. When the error says Lost, the key may
// exist: call again with the same idempotencyKey, and there will be one key
// and a text that works. See [NewIdempotencyKey].
func (c *Client) CreateDeveloperKey(ctx context.Context, idempotencyKey string) (api.CreatedDeveloperKey, error) {
	return c.createKey(ctx, call{method: http.MethodPost, url: c.url(api.PathMyAPIKeys, nil), what: whatKeys, idempotencyKey: idempotencyKey})
}

// CreateUserKey makes a developer key for a user who has none, or has lost
// them, as [Client.CreateDeveloperKey] does for the caller. It needs the
// permission [api.ProvisionUsersWithSCIM] and all that the user may do.
func (c *Client) CreateUserKey(ctx context.Context, userID, idempotencyKey string) (api.CreatedDeveloperKey, error) {
	of := item{api.PathUserAPIKeys, userID, whatUser}
	if err := of.check(); err != nil {
		return api.CreatedDeveloperKey{}, err
	}
	return c.createKey(ctx, call{
		method: http.MethodPost, url: c.url(of.path(), nil), what: whatUser, item: true, idempotencyKey: idempotencyKey,
	})
}

func (c *Client) createKey(ctx context.Context, k call) (api.CreatedDeveloperKey, error) {
	if err := checkIdempotencyKey(k.idempotencyKey); err != nil {
		return api.CreatedDeveloperKey{}, err
	}
	created, header, err := do[api.CreatedDeveloperKey](ctx, c, k)
	if err != nil {
		created.APIKey.Destroy()
		return api.CreatedDeveloperKey{}, err
	}
	created.Replayed = header.Get(api.HeaderIdempotentReplayed) == "true"
	return created, nil
}

// DeleteDeveloperKey deletes one of the caller's developer keys, which the
// server refuses from the moment of its answer. The key that this client uses
// is not deleted.
func (c *Client) DeleteDeveloperKey(ctx context.Context, id string) error {
	_, err := one[nothing](ctx, c, http.MethodDelete, item{api.PathMyAPIKey, id, whatKey}, nil)
	return err
}
