package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations that change roles.
const (
	opCreateRole = "create-role"
	opUpdateRole = "update-role"
	opDeleteRole = "delete-role"
)

var roleWriteRules = map[string]rule{
	opCreateRole: provision,
	opUpdateRole: provision,
	opDeleteRole: provision,
}

// Actions and resource type of the audit events of roles.
const (
	ActionRoleCreate = "role.create"
	ActionRoleUpdate = "role.update"
	ActionRoleDelete = "role.delete"

	ResourceRole = "role"
)

func (s *Server) registerRoleWrites(on huma.API) {
	handle(s, on, operation{
		id: opCreateRole, method: http.MethodPost, path: api.PathRoles, status: http.StatusCreated,
		summary: "Create a role", description: "It grants at least one permission, and none that the caller lacks (403).",
		refusals: writeRefusals,
	}, s.createRole)
	handle(s, on, operation{
		id: opUpdateRole, method: http.MethodPatch, path: api.PathRole,
		summary: "Rename a role, or change what it grants",
		description: "Neither before nor after may it grant what the caller lacks (403). It applies at once to every team that " +
			"has the role. System roles cannot be changed (409).",
		refusals: writeRefusals,
	}, s.updateRole)
	handle(s, on, operation{
		id: opDeleteRole, method: http.MethodDelete, path: api.PathRole, status: http.StatusNoContent,
		summary: "Delete a role", description: "System roles, and roles that a team has, are not deleted (409).",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, s.deleteRole)
}

type createRoleInput struct {
	Body struct {
		Name        string           `json:"name" doc:"1 to 64 characters of any script, unique."`
		Permissions []api.Permission `json:"permissions" minItems:"1" maxItems:"64" doc:"What the role grants."`
	}
}

func (s *Server) createRole(ctx context.Context, input *createRoleInput) (*answer[api.Role], error) {
	name := norm.NFC.String(input.Body.Name)
	if err := api.CheckName(name); err != nil {
		return nil, invalid("body.name", err)
	}
	permissions, err := checkPermissions("body.permissions", input.Body.Permissions)
	if err != nil {
		return nil, err
	}
	event := s.eventOn(ctx, ResourceRole, ActionRoleCreate)
	role := api.Role{
		ID: s.source.newID(), Name: name, CreatedBy: api.CreatedByUser, Permissions: permissions,
		CreatedAt: event.Time, UpdatedAt: event.Time,
	}
	err = s.store.Write(ctx, func(tx Tx) (Event, error) { return addRole(ctx, tx, role, event) })
	if err != nil {
		return nil, err
	}
	return &answer[api.Role]{Body: role}, nil
}

// addRole makes a role within a transaction and completes its event.
func addRole(ctx context.Context, tx Tx, role api.Role, event Event) (Event, error) {
	if err := mayShape(ctx, role); err != nil {
		return Event{}, err
	}
	if err := roleNameIsFree(ctx, tx, role.Name, ""); err != nil {
		return Event{}, err
	}
	event.ResourceID, event.ResourceName = role.ID, role.Name
	event.Metadata = map[string]string{"permissions": permissionsText(role.Permissions)}
	return event, tx.InsertRole(ctx, role, event.Time)
}

func roleNameIsFree(ctx context.Context, tx Tx, name, except string) error {
	switch other, err := tx.RoleByName(ctx, name); {
	case errors.Is(err, ErrNotFound) || err == nil && other.ID == except:
		return nil
	case err != nil:
		return err
	}
	return conflict(api.CodeNameTaken, "There is another role of this name. Choose another name.", nil)
}

const (
	maxResources      = 1000 // of one permission
	maxResourceLength = 128  // bytes
)

// checkPermissions is what a role may grant, merged into one permission an
// action. The permissions stand at a place of the request, such as
// body.permissions.
func checkPermissions(place string, permissions []api.Permission) ([]api.Permission, error) {
	for i, p := range permissions {
		at := fmt.Sprintf("%s[%d]", place, i)
		switch {
		case !p.Action.Known():
			return nil, invalid(at+".action", errors.New("is not a permission that this server knows"))
		case p.Scope != api.ScopeAll && p.Scope != api.ScopeSpecific:
			return nil, invalid(at+".scope", errors.New("must be all or specific"))
		case p.Scope == api.ScopeSpecific && !p.Action.Specific():
			return nil, invalid(at+".scope", errors.New("must be all for this permission"))
		case p.Scope == api.ScopeAll && len(p.Resources) > 0:
			return nil, invalid(at+".resources", errors.New("must be left out where the scope is all"))
		case p.Scope == api.ScopeSpecific && (len(p.Resources) == 0 || len(p.Resources) > maxResources):
			return nil, invalid(at+".resources", fmt.Errorf("must name 1 to %d resources where the scope is specific", maxResources))
		}
		for j, id := range p.Resources {
			if p.Action.TeamScoped() {
				id = strings.ToLower(id)
				p.Resources[j] = id
				if !isID(id) {
					return nil, invalid(fmt.Sprintf("%s.resources[%d]", at, j), errors.New("must be the id of a team, which is a UUID"))
				}
			}
			if id == "" || len(id) > maxResourceLength || api.Clean(id) != id || api.FindKey(id) != "" {
				return nil, invalid(fmt.Sprintf("%s.resources[%d]", at, j),
					fmt.Errorf("must be an id of 1 to %d visible characters", maxResourceLength))
			}
		}
	}
	return api.UnionPermissions(permissions), nil
}

// permissionsText is how an audit event tells what a role grants.
func permissionsText(permissions []api.Permission) string {
	text, err := json.Marshal(permissions)
	if err != nil { // permissions are texts
		panic(err)
	}
	return string(text)
}

type updateRoleInput struct {
	ID   string `path:"id" doc:"Id of a role. One that is no UUID is answered with 404."`
	Body struct {
		Name        *string          `json:"name,omitempty" doc:"1 to 64 characters of any script, unique."`
		Permissions []api.Permission `json:"permissions,omitempty" minItems:"1" maxItems:"64" doc:"All that the role grants from now on."`
	}
}

func (s *Server) updateRole(ctx context.Context, input *updateRoleInput) (*answer[api.Role], error) {
	if name := input.Body.Name; name != nil {
		*name = norm.NFC.String(*name)
		if err := api.CheckName(*name); err != nil {
			return nil, invalid("body.name", err)
		}
	}
	permissions, err := checkPermissions("body.permissions", input.Body.Permissions)
	if err != nil {
		return nil, err
	}
	event := s.eventOn(ctx, ResourceRole, ActionRoleUpdate)
	var updated api.Role
	err = s.change(ctx, func(tx Tx) (Event, error) {
		before, err := customRoleIn(ctx, tx, input.ID)
		if err != nil {
			return Event{}, err
		}
		updated = before
		if input.Body.Name != nil {
			updated.Name = *input.Body.Name
		}
		if len(permissions) > 0 {
			updated.Permissions = permissions
		}
		return changeRole(ctx, tx, before, &updated, event)
	})
	if err != nil {
		return nil, err
	}
	return &answer[api.Role]{Body: updated}, nil
}

// changeRole puts a role in place of what it was, within a transaction, and
// completes its event and the time of the change. It returns errUnchanged when
// both are the same.
func changeRole(ctx context.Context, tx Tx, before api.Role, after *api.Role, event Event) (Event, error) {
	event.ResourceID, event.ResourceName = after.ID, after.Name
	event.Metadata = map[string]string{
		"previous_name": before.Name,
		"permissions":   permissionsText(after.Permissions), "previous_permissions": permissionsText(before.Permissions),
	}
	if after.Name == before.Name && event.Metadata["permissions"] == event.Metadata["previous_permissions"] {
		return Event{}, errUnchanged
	}
	if err := mayShape(ctx, before, *after); err != nil {
		return Event{}, err
	}
	if err := roleNameIsFree(ctx, tx, after.Name, after.ID); err != nil {
		return Event{}, err
	}
	after.UpdatedAt = event.Time
	return event, tx.UpdateRole(ctx, *after)
}

// customRoleIn finds a role that may be changed, inside a transaction.
func customRoleIn(ctx context.Context, tx Tx, id string) (api.Role, error) {
	if id = strings.ToLower(id); !isID(id) {
		return api.Role{}, notFound("role")
	}
	role, err := tx.Role(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return api.Role{}, notFound("role")
	case err == nil && role.CreatedBy == api.CreatedBySystem:
		return api.Role{}, conflict(api.CodeConflict, "This is a system role, which cannot be changed or deleted.", nil)
	}
	return role, err
}

func (s *Server) deleteRole(ctx context.Context, input *roleInput) (*struct{}, error) {
	event := s.eventOn(ctx, ResourceRole, ActionRoleDelete)
	return nil, s.store.Write(ctx, func(tx Tx) (Event, error) {
		role, err := customRoleIn(ctx, tx, input.ID)
		if err != nil {
			return Event{}, err
		}
		return removeRole(ctx, tx, role, event)
	})
}

// removeRole deletes a role within a transaction and completes its event.
func removeRole(ctx context.Context, tx Tx, role api.Role, event Event) (Event, error) {
	if err := mayShape(ctx, role); err != nil {
		return Event{}, err
	}
	teams, err := tx.CountTeams(ctx, role.ID)
	if err != nil {
		return Event{}, err
	}
	if teams > 0 {
		return Event{}, conflict(api.CodeConflict, fmt.Sprintf(
			"This is the role of %s. Give them another role first.", counted(teams, "team")), nil)
	}
	event.ResourceID, event.ResourceName = role.ID, role.Name
	event.Metadata = map[string]string{"permissions": permissionsText(role.Permissions)}
	return event, tx.DeleteRole(ctx, role.ID, event.Time)
}
