package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations that change users.
const (
	opCreateUser = "create-user"
	opUpdateUser = "update-user"
	opDeleteUser = "delete-user"
)

var userWriteRules = map[string]rule{
	opCreateUser: provision,
	opUpdateUser: provision,
	opDeleteUser: provision,
}

// Actions and resource type of the audit events of users.
const (
	ActionUserCreate    = "user.create"
	ActionUserActivate  = "user.activate" // the first use of a key
	ActionUserUpdate    = "user.update"
	ActionUserSuspend   = "user.suspend"
	ActionUserUnsuspend = "user.unsuspend"
	ActionUserDelete    = "user.delete"

	ResourceUser = "user"
)

// The body's errors, besides those that every write has.
var writeRefusals = []int{
	http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
}

func (s *Server) registerUserWrites(on huma.API) {
	handle(s, on, operation{
		id: opCreateUser, method: http.MethodPost, path: api.PathUsers, documented: true, status: http.StatusCreated,
		summary: "Create a user",
		description: "Lifeguard refuses (403) to add a user to a team that can do more than the caller. The user is created, " +
			"and becomes active with the first use of a key.",
		refusals: writeRefusals,
	}, s.createUser)
	handle(s, on, operation{
		id: opUpdateUser, method: http.MethodPatch, path: api.PathUser, documented: true,
		summary: "Change, suspend or unsuspend a user",
		description: "While a user is suspended its developer keys are refused; service accounts that it made go on working. " +
			"The last active tenant-admin cannot be suspended (409).",
		refusals: writeRefusals,
	}, s.updateUser)
	handle(s, on, operation{
		id: opDeleteUser, method: http.MethodDelete, path: api.PathUser, documented: true, status: http.StatusNoContent,
		summary: "Delete a user",
		description: "The user's developer keys are refused from the moment of the answer; service accounts that it made go on " +
			"working. The last active tenant-admin cannot be deleted (409).",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, s.deleteUser)
}

// errUnchanged ends a transaction in which there was nothing to change.
var errUnchanged = errors.New("nothing to change")

// change is Store.Write for a change that may turn out to be none: then there
// is no event either.
func (s *Server) change(ctx context.Context, change func(tx Tx) (Event, error)) error {
	if err := s.store.Write(ctx, change); !errors.Is(err, errUnchanged) {
		return err
	}
	return nil
}

// eventOn begins the audit event of a mutation by the caller of a request.
func (s *Server) eventOn(ctx context.Context, resourceType, action string) Event {
	event := s.event(ctx, callerOf(ctx), action)
	event.ResourceType = resourceType
	event.Metadata = map[string]string{}
	return event
}

// activate notes that a user has used a key for the first time.
func (s *Server) activate(ctx context.Context, identity Identity) error {
	event := s.event(ctx, caller{Identity: identity}, ActionUserActivate)
	event.ResourceType, event.ResourceID, event.ResourceName = ResourceUser, identity.ID, identity.Email
	return s.change(ctx, func(tx Tx) (Event, error) {
		user, err := tx.User(ctx, identity.ID)
		if errors.Is(err, ErrNotFound) || err == nil && user.Status != UserCreated {
			return Event{}, errUnchanged
		}
		if err != nil {
			return Event{}, err
		}
		user.Status, user.UpdatedAt = UserActive, event.Time
		return event, tx.UpdateUser(ctx, user.User)
	})
}

// keepsAnAdministrator refuses what has left nobody who may do everything: the
// organization would be out of everyone's hands. It looks inside the
// transaction, after the change, so that no two changes can do it together.
func keepsAnAdministrator(ctx context.Context, tx Tx) error {
	remains, err := tx.HasActiveAdministrator(ctx)
	if err != nil {
		return err
	}
	if !remains {
		return conflict(api.CodeConflict, fmt.Sprintf(
			"This would leave the organization without an active user whose team has the role %s. Give that role to another user first.",
			api.RoleTenantAdmin), nil)
	}
	return nil
}

type createUserInput struct {
	Body struct {
		Email string    `json:"email" doc:"Unique in any case among the users that are not deleted."`
		Name  string    `json:"name,omitempty" doc:"1 to 64 characters of any script."`
		Teams []teamRef `json:"teams,omitempty" maxItems:"50" doc:"Teams that the user becomes a member of."`
		// The limit of its length is said once, by [parseSSHKeys].
		SSHKeys []string `json:"ssh_keys,omitempty" doc:"Lifeguard's extension: OpenSSH public keys to sign in with, as in a user."`
	}
}

type teamRef struct {
	ID string `json:"id" doc:"Id of a team."`
}

func (s *Server) createUser(ctx context.Context, input *createUserInput) (*answer[api.User], error) {
	email, name := norm.NFC.String(input.Body.Email), norm.NFC.String(input.Body.Name)
	if err := checkEmail(email); err != nil {
		return nil, invalid("body.email", err)
	}
	if err := checkUserName(name); err != nil {
		return nil, err
	}
	keys, err := parseSSHKeys("body.ssh_keys", input.Body.SSHKeys)
	if err != nil {
		return nil, err
	}
	event := s.eventOn(ctx, ResourceUser, ActionUserCreate)
	user := User{ID: s.source.newID(), Email: email, Name: name, Status: UserCreated, CreatedAt: event.Time, UpdatedAt: event.Time}
	var made UserDetails
	err = s.store.Write(ctx, func(tx Tx) (Event, error) {
		// Before the teams are looked for: an email that is taken is said first.
		if err := emailIsFree(ctx, tx, email, user.ID); err != nil {
			return Event{}, err
		}
		teams, err := teamsToJoin(ctx, tx, input.Body.Teams)
		if err != nil {
			return Event{}, err
		}
		created, err := addUser(ctx, tx, UserDetails{User: user, SSHKeys: keys}, teams, event)
		if err == nil {
			made, err = tx.User(ctx, user.ID)
		}
		return created, err
	})
	if err != nil {
		return nil, err
	}
	return &answer[api.User]{Body: shownUser(made)}, nil
}

// addUser makes a user who is a member of teams, within a transaction, and
// completes its event. That the caller may add to the teams is known.
func addUser(ctx context.Context, tx Tx, user UserDetails, teamIDs []string, event Event) (Event, error) {
	if err := emailIsFree(ctx, tx, user.Email, user.ID); err != nil {
		return Event{}, err
	}
	if err := tx.InsertUser(ctx, user.User); err != nil {
		return Event{}, err
	}
	for _, id := range teamIDs {
		if err := tx.InsertMember(ctx, id, user.ID, event.Time); err != nil {
			return Event{}, err
		}
	}
	event.ResourceID, event.ResourceName = user.ID, user.Email
	event.Metadata = map[string]string{"team_ids": strings.Join(teamIDs, ",")}
	return event, changeSSHKeys(ctx, tx, UserDetails{User: user.User}, user.SSHKeys, event)
}

func checkUserName(name string) error {
	if name == "" {
		return nil
	}
	if err := api.CheckName(name); err != nil {
		return invalid("body.name", err)
	}
	return nil
}

func emailIsFree(ctx context.Context, tx Tx, email, except string) error {
	switch other, err := tx.UserByEmail(ctx, email); {
	case errors.Is(err, ErrNotFound) || err == nil && other.ID == except:
		return nil
	case err != nil:
		return err
	}
	return conflict(api.CodeConflict, "Another user has this email address already.", nil)
}

// teamsToJoin checks that the caller may add members to each of the teams, and
// returns their ids, each once.
func teamsToJoin(ctx context.Context, tx Tx, teams []teamRef) ([]string, error) {
	ids := make([]string, 0, len(teams))
	seen := map[string]bool{}
	for i, ref := range teams {
		id := strings.ToLower(ref.ID)
		if seen[id] {
			continue
		}
		seen[id] = true
		err := ErrNotFound
		var team api.Team
		if isID(id) {
			team, err = tx.Team(ctx, id)
		}
		if errors.Is(err, ErrNotFound) {
			return nil, invalid(fmt.Sprintf("body.teams[%d].id", i), errors.New("there is no such team"))
		}
		if err != nil {
			return nil, err
		}
		if err := mayAddTo(ctx, team); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// mayAddTo refuses to make somebody a member of a team that can do more than
// the caller: who may provision users could otherwise make themselves
// anything.
func mayAddTo(ctx context.Context, team api.Team) error {
	missing := api.MissingPermissions(callerOf(ctx).permissions, permissionsOf(team.Role))
	if len(missing) == 0 {
		return nil
	}
	return exceeds("This team can do more than you", "Nobody adds members to a team with permissions they lack", missing)
}

// userIn finds the user that a path names, inside a transaction.
func userIn(ctx context.Context, tx Tx, id string) (UserDetails, error) {
	if id = strings.ToLower(id); !isID(id) {
		return UserDetails{}, notFound("user")
	}
	user, err := tx.User(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return UserDetails{}, notFound("user")
	}
	return user, err
}

func (s *Server) deleteUser(ctx context.Context, input *userInput) (*struct{}, error) {
	event := s.eventOn(ctx, ResourceUser, ActionUserDelete)
	return nil, s.store.Write(ctx, func(tx Tx) (Event, error) {
		user, err := userIn(ctx, tx, input.UserID)
		if err != nil {
			return Event{}, err
		}
		return removeUser(ctx, tx, user.User, event)
	})
}

// removeUser deletes a user within a transaction and completes its event.
func removeUser(ctx context.Context, tx Tx, user User, event Event) (Event, error) {
	event.ResourceID, event.ResourceName = user.ID, user.Email
	event.Metadata = map[string]string{"name": user.Name}
	err := tx.DeleteUser(ctx, user.ID, event.Time)
	if err == nil && user.Status == UserActive {
		err = keepsAnAdministrator(ctx, tx)
	}
	return event, err
}
