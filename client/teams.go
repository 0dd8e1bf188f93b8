package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Teams returns one page of teams.
func (c *Client) Teams(ctx context.Context, filter api.TeamFilter, options api.ListOptions) (api.TeamList, error) {
	return get[api.TeamList](ctx, c, api.PathTeams, teamsQuery(filter, options), whatTeams)
}

// NextTeams returns the page that the Links of another page name as next.
func (c *Client) NextTeams(ctx context.Context, next string) (api.TeamList, error) {
	return getNext[api.TeamList](ctx, c, api.PathTeams, next, whatTeams)
}

// AllTeams yields every team that the filter lets through, page by page. It
// ends after the first error, which it yields with a zero team.
func (c *Client) AllTeams(ctx context.Context, filter api.TeamFilter) iter.Seq2[api.Team, error] {
	return getAll(ctx, c, api.PathTeams, c.reading(api.PathTeams, teamsQuery(filter, wholePages), whatTeams),
		func(list api.TeamList) ([]api.Team, api.Links) { return list.Teams, list.Links })
}

func teamsQuery(filter api.TeamFilter, options api.ListOptions) url.Values {
	query := listQuery(options)
	setIf(query, "name", filter.Name)
	setIf(query, "name_prefix", filter.NamePrefix)
	return query
}

// Team returns one team. An unknown or malformed id is [api.ErrNotFound].
func (c *Client) Team(ctx context.Context, id string) (api.Team, error) {
	return one[api.Team](ctx, c, http.MethodGet, item{api.PathTeam, id, whatTeam}, nil)
}

// CreateTeam makes a team. A name that is taken is [api.ErrNameTaken]. When
// the error says Lost, the team may exist: [Client.Teams] with the name tells.
func (c *Client) CreateTeam(ctx context.Context, create api.CreateTeam) (api.Team, error) {
	return post[api.Team](ctx, c, api.PathTeams, whatTeams, create)
}

// UpdateTeam renames a team or gives it another role, and returns it as it is
// then.
func (c *Client) UpdateTeam(ctx context.Context, id string, update api.UpdateTeam) (api.Team, error) {
	return one[api.Team](ctx, c, http.MethodPatch, item{api.PathTeam, id, whatTeam}, update)
}

// DeleteTeam deletes a team that has no service accounts.
func (c *Client) DeleteTeam(ctx context.Context, id string) error {
	_, err := one[nothing](ctx, c, http.MethodDelete, item{api.PathTeam, id, whatTeam}, nil)
	return err
}
