package tui_test

import (
	"context"
	"fmt"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Members of a team are as many as its name has letters.
func (a *authority) Members(ctx context.Context, teamID string, options api.ListOptions) (api.MemberList, error) {
	if err := a.enter(ctx, "members"); err != nil {
		return api.MemberList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	list := api.MemberList{Users: []api.Member{}}
	for _, team := range a.teams {
		if team.ID == teamID {
			total := len(team.Name)
			list.Total = &total
			for i := range min(total, options.PageSize) {
				list.Users = append(list.Users, api.Member{ID: fmt.Sprint("u-", i), Email: fmt.Sprintf("person-%d@example.com", i)})
			}
		}
	}
	return list, nil
}

func (a *authority) Roles(ctx context.Context, _ api.ListOptions) (api.RoleList, error) {
	if err := a.enter(ctx, "roles"); err != nil {
		return api.RoleList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	// The first page is empty: servers may answer like that.
	return api.RoleList{Roles: []api.Role{}, Links: api.Links{Next: "/roles"}}, nil
}

func (a *authority) NextRoles(ctx context.Context, _ string) (api.RoleList, error) {
	if err := a.enter(ctx, "roles"); err != nil {
		return api.RoleList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return api.RoleList{Roles: []api.Role{a.teams[0].Role, a.teams[1].Role, a.teams[2].Role}}, nil
}

func (a *authority) CreateTeam(ctx context.Context, create api.CreateTeam) (api.Team, error) {
	a.mu.Lock()
	for _, team := range a.teams {
		if team.Name == create.Name {
			a.mu.Unlock()
			return api.Team{}, &api.Error{Kind: api.KindRefused, Code: api.CodeNameTaken, Status: 409, Detail: "There is another team of this name. Choose another name."}
		}
	}
	made := api.Team{ID: "t-new", Name: create.Name}
	for _, team := range a.teams {
		if team.Role.ID == create.RoleID {
			made.Role = team.Role
		}
	}
	a.teams = append(a.teams[:len(a.teams):len(a.teams)], made)
	a.mu.Unlock()
	// A failure on the way back leaves the team: its answer is lost.
	return made, a.enter(ctx, "create-team")
}
