package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations of access control.
const (
	opListUsers   = "list-users"
	opGetUser     = "get-user"
	opUserTeams   = "list-user-teams"
	opTeamMembers = "list-team-members"
	opListRoles   = "list-roles"
	opGetRole     = "get-role"
)

// provision is the permission for everything about users, teams and roles.
var provision = rule{anyOf: []api.Action{api.ProvisionUsersWithSCIM}}

var accessRules = map[string]rule{
	opListUsers:   provision,
	opGetUser:     provision,
	opUserTeams:   provision,
	opTeamMembers: provision,
	opListRoles:   provision,
	opGetRole:     provision,
}

func (s *Server) registerUsers(on huma.API) {
	handle(s, on, operation{
		id: opListUsers, method: http.MethodGet, path: api.PathUsers, documented: true,
		summary: "Users",
		description: "Paged by start_token only. Lifeguard orders them by email, and leaves deleted users out unless status " +
			"asks for them.",
		refusals: []int{http.StatusUnprocessableEntity},
	}, s.listUsers)
	handle(s, on, operation{
		id: opGetUser, method: http.MethodGet, path: api.PathUser, documented: true,
		summary: "One user", description: "An unknown, malformed or deleted id is 404.",
		refusals: []int{http.StatusNotFound},
	}, s.getUser)
	handle(s, on, operation{
		id: opUserTeams, method: http.MethodGet, path: api.PathUserTeams, documented: true,
		summary: "The teams of a user", description: "Ordered by name.",
		refusals: []int{http.StatusNotFound, http.StatusUnprocessableEntity},
	}, s.listUserTeams)
	handle(s, on, operation{
		id: opTeamMembers, method: http.MethodGet, path: api.PathTeamMembers, documented: true,
		summary: "The users of a team", description: "Ordered by email. Service accounts are not among them.",
		refusals: []int{http.StatusNotFound, http.StatusUnprocessableEntity},
	}, s.listMembers)
}

// listUsersInput has the parameters of paging without page numbers. Number is
// taken to be refused: who sends it would get the first page for ever.
type listUsersInput struct {
	PageSize      int      `query:"page_size" minimum:"1" maximum:"300" default:"20" doc:"Rows on a page."`
	StartToken    string   `query:"start_token" minLength:"4" maxLength:"4096" doc:"Opaque, from links.next."`
	IncludeTotals bool     `query:"include_totals" doc:"Also count all rows that match, as total."`
	Number        string   `query:"page" hidden:"true"`
	Email         string   `query:"email" maxLength:"256" doc:"Exactly this email, in any case."`
	Status        []string `query:"status" maxItems:"4" enum:"created,active,suspended,deleted" doc:"Any of these, separated by commas."`
	Team          string   `query:"team" doc:"Id of a team."`
}

func (input *listUsersInput) query() (UserQuery, PageInput, error) {
	paged := PageInput{PageSize: input.PageSize, StartToken: input.StartToken, IncludeTotals: input.IncludeTotals}
	query := UserQuery{UserFilter: api.UserFilter{Email: input.Email, Team: strings.ToLower(input.Team)}}
	for _, status := range input.Status {
		query.Statuses = append(query.Statuses, api.UserStatus(status))
	}
	switch {
	case input.Number != "":
		return query, paged, invalid("query.page", errors.New("is not taken: users are paged by start_token only"))
	case !isText(query.Email):
		return query, paged, invalid("query.email", errNoText)
	case query.Team != "" && !isID(query.Team):
		return query, paged, invalid("query.team", errors.New("must be an id, which is a UUID"))
	}
	var err error
	query.PageQuery, err = paged.query()
	return query, paged, err
}

func (s *Server) listUsers(ctx context.Context, input *listUsersInput) (*answer[api.UserList], error) {
	query, paged, err := input.query()
	if err != nil {
		return nil, err
	}
	found, err := s.store.Users(ctx, query)
	if err != nil {
		return nil, err
	}
	list := api.UserList{Users: make([]api.User, 0, len(found.Users)), Total: paged.total(found.Total)}
	for _, user := range found.Users {
		list.Users = append(list.Users, shownUser(user))
	}
	list.Links = paged.linksAfter(api.PathUsers, map[string]string{
		"email": input.Email, "status": strings.Join(input.Status, ","), "team": input.Team,
	}, found.Next)
	return &answer[api.UserList]{Body: list}, nil
}

