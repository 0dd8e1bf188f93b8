package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lifeguard-keys/lifeguard/api"
)

// planTeams plans the teams and who is in them.
func (p *planner) planTeams() error {
	before := map[string]DirectoryTeam{}
	for _, team := range p.before.Teams {
		before[team.ID] = team
	}
	for i, wanted := range p.wanted.Teams {
		was, known := before[p.teams[i].ID]
		delete(before, was.ID)
		members, err := p.planMembers(i, was.MemberIDs, wanted.Members)
		switch {
		case err != nil:
		case known:
			err = p.planChangedTeam(i, was.Team, wanted, members)
		default:
			err = p.planNewTeam(i, wanted, members)
		}
		if err != nil {
			return err
		}
	}
	for _, team := range p.before.Teams {
		if _, left := before[team.ID]; !left {
			continue
		}
		event := p.event(ResourceTeam, ActionTeamDelete)
		p.tell(api.ChangeDelete, ResourceTeam, team.Name, api.FieldChange{Field: "members", Removed: p.emailsBefore(team.MemberIDs)})
		p.add(deleteTeams, fmt.Sprintf("Team %q", team.Name), func(ctx context.Context, tx Tx) (Event, error) {
			return removeTeam(ctx, tx, team.Team, event)
		})
	}
	return nil
}

func (p *planner) planNewTeam(i int, wanted api.DeclaredTeam, members api.FieldChange) error {
	if err := api.CheckName(wanted.Name); err != nil {
		return invalid(fmt.Sprintf("body.teams[%d].name", i), err)
	}
	event := p.event(ResourceTeam, ActionTeamCreate)
	team := &p.teams[i]
	team.Role, team.CreatedAt, team.UpdatedAt = p.roles[wanted.Role], event.Time, event.Time
	p.tell(api.ChangeCreate, ResourceTeam, team.Name, api.FieldChange{Field: "role", To: wanted.Role}, members)
	p.add(shapeTeams, fmt.Sprintf("Team %q", team.Name), func(ctx context.Context, tx Tx) (Event, error) {
		return addTeam(ctx, tx, *team, event)
	})
	return nil
}

func (p *planner) planChangedTeam(i int, before api.Team, wanted api.DeclaredTeam, members api.FieldChange) error {
	role := p.roles[wanted.Role]
	after := before
	after.Name, after.Role = wanted.Name, role
	p.teams[i] = after
	if after.Name == before.Name && role.ID == before.Role.ID {
		if len(members.Added)+len(members.Removed) > 0 {
			p.tell(api.ChangeUpdate, ResourceTeam, after.Name, members)
		}
		return nil
	}
	if after.Name != before.Name {
		if err := api.CheckName(after.Name); err != nil {
			return invalid(fmt.Sprintf("body.teams[%d].name", i), err)
		}
	}
	event := p.event(ResourceTeam, ActionTeamUpdate)
	fields := []api.FieldChange{{Field: "name", From: before.Name, To: after.Name}}
	if role.ID != before.Role.ID { // else it was renamed, which is said there
		fields = append(fields, api.FieldChange{Field: "role", From: before.Role.Name, To: role.Name})
	}
	p.tell(api.ChangeUpdate, ResourceTeam, after.Name, append(fields, members)...)
	p.add(shapeTeams, fmt.Sprintf("Team %q", after.Name), func(ctx context.Context, tx Tx) (Event, error) {
		changed := after
		return changeTeam(ctx, tx, before, &changed, event)
	})
	return nil
}

// planMembers plans who comes into a team of the document and who leaves it.
func (p *planner) planMembers(i int, before []string, emails []string) (api.FieldChange, error) {
	change := api.FieldChange{Field: "members"}
	wanted := make([]string, 0, len(emails))
	for j, email := range emails {
		id, ok := p.users[foldEmail(email)]
		if !ok {
			return change, invalid(fmt.Sprintf("body.teams[%d].members[%d]", i, j), errors.New("is no user of this document"))
		}
		wanted = append(wanted, id)
	}
	come, gone := comeAndGo(before, wanted)
	// A user that is deleted leaves its teams with that.
	gone = slices.DeleteFunc(gone, func(id string) bool { return !p.kept[id] })
	if len(come)+len(gone) == 0 {
		return change, nil
	}
	for _, id := range come {
		change.Added = append(change.Added, emails[slices.Index(wanted, id)])
	}
	change.Removed = p.emailsBefore(gone)
	event := p.event(ResourceTeam, ActionTeamSetMembers)
	team := &p.teams[i]
	p.add(moveMembers, fmt.Sprintf("Team %q", team.Name), func(ctx context.Context, tx Tx) (Event, error) {
		added, err := tx.AddMembers(ctx, team.ID, come, event.Time)
		if err != nil {
			return Event{}, err
		}
		removed, err := tx.RemoveMembers(ctx, team.ID, gone)
		if err != nil {
			return Event{}, err
		}
		return changedMembers(ctx, tx, *team, added, removed, event)
	})
	return change, nil
}

// emailsBefore are the emails of users as they were.
func (p *planner) emailsBefore(ids []string) []string {
	emails := make([]string, 0, len(ids))
	for _, id := range ids {
		emails = append(emails, p.emails[id])
	}
	return emails
}
