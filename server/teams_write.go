package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations that change teams.
const (
	opCreateTeam = "create-team"
	opUpdateTeam = "update-team"
	opDeleteTeam = "delete-team"
)

var teamWriteRules = map[string]rule{
	opCreateTeam: provision,
	opUpdateTeam: provision,
	opDeleteTeam: provision,
}

// Actions of the audit events of teams.
const (
	ActionTeamCreate = "team.create"
	ActionTeamUpdate = "team.update"
	ActionTeamDelete = "team.delete"
)

func (s *Server) registerTeamWrites(on huma.API) {
	handle(s, on, operation{
		id: opCreateTeam, method: http.MethodPost, path: api.PathTeams, status: http.StatusCreated,
		summary:     "Create a team",
		description: "Without a role the team gets the role developer, which grants nothing. A role that can do more than the caller is refused (403).",
		refusals:    writeRefusals,
	}, s.createTeam)
	handle(s, on, operation{
		id: opUpdateTeam, method: http.MethodPatch, path: api.PathTeam,
		summary: "Rename a team, or give it another role",
		description: "Neither the team as it is nor the new role may do more than the caller (403). The team of the last active " +
			"tenant-admin keeps its role (409).",
		refusals: writeRefusals,
	}, s.updateTeam)
	handle(s, on, operation{
		id: opDeleteTeam, method: http.MethodDelete, path: api.PathTeam, status: http.StatusNoContent,
		summary: "Delete a team",
		description: "Its users lose what it granted. A team that has service accounts, or the last active tenant-admin, is not " +
			"deleted (409), nor is one that can do more than the caller (403).",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, s.deleteTeam)
}

type createTeamInput struct {
	Body struct {
		Name   string `json:"name" doc:"1 to 64 characters of any script, unique."`
		RoleID string `json:"role_id,omitempty" doc:"Id of the team's role; the role developer when it is left out."`
	}
}

func (s *Server) createTeam(ctx context.Context, input *createTeamInput) (*answer[api.Team], error) {
	name := norm.NFC.String(input.Body.Name)
	if err := api.CheckName(name); err != nil {
		return nil, invalid("body.name", err)
	}
	event := s.eventOn(ctx, ResourceTeam, ActionTeamCreate)
	team := api.Team{ID: s.source.newID(), Name: name, CreatedAt: event.Time, UpdatedAt: event.Time}
	var made api.Team
	err := s.store.Write(ctx, func(tx Tx) (Event, error) {
		// Before the role is looked for: a name that is taken is said first.
		if err := teamNameIsFree(ctx, tx, name, ""); err != nil {
			return Event{}, err
		}
		var err error
		if team.Role, err = roleForTeam(ctx, tx, input.Body.RoleID); err != nil {
			return Event{}, err
		}
		created, err := addTeam(ctx, tx, team, event)
		if err == nil {
			made, err = tx.Team(ctx, team.ID)
		}
		return created, err
	})
	if err != nil {
		return nil, err
	}
	return &answer[api.Team]{Body: shownTeam(made)}, nil
}

// addTeam makes a team within a transaction and completes its event.
func addTeam(ctx context.Context, tx Tx, team api.Team, event Event) (Event, error) {
	if err := teamNameIsFree(ctx, tx, team.Name, ""); err != nil {
		return Event{}, err
	}
	if err := mayShape(ctx, team.Role); err != nil {
		return Event{}, err
	}
	event.ResourceID, event.ResourceName = team.ID, team.Name
	event.Metadata = map[string]string{"role_id": team.Role.ID, "role_name": team.Role.Name}
	return event, tx.InsertTeam(ctx, team)
}

func teamNameIsFree(ctx context.Context, tx Tx, name, except string) error {
	switch other, err := tx.TeamByName(ctx, name); {
	case errors.Is(err, ErrNotFound) || err == nil && other.ID == except:
		return nil
	case err != nil:
		return err
	}
	return conflict(api.CodeNameTaken, "There is another team of this name. Choose another name.", nil)
}

// roleForTeam is the role that was asked for, or the one of a team that asks
// for none.
func roleForTeam(ctx context.Context, tx Tx, id string) (api.Role, error) {
	if id == "" {
		return tx.RoleByName(ctx, api.RoleDeveloper)
	}
	err := ErrNotFound
	var role api.Role
	if id = strings.ToLower(id); isID(id) {
		role, err = tx.Role(ctx, id)
	}
	if errors.Is(err, ErrNotFound) {
		return api.Role{}, invalid("body.role_id", errors.New("there is no such role"))
	}
	return role, err
}

// mayShape refuses to make, give or take away what can do more than the
// caller: who may provision users could otherwise give, or take from others,
// permissions that they lack themselves.
func mayShape(ctx context.Context, roles ...api.Role) error {
	for _, role := range roles {
		missing := api.MissingPermissions(callerOf(ctx).permissions, permissionsOf(role))
		if len(missing) > 0 {
			return exceeds("This role can do more than you", "Nobody gives or changes a role with permissions they lack", missing)
		}
	}
	return nil
}

type updateTeamInput struct {
	TeamID string `path:"team_id" doc:"Id of a team. One that is no UUID is answered with 404."`
	Body   struct {
		Name   *string `json:"name,omitempty" doc:"1 to 64 characters of any script, unique."`
		RoleID *string `json:"role_id,omitempty" doc:"Id of the team's role."`
	}
}

func (s *Server) updateTeam(ctx context.Context, input *updateTeamInput) (*answer[api.Team], error) {
	if name := input.Body.Name; name != nil {
		*name = norm.NFC.String(*name)
		if err := api.CheckName(*name); err != nil {
			return nil, invalid("body.name", err)
		}
	}
	if id := input.Body.RoleID; id != nil && *id == "" {
		return nil, invalid("body.role_id", errors.New("a team always has a role: name one or leave this out"))
	}
	event := s.eventOn(ctx, ResourceTeam, ActionTeamUpdate)
	var updated api.Team
	err := s.change(ctx, func(tx Tx) (Event, error) {
		before, err := teamIn(ctx, tx, input.TeamID)
		if err != nil {
			return Event{}, err
		}
		updated = before
		if input.Body.Name != nil {
			updated.Name = *input.Body.Name
		}
		if input.Body.RoleID != nil {
			if updated.Role, err = roleForTeam(ctx, tx, *input.Body.RoleID); err != nil {
				return Event{}, err
			}
		}
		return changeTeam(ctx, tx, before, &updated, event)
	})
	if err != nil {
		return nil, err
	}
	updated.Role = roleOfTeam(updated.Role)
	return &answer[api.Team]{Body: shownTeam(updated)}, nil
}

// roleOfTeam is a role as it stands in a team.
func roleOfTeam(role api.Role) api.Role {
	return api.Role{ID: role.ID, Name: role.Name, CreatedBy: role.CreatedBy, Permissions: role.Permissions}
}

// changeTeam puts a team in place of what it was, within a transaction, and
// completes its event and the time of the change. It returns errUnchanged when
// both are the same.
func changeTeam(ctx context.Context, tx Tx, before api.Team, after *api.Team, event Event) (Event, error) {
	if after.Name == before.Name && after.Role.ID == before.Role.ID {
		return Event{}, errUnchanged
	}
	if err := mayShape(ctx, before.Role, after.Role); err != nil {
		return Event{}, err
	}
	if err := teamNameIsFree(ctx, tx, after.Name, after.ID); err != nil {
		return Event{}, err
	}
	event.ResourceID, event.ResourceName = after.ID, after.Name
	event.Metadata = map[string]string{
		"previous_name": before.Name, "role_id": after.Role.ID, "role_name": after.Role.Name,
		"previous_role_id": before.Role.ID, "previous_role_name": before.Role.Name,
	}
	after.UpdatedAt = event.Time
	err := tx.UpdateTeam(ctx, *after)
	if err == nil && isTenantAdmin(before.Role) && !isTenantAdmin(after.Role) {
		err = keepsAnAdministrator(ctx, tx)
	}
	return event, err
}

func (s *Server) deleteTeam(ctx context.Context, input *teamInput) (*struct{}, error) {
	event := s.eventOn(ctx, ResourceTeam, ActionTeamDelete)
	return nil, s.store.Write(ctx, func(tx Tx) (Event, error) {
		team, err := teamIn(ctx, tx, input.TeamID)
		if err != nil {
			return Event{}, err
		}
		return removeTeam(ctx, tx, team, event)
	})
}

// removeTeam deletes a team within a transaction and completes its event.
func removeTeam(ctx context.Context, tx Tx, team api.Team, event Event) (Event, error) {
	if err := mayShape(ctx, team.Role); err != nil {
		return Event{}, err
	}
	accounts, err := tx.CountServiceAccounts(ctx, team.ID)
	if err != nil {
		return Event{}, err
	}
	if accounts > 0 {
		return Event{}, conflict(api.CodeConflict, fmt.Sprintf(
			"This team still has %s. Delete %s first.", counted(accounts, "service account"), map[bool]string{true: "it", false: "them"}[accounts == 1]), nil)
	}
	members, err := tx.MemberIDs(ctx, team.ID)
	if err != nil {
		return Event{}, err
	}
	event.ResourceID, event.ResourceName = team.ID, team.Name
	event.Metadata = map[string]string{
		"role_id": team.Role.ID, "role_name": team.Role.Name, "removed_ids": strings.Join(members, ","),
	}
	err = tx.DeleteTeam(ctx, team.ID, event.Time)
	if err == nil && isTenantAdmin(team.Role) {
		err = keepsAnAdministrator(ctx, tx)
	}
	return event, err
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
