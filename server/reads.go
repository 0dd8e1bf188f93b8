package server

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
)

type answer[T any] struct{ Body T }

// listAnswer is a page of a list. The next page is named in a header too (RFC
// 8288), so that a client can ask for it before it has read this one.
type listAnswer[T any] struct {
	Link string `header:"Link"`
	Body T
}

// ahead names the place of a page further on.
func (a *listAnswer[T]) ahead(links api.Links) {
	a.Link += ", <" + links.Next + `>; rel="` + api.RelAhead + `"`
}

func listOf[T any](list T, links api.Links) *listAnswer[T] {
	page := &listAnswer[T]{Body: list}
	if links.Next != "" {
		page.Link = "<" + links.Next + `>; rel="next"`
	}
	return page
}

func (s *Server) registerIdentity(on huma.API) {
	handle(s, on, operation{
		id: opMe, method: http.MethodGet, path: api.PathMe,
		summary: "The caller", description: "Who the key belongs to, and what it may do.",
	}, s.me)
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*answer[api.Caller], error) {
	caller := callerOf(ctx)
	organization, err := s.store.Organization(ctx)
	if err != nil {
		return nil, err
	}
	body := api.Caller{
		Type: caller.Type, ID: caller.ID, Name: caller.Name, Email: caller.Email,
		Teams: make([]api.CallerTeam, 0, len(caller.Teams)), Permissions: caller.permissions,
		Organization: organization.Name,
	}
	for _, team := range caller.Teams {
		body.Teams = append(body.Teams, api.CallerTeam{ID: team.ID, Name: team.Name, Role: team.Role.Name})
	}
	return &answer[api.Caller]{Body: body}, nil
}

type listTeamsInput struct {
	PageInput
	Name       string `query:"name" maxLength:"256" doc:"Exactly this name."`
	NamePrefix string `query:"name_prefix" maxLength:"256" doc:"Names that start with this."`
}

type teamInput struct {
	TeamID string `path:"team_id" doc:"Id of a team. One that is no UUID is answered with 404."`
}

func (s *Server) registerTeams(on huma.API) {
	handle(s, on, operation{
		id: opListTeams, method: http.MethodGet, path: api.PathTeams, documented: true,
		summary:     "Teams",
		description: "Ordered by name. A team's role is Lifeguard's addition. Who has a permission for specific teams only sees these.",
		refusals:    []int{http.StatusUnprocessableEntity},
	}, s.listTeams)
	handle(s, on, operation{
		id: opGetTeam, method: http.MethodGet, path: api.PathTeam, documented: true,
		summary: "One team", description: "An unknown or malformed id is 404.",
		refusals: []int{http.StatusNotFound},
	}, s.getTeam)
}

func (s *Server) listTeams(ctx context.Context, input *listTeamsInput) (*answer[api.TeamList], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	filter := api.TeamFilter{Name: norm.NFC.String(input.Name), NamePrefix: norm.NFC.String(input.NamePrefix)}
	switch {
	case !isText(filter.Name):
		return nil, invalid("query.name", errNoText)
	case !isText(filter.NamePrefix):
		return nil, invalid("query.name_prefix", errNoText)
	}
	found, err := s.store.Teams(ctx, TeamQuery{PageQuery: page, TeamFilter: filter, IDs: callerOf(ctx).reach.teamIDs()})
	if err != nil {
		return nil, err
	}
	list := api.TeamList{Teams: make([]api.Team, 0, len(found.Teams)), Total: input.total(found.Total)}
	var last Cursor
	for _, team := range found.Teams {
		list.Teams = append(list.Teams, shownTeam(team))
		last = Cursor{Name: team.Name, ID: team.ID}
	}
	list.Links = input.links(api.PathTeams, map[string]string{"name": input.Name, "name_prefix": input.NamePrefix}, found.More, last)
	return &answer[api.TeamList]{Body: list}, nil
}

func (s *Server) getTeam(ctx context.Context, input *teamInput) (*answer[api.Team], error) {
	id := strings.ToLower(input.TeamID)
	if !isID(id) {
		return nil, notFound("team")
	}
	team, err := s.store.Team(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, notFound("team")
	case err != nil:
		return nil, err
	case !callerOf(ctx).reach.covers(id):
		return nil, hide("team", api.ViewServiceAccounts)
	}
	return &answer[api.Team]{Body: shownTeam(team)}, nil
}

// shownTeam is a team with all that its role grants.
func shownTeam(team api.Team) api.Team {
	team.Role.Permissions = permissionsOf(team.Role)
	return team
}

