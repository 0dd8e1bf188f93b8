package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Users returns one page of users, ordered by email; pages are named by
// options.StartToken only. This, and everything else about users, members of
// teams and roles, needs the permission [api.ProvisionUsersWithSCIM].
func (c *Client) Users(ctx context.Context, filter api.UserFilter, options api.ListOptions) (api.UserList, error) {
	return get[api.UserList](ctx, c, api.PathUsers, usersQuery(filter, options), whatUsers)
}

// NextUsers returns the page that the Links of another page name as next.
func (c *Client) NextUsers(ctx context.Context, next string) (api.UserList, error) {
	return getNext[api.UserList](ctx, c, api.PathUsers, next, whatUsers)
}

// AllUsers yields every user that the filter lets through, page by page. It
// ends after the first error, which it yields with a zero user.
func (c *Client) AllUsers(ctx context.Context, filter api.UserFilter) iter.Seq2[api.User, error] {
	return getAll(ctx, c, api.PathUsers, c.reading(api.PathUsers, usersQuery(filter, wholePages), whatUsers),
		func(list api.UserList) ([]api.User, api.Links) { return list.Users, list.Links })
}

func usersQuery(filter api.UserFilter, options api.ListOptions) url.Values {
	query := listQuery(options)
	setIf(query, "email", filter.Email)
	setIf(query, "team", filter.Team)
	statuses := make([]string, 0, len(filter.Statuses))
	for _, status := range filter.Statuses {
		statuses = append(statuses, string(status))
	}
	setIf(query, "status", strings.Join(statuses, ","))
	return query
}

// User returns one user that is not deleted.
func (c *Client) User(ctx context.Context, id string) (api.User, error) {
	return one[api.User](ctx, c, http.MethodGet, item{api.PathUser, id, whatUser}, nil)
}

// CreateUser makes a user, who is active from the first use of a developer key
// on. When the error says Lost, the user may exist: [Client.Users] with the
// email tells.
func (c *Client) CreateUser(ctx context.Context, create api.CreateUser) (api.User, error) {
	return post[api.User](ctx, c, api.PathUsers, whatUsers, create)
}

// UpdateUser changes, suspends or unsuspends a user and returns it as it is
// then.
func (c *Client) UpdateUser(ctx context.Context, id string, update api.UpdateUser) (api.User, error) {
	return one[api.User](ctx, c, http.MethodPatch, item{api.PathUser, id, whatUser}, update)
}

// DeleteUser deletes a user. Its developer keys are refused from the moment of
// the answer; service accounts that it made stay.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	_, err := one[nothing](ctx, c, http.MethodDelete, item{api.PathUser, id, whatUser}, nil)
	return err
}

// UserTeams returns one page of the teams of a user, ordered by name.
func (c *Client) UserTeams(ctx context.Context, userID string, options api.ListOptions) (api.UserTeams, error) {
	return getOf[api.UserTeams](ctx, c, item{api.PathUserTeams, userID, whatUser}, options)
}

// AllUserTeams yields every team of a user, page by page. It ends after the
// first error, which it yields with a zero team.
func (c *Client) AllUserTeams(ctx context.Context, userID string) iter.Seq2[api.Ref, error] {
	return getAllOf(ctx, c, item{api.PathUserTeams, userID, whatUser},
		func(list api.UserTeams) ([]api.Ref, api.Links) { return list.Teams, list.Links })
}
