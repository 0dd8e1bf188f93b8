package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

func (s *Server) registerRoles(on huma.API) {
	handle(s, on, operation{
		id: opListRoles, method: http.MethodGet, path: api.PathRoles,
		summary: "Roles", description: "Ordered by name.",
		refusals: []int{http.StatusUnprocessableEntity},
	}, s.listRoles)
	handle(s, on, operation{
		id: opGetRole, method: http.MethodGet, path: api.PathRole,
		summary: "One role", description: "An unknown or malformed id is 404.",
		refusals: []int{http.StatusNotFound},
	}, s.getRole)
}

func (s *Server) listRoles(ctx context.Context, input *PageInput) (*answer[api.RoleList], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	found, err := s.store.Roles(ctx, page)
	if err != nil {
		return nil, err
	}
	list := api.RoleList{Roles: make([]api.Role, 0, len(found.Roles)), Total: input.total(found.Total)}
	var last Cursor
	for _, role := range found.Roles {
		list.Roles = append(list.Roles, shownRole(role))
		last = Cursor{Name: role.Name, ID: role.ID}
	}
	list.Links = input.links(api.PathRoles, nil, found.More, last)
	return &answer[api.RoleList]{Body: list}, nil
}

type roleInput struct {
	ID string `path:"id" doc:"Id of a role. One that is no UUID is answered with 404."`
}

func (s *Server) getRole(ctx context.Context, input *roleInput) (*answer[api.Role], error) {
	id := strings.ToLower(input.ID)
	if !isID(id) {
		return nil, notFound("role")
	}
	role, err := s.store.Role(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, notFound("role")
	}
	if err != nil {
		return nil, err
	}
	return &answer[api.Role]{Body: shownRole(role)}, nil
}

// shownRole is a role with all that it grants.
func shownRole(role api.Role) api.Role {
	role.Permissions = permissionsOf(role)
	return role
}
