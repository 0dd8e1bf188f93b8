package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Members returns one page of the users of a team, ordered by email. Service
// accounts are not among them.
func (c *Client) Members(ctx context.Context, teamID string, options api.ListOptions) (api.MemberList, error) {
	return getOf[api.MemberList](ctx, c, item{api.PathTeamMembers, teamID, whatTeam}, options)
}

// NextMembers returns the page that the Links of another page of that team's
// users name as next.
func (c *Client) NextMembers(ctx context.Context, teamID, next string) (api.MemberList, error) {
	at := item{api.PathTeamMembers, teamID, whatTeam}
	if err := at.check(); err != nil {
		return api.MemberList{}, err
	}
	return getNext[api.MemberList](ctx, c, at.path(), next, whatTeam)
}

// AllMembers yields every user of a team, page by page. It ends after the
// first error, which it yields with a zero member.
func (c *Client) AllMembers(ctx context.Context, teamID string) iter.Seq2[api.Member, error] {
	return getAllOf(ctx, c, item{api.PathTeamMembers, teamID, whatTeam},
		func(list api.MemberList) ([]api.Member, api.Links) { return list.Users, list.Links })
}

// AddMembers makes users members of a team; those who are members already are
// skipped. It returns how many were added, and can be repeated.
func (c *Client) AddMembers(ctx context.Context, teamID string, userIDs []string) (api.MembersChanged, error) {
	return c.changeMembers(ctx, api.PathAddMembers, teamID, userIDs)
}

// RemoveMembers ends the memberships of users in a team; those who are no
// members are skipped. It returns how many were removed, and can be repeated.
func (c *Client) RemoveMembers(ctx context.Context, teamID string, userIDs []string) (api.MembersChanged, error) {
	return c.changeMembers(ctx, api.PathRemoveMembers, teamID, userIDs)
}

// SetMembers makes the users of a team exactly these; none empties the team.
func (c *Client) SetMembers(ctx context.Context, teamID string, userIDs []string) (api.MembersChanged, error) {
	return c.changeMembers(ctx, api.PathSetMembers, teamID, userIDs)
}

func (c *Client) changeMembers(ctx context.Context, path, teamID string, userIDs []string) (api.MembersChanged, error) {
	if userIDs == nil {
		userIDs = []string{} // null is no list
	}
	changed, err := one[membersChanged](ctx, c, http.MethodPost, item{path, teamID, whatTeam}, api.ChangeMembers{UserIDs: userIDs})
	if err != nil {
		return api.MembersChanged{}, err
	}
	return api.MembersChanged{Added: *changed.Added, Removed: *changed.Removed}, nil
}

// membersChanged is [api.MembersChanged] as it is read: without its numbers an
// answer is not the API's.
type membersChanged struct {
	Added   *int `json:"added"`
	Removed *int `json:"removed"`
}
