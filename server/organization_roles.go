package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// planRoles plans the roles. The system's are there in any case.
func (p *planner) planRoles() error {
	var custom []api.Role
	for _, role := range p.before.Roles {
		p.roles[role.Name] = role
		if role.CreatedBy != api.CreatedBySystem {
			custom = append(custom, role)
		}
	}
	names := make([]wantedName, 0, len(p.wanted.Roles))
	for _, role := range p.wanted.Roles {
		names = append(names, wantedName{role.Name, role.Previously})
	}
	found, left := partners(custom, func(role api.Role) string { return role.Name }, names)
	for i, wanted := range p.wanted.Roles {
		placed, err := p.resolve(i, wanted.Permissions)
		if err != nil {
			return err
		}
		if found[i] == nil {
			err = p.planNewRole(i, wanted.Name, placed)
		} else {
			err = p.planChangedRole(i, *found[i], wanted.Name, placed)
		}
		if err != nil {
			return err
		}
	}
	for _, role := range left {
		event := p.event(ResourceRole, ActionRoleDelete)
		p.tell(api.ChangeDelete, ResourceRole, role.Name)
		p.add(deleteRoles, fmt.Sprintf("Role %q", role.Name), func(ctx context.Context, tx Tx) (Event, error) {
			return removeRole(ctx, tx, role, event)
		})
	}
	return nil
}

func (p *planner) planNewRole(i int, name string, placed []api.Permission) error {
	if err := p.checkRole(i, name, placed); err != nil {
		return err
	}
	permissions := api.UnionPermissions(placed)
	event := p.event(ResourceRole, ActionRoleCreate)
	role := api.Role{
		ID: p.server.source.newID(), Name: name, CreatedBy: api.CreatedByUser, Permissions: permissions,
		CreatedAt: event.Time, UpdatedAt: event.Time,
	}
	p.roles[name] = role
	p.tell(api.ChangeCreate, ResourceRole, name, api.FieldChange{Field: "permissions", Added: p.words(permissions)})
	p.add(shapeRoles, fmt.Sprintf("Role %q", name), func(ctx context.Context, tx Tx) (Event, error) {
		return addRole(ctx, tx, role, event)
	})
	return nil
}

func (p *planner) planChangedRole(i int, before api.Role, name string, placed []api.Permission) error {
	permissions := api.UnionPermissions(placed)
	after := before
	after.Name, after.Permissions = name, permissions
	p.roles[name] = after
	if name == before.Name && permissionsText(permissions) == permissionsText(before.Permissions) {
		return nil
	}
	if err := p.checkRole(i, name, placed); err != nil {
		return err
	}
	come, gone := comeAndGo(p.words(before.Permissions), p.words(permissions))
	p.tell(api.ChangeUpdate, ResourceRole, name, api.FieldChange{Field: "name", From: before.Name, To: name},
		api.FieldChange{Field: "permissions", Added: come, Removed: gone})
	event := p.event(ResourceRole, ActionRoleUpdate)
	p.add(shapeRoles, fmt.Sprintf("Role %q", name), func(ctx context.Context, tx Tx) (Event, error) {
		return changeRole(ctx, tx, before, &after, event)
	})
	return nil
}

// checkRole refuses a new or changed role that single requests would refuse.
// The permissions are in their places in the document: merged, they are not.
func (p *planner) checkRole(i int, name string, placed []api.Permission) error {
	if err := api.CheckName(name); err != nil {
		return invalid(fmt.Sprintf("body.roles[%d].name", i), err)
	}
	if len(placed) == 0 {
		return invalid(fmt.Sprintf("body.roles[%d].permissions", i), errors.New("must grant at least one permission"))
	}
	_, err := checkPermissions(fmt.Sprintf("body.roles[%d].permissions", i), placed)
	return err
}

// resolve is what a role of the document grants, with the ids of teams in
// place of their names. The document stays as it is: a transaction may have to
// be tried again, and a new team has another id then.
func (p *planner) resolve(i int, permissions []api.Permission) ([]api.Permission, error) {
	permissions = slices.Clone(permissions)
	for j := range permissions {
		permission := &permissions[j]
		if !permission.Action.TeamScoped() {
			continue
		}
		permission.Resources = slices.Clone(permission.Resources)
		for k, name := range permission.Resources {
			id, ok := p.teamIDs[name]
			switch {
			case ok:
				permission.Resources[k] = id
			case isID(name):
				permission.Resources[k] = strings.ToLower(name)
			default:
				return nil, invalid(fmt.Sprintf("body.roles[%d].permissions[%d].resources[%d]", i, j, k),
					errors.New("is no team of this document"))
			}
		}
	}
	return permissions, nil
}

// nameTeams gives every team of the document its id: that of the team that it
// is, or a new one.
func (p *planner) nameTeams() {
	names := make([]wantedName, 0, len(p.wanted.Teams))
	for _, team := range p.wanted.Teams {
		names = append(names, wantedName{team.Name, team.Previously})
	}
	for _, team := range p.before.Teams {
		p.teamNames[team.ID] = team.Name
	}
	found, _ := partners(p.before.Teams, func(team DirectoryTeam) string { return team.Name }, names)
	for i, team := range p.wanted.Teams {
		id := ""
		if found[i] != nil {
			id = found[i].ID
		} else {
			id = p.server.source.newID()
		}
		p.teamIDs[team.Name], p.teamNames[id] = id, team.Name
		p.teams = append(p.teams, api.Team{ID: id, Name: team.Name})
	}
}

// words are permissions as a plan tells them, one for each resource, sorted.
func (p *planner) words(permissions []api.Permission) []string {
	words := []string{}
	for _, permission := range named(permissions, p.teamNames) {
		if permission.Scope != api.ScopeSpecific {
			words = append(words, string(permission.Action))
		}
		for _, resource := range permission.Resources {
			words = append(words, string(permission.Action)+" on "+resource)
		}
	}
	slices.Sort(words)
	return words
}