// linksAfter is links where the store says where the next page starts.
func (p PageInput) linksAfter(path string, filters map[string]string, next *Cursor) api.Links {
	if next == nil {
		return api.Links{}
	}
	return p.links(path, filters, true, *next)
}

// shownUser is a user as the API shows it, with the first page of its teams.
func shownUser(user UserDetails) api.User {
	shown := api.User{
		ID: user.ID, Email: user.Email, Name: user.Name, Status: user.Status, Teams: api.UserTeams{Teams: user.Teams},
		SSHKeys: lines(user.SSHKeys), CreatedAt: user.CreatedAt, UpdatedAt: user.UpdatedAt, DeletedAt: user.DeletedAt,
	}
	if user.MoreTeams {
		last := user.Teams[len(user.Teams)-1]
		shown.Teams.Links = PageInput{PageSize: api.DefaultPageSize}.links(userTeamsPath(user.ID), nil, true, Cursor{Name: last.Name, ID: last.ID})
	}
	return shown
}

func userTeamsPath(id string) string { return strings.Replace(api.PathUserTeams, "{user_id}", id, 1) }

func membersPath(teamID string) string {
	return strings.Replace(api.PathTeamMembers, "{team_id}", teamID, 1)
}

type userInput struct {
	UserID string `path:"user_id" doc:"Id of a user. One that is no UUID is answered with 404."`
}

// user finds the user that a path names.
func (s *Server) user(ctx context.Context, id string) (UserDetails, error) {
	if id = strings.ToLower(id); !isID(id) {
		return UserDetails{}, notFound("user")
	}
	user, err := s.store.User(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return UserDetails{}, notFound("user")
	}
	return user, err
}

func (s *Server) getUser(ctx context.Context, input *userInput) (*answer[api.User], error) {
	user, err := s.user(ctx, input.UserID)
	if err != nil {
		return nil, err
	}
	return &answer[api.User]{Body: shownUser(user)}, nil
}

type listUserTeamsInput struct {
	PageInput
	UserID string `path:"user_id" doc:"Id of a user. One that is no UUID is answered with 404."`
}

func (s *Server) listUserTeams(ctx context.Context, input *listUserTeamsInput) (*answer[api.UserTeams], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	user, err := s.user(ctx, input.UserID)
	if err != nil {
		return nil, err
	}
	found, err := s.store.UserTeams(ctx, user.ID, page)
	if err != nil {
		return nil, err
	}
	list := api.UserTeams{Teams: found.Teams, Total: input.total(found.Total)}
	var last Cursor
	if n := len(found.Teams); n > 0 {
		last = Cursor{Name: found.Teams[n-1].Name, ID: found.Teams[n-1].ID}
	}
	list.Links = input.links(userTeamsPath(user.ID), nil, found.More, last)
	return &answer[api.UserTeams]{Body: list}, nil
}

type listMembersInput struct {
	PageInput
	TeamID string `path:"team_id" doc:"Id of a team. One that is no UUID is answered with 404."`
}

func (s *Server) listMembers(ctx context.Context, input *listMembersInput) (*answer[api.MemberList], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	id := strings.ToLower(input.TeamID)
	if !isID(id) {
		return nil, notFound("team")
	}
	if _, err := s.store.Team(ctx, id); errors.Is(err, ErrNotFound) {
		return nil, notFound("team")
	} else if err != nil {
		return nil, err
	}
	found, err := s.store.Members(ctx, id, page)
	if err != nil {
		return nil, err
	}
	list := api.MemberList{Users: found.Members, Total: input.total(found.Total)}
	list.Links = input.linksAfter(membersPath(id), nil, found.Next)
	return &answer[api.MemberList]{Body: list}, nil
}