type listServiceAccountsInput struct {
	PageInput
	Team      string `query:"team" doc:"Id of a team."`
	CreatedBy string `query:"created_by" doc:"Id of the identity that made the account."`
	Query     string `query:"query" maxLength:"256" doc:"Part of the name, in any case."`
	KeyHash   string `query:"key_hash" doc:"SHA-256 of a whole key in hex: finds whose key leaked, without sending it."`
	EndToken  string `query:"end_token" minLength:"4" maxLength:"4096" doc:"Opaque, from a Link of an answer: the list ends there."`
	Prefer    string `header:"Prefer" doc:"ahead=N, N from 1 to 16: say in Link headers where the next N pages are, so that they can be asked for at once (RFC 7240)."`
}

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (input *listServiceAccountsInput) filter() (api.ServiceAccountFilter, error) {
	filter := api.ServiceAccountFilter{
		Team: strings.ToLower(input.Team), CreatedBy: strings.ToLower(input.CreatedBy),
		Query: norm.NFC.String(input.Query), KeyHash: strings.ToLower(input.KeyHash),
	}
	errID := errors.New("must be an id, which is a UUID")
	switch {
	case filter.Team != "" && !isID(filter.Team):
		return filter, invalid("query.team", errID)
	case filter.CreatedBy != "" && !isID(filter.CreatedBy):
		return filter, invalid("query.created_by", errID)
	case !isText(filter.Query):
		return filter, invalid("query.query", errNoText)
	case filter.KeyHash != "" && !hexHash.MatchString(filter.KeyHash):
		return filter, invalid("query.key_hash", errors.New("must be the SHA-256 of a key: 64 hexadecimal digits"))
	}
	return filter, nil
}

func (s *Server) listServiceAccounts(ctx context.Context, input *listServiceAccountsInput) (*listAnswer[api.ServiceAccountList], error) {
	page, err := input.query()
	if err != nil {
		return nil, err
	}
	filter, err := input.filter()
	if err != nil {
		return nil, err
	}
	wanted := ServiceAccountQuery{PageQuery: page, ServiceAccountFilter: filter, TeamIDs: callerOf(ctx).reach.teamIDs()}
	if input.EndToken != "" {
		end, err := parseStartToken(input.EndToken)
		if err != nil {
			return nil, invalid("query.end_token", err)
		}
		wanted.Until = &end
	} else if input.Page == 0 {
		wanted.Ahead = aheadWanted(input.Prefer)
	}
	found, err := s.store.ServiceAccounts(ctx, wanted)
	if err != nil {
		return nil, err
	}
	list := api.ServiceAccountList{ServiceAccounts: found.ServiceAccounts, Total: input.total(found.Total)}
	if list.ServiceAccounts == nil {
		list.ServiceAccounts = []api.ServiceAccount{}
	}
	var last Cursor
	if n := len(list.ServiceAccounts); n > 0 {
		last = Cursor{Name: list.ServiceAccounts[n-1].Name, ID: list.ServiceAccounts[n-1].ID}
	}
	filters := map[string]string{
		"team": filter.Team, "created_by": filter.CreatedBy, "query": filter.Query, "key_hash": filter.KeyHash, "end_token": input.EndToken,
	}
	list.Links = input.links(api.PathServiceAccounts, filters, found.More, last)
	answer := listOf(list, list.Links)
	// The pages that follow have fixed ends, so that together they are the whole
	// list, whatever is made or deleted meanwhile; the last link is of the rest.
	for i, end := range found.Ahead {
		filters["end_token"] = startToken(end)
		answer.ahead(input.links(api.PathServiceAccounts, filters, true, last))
		if last = end; i == len(found.Ahead)-1 {
			delete(filters, "end_token")
			answer.ahead(input.links(api.PathServiceAccounts, filters, true, last))
		}
	}
	return answer, nil
}

// maxAhead is how many pages a list says the places of.
const maxAhead = 16

// aheadWanted is N of the preference ahead=N, and 0 for any other header: what
// is not understood is ignored, as RFC 7240 has it.
func aheadWanted(prefer string) int {
	for preference := range strings.SplitSeq(prefer, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
		if n, err := strconv.Atoi(value); strings.EqualFold(name, api.PreferAhead) && err == nil && n > 0 {
			return min(n, maxAhead)
		}
	}
	return 0
}

type serviceAccountInput struct {
	ID string `path:"id" doc:"Id of a service account. One that is no UUID is answered with 404."`
}

func (s *Server) getServiceAccount(ctx context.Context, input *serviceAccountInput) (*answer[api.ServiceAccount], error) {
	id := strings.ToLower(input.ID)
	if !isID(id) {
		return nil, notFound("service account")
	}
	account, err := s.store.ServiceAccount(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, notFound("service account")
	case err != nil:
		return nil, err
	case !callerOf(ctx).reach.covers(account.Team.ID):
		return nil, hide("service account", api.ViewServiceAccounts)
	}
	return &answer[api.ServiceAccount]{Body: account}, nil
}
