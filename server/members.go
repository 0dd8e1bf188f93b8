package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations that change who is in a team.
const (
	opAddMembers    = "add-team-members"
	opRemoveMembers = "remove-team-members"
	opSetMembers    = "set-team-members"
)

var memberRules = map[string]rule{
	opAddMembers:    provision,
	opRemoveMembers: provision,
	opSetMembers:    provision,
}

// Actions and resource type of the audit events of a team's members. The
// metadata added_ids and removed_ids say whom, separated by commas.
const (
	ActionTeamAddMember    = "team.add_member"
	ActionTeamRemoveMember = "team.remove_member"
	ActionTeamSetMembers   = "team.set_members"

	ResourceTeam = "team"
)

func (s *Server) registerMembers(on huma.API) {
	const bound = " Lifeguard refuses (403) to add anybody to a team that can do more than the caller."
	const last = " The last active tenant-admin cannot be removed (409)."
	handle(s, on, operation{
		id: opAddMembers, method: http.MethodPost, path: api.PathAddMembers, documented: true,
		summary: "Add users to a team", description: "Those that are members already are skipped." + bound,
		refusals: writeRefusals,
	}, s.memberChange(ActionTeamAddMember, addMembers))
	handle(s, on, operation{
		id: opRemoveMembers, method: http.MethodPost, path: api.PathRemoveMembers, documented: true,
		summary: "Remove users from a team", description: "Those that are no members are skipped." + last,
		refusals: writeRefusals,
	}, s.memberChange(ActionTeamRemoveMember, removeMembers))
	handle(s, on, operation{
		id: opSetMembers, method: http.MethodPost, path: api.PathSetMembers, documented: true,
		summary: "Make a team's users exactly these", description: "An empty list empties the team; its service accounts stay." + bound + last,
		refusals: writeRefusals,
	}, s.memberChange(ActionTeamSetMembers, setMembers))
}

type membersInput struct {
	TeamID string `path:"team_id" doc:"Id of a team. One that is no UUID is answered with 404."`
	Body   struct {
		UserIDs []string `json:"user_ids" doc:"Ids of users."`
	}
}

// userIDs are the ids that were sent, each once and in lower case.
func (input *membersInput) userIDs() ([]string, error) {
	ids := make([]string, 0, len(input.Body.UserIDs))
	seen := make(map[string]bool, len(input.Body.UserIDs))
	for i, id := range input.Body.UserIDs {
		id = strings.ToLower(id)
		if !isID(id) {
			return nil, invalid(fmt.Sprintf("body.user_ids[%d]", i), errors.New("must be an id, which is a UUID"))
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// memberWork changes the users of a team to, or by, those named and returns
// the ids of those it added and removed.
type memberWork func(ctx context.Context, tx Tx, teamID string, userIDs []string, at time.Time) (added, removed []string, err error)

func addMembers(ctx context.Context, tx Tx, teamID string, userIDs []string, at time.Time) (added, removed []string, err error) {
	added, err = tx.AddMembers(ctx, teamID, userIDs, at)
	if errors.Is(err, ErrNotFound) {
		err = invalid("body.user_ids", errors.New("at least one of these users does not exist"))
	}
	return added, nil, err
}

func removeMembers(ctx context.Context, tx Tx, teamID string, userIDs []string, _ time.Time) (added, removed []string, err error) {
	removed, err = tx.RemoveMembers(ctx, teamID, userIDs)
	return nil, removed, err
}

func setMembers(ctx context.Context, tx Tx, teamID string, userIDs []string, at time.Time) (added, removed []string, err error) {
	before, err := tx.MemberIDs(ctx, teamID)
	if err != nil {
		return nil, nil, err
	}
	wanted := make(map[string]bool, len(userIDs))
	for _, id := range userIDs {
		wanted[id] = true
	}
	leaving := slices.DeleteFunc(before, func(id string) bool { return wanted[id] })
	if added, _, err = addMembers(ctx, tx, teamID, userIDs, at); err != nil {
		return nil, nil, err
	}
	removed, err = tx.RemoveMembers(ctx, teamID, leaving)
	return added, removed, err
}

func (s *Server) memberChange(action string, work memberWork) func(context.Context, *membersInput) (*answer[api.MembersChanged], error) {
	return func(ctx context.Context, input *membersInput) (*answer[api.MembersChanged], error) {
		ids, err := input.userIDs()
		if err != nil {
			return nil, err
		}
		event := s.eventOn(ctx, ResourceTeam, action)
		var added, removed []string
		err = s.change(ctx, func(tx Tx) (Event, error) {
			team, err := teamIn(ctx, tx, input.TeamID)
			if err != nil {
				return Event{}, err
			}
			if added, removed, err = work(ctx, tx, team.ID, ids, event.Time); err != nil {
				return Event{}, err
			}
			return changedMembers(ctx, tx, team, added, removed, event)
		})
		if err != nil {
			return nil, err
		}
		return &answer[api.MembersChanged]{Body: api.MembersChanged{Added: len(added), Removed: len(removed)}}, nil
	}
}

// changedMembers completes the event of a change of a team's users, which has
// happened within the transaction. It returns errUnchanged when nobody came or
// went.
func changedMembers(ctx context.Context, tx Tx, team api.Team, added, removed []string, event Event) (Event, error) {
	if len(added)+len(removed) == 0 {
		return Event{}, errUnchanged
	}
	event.ResourceID, event.ResourceName = team.ID, team.Name
	event.Metadata = map[string]string{"added_ids": strings.Join(added, ","), "removed_ids": strings.Join(removed, ",")}
	if len(added) > 0 {
		if err := mayAddTo(ctx, team); err != nil {
			return Event{}, err
		}
	}
	if len(removed) > 0 && isTenantAdmin(team.Role) {
		return event, keepsAnAdministrator(ctx, tx)
	}
	return event, nil
}

// teamIn finds the team that a path names, inside a transaction.
func teamIn(ctx context.Context, tx Tx, id string) (api.Team, error) {
	if id = strings.ToLower(id); !isID(id) {
		return api.Team{}, notFound("team")
	}
	team, err := tx.Team(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return api.Team{}, notFound("team")
	}
	return team, err
}
