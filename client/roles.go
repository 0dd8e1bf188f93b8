package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Roles returns one page of roles, ordered by name.
func (c *Client) Roles(ctx context.Context, options api.ListOptions) (api.RoleList, error) {
	return get[api.RoleList](ctx, c, api.PathRoles, listQuery(options), whatRoles)
}

// NextRoles returns the page that the Links of another page name as next.
func (c *Client) NextRoles(ctx context.Context, next string) (api.RoleList, error) {
	return getNext[api.RoleList](ctx, c, api.PathRoles, next, whatRoles)
}

// AllRoles yields every role, page by page. It ends after the first error,
// which it yields with a zero role.
func (c *Client) AllRoles(ctx context.Context) iter.Seq2[api.Role, error] {
	return getAll(ctx, c, api.PathRoles, c.reading(api.PathRoles, listQuery(wholePages), whatRoles),
		func(list api.RoleList) ([]api.Role, api.Links) { return list.Roles, list.Links })
}

// Role returns one role.
func (c *Client) Role(ctx context.Context, id string) (api.Role, error) {
	return one[api.Role](ctx, c, http.MethodGet, item{api.PathRole, id, whatRole}, nil)
}

// CreateRole makes a role. A name that is taken is [api.ErrNameTaken]. When
// the error says Lost, the role may exist: [Client.AllRoles] tells.
func (c *Client) CreateRole(ctx context.Context, create api.CreateRole) (api.Role, error) {
	return post[api.Role](ctx, c, api.PathRoles, whatRoles, create)
}

// UpdateRole renames a role or changes what it grants, at once for every team
// that has it, and returns it as it is then. System roles cannot be changed.
func (c *Client) UpdateRole(ctx context.Context, id string, update api.UpdateRole) (api.Role, error) {
	return one[api.Role](ctx, c, http.MethodPatch, item{api.PathRole, id, whatRole}, update)
}

// DeleteRole deletes a role that no team has.
func (c *Client) DeleteRole(ctx context.Context, id string) error {
	_, err := one[nothing](ctx, c, http.MethodDelete, item{api.PathRole, id, whatRole}, nil)
	return err
}
