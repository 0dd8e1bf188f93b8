package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

const whatOrganization = "the organization as a document"

// applyWait is how long a large document may take: as long as a server of this
// make works at one answer.
const applyWait = 45 * time.Second

// Organization returns who may do what, as one document with its ETag.
func (c *Client) Organization(ctx context.Context) (api.Organization, error) {
	document, header, err := do[api.Organization](ctx, c, c.reading(api.PathOrganization, nil, whatOrganization))
	if err != nil {
		return api.Organization{}, err
	}
	document.ETag = header.Get("ETag")
	return document, nil
}

// PlanOrganization returns what would change if the organization were made as
// a document says, and changes nothing. What [Client.ApplyOrganization] would
// refuse is refused here too. The plan's ETag names the state that it is for.
func (c *Client) PlanOrganization(ctx context.Context, document api.Organization) (api.OrganizationPlan, error) {
	return c.putOrganization(ctx, document, url.Values{"dry_run": {"true"}}, "")
}

// ApplyOrganization makes the organization as a document says, whole or not at
// all. The etag is that of the plan that was looked at: when the organization
// is no longer in that state, the error is [api.ErrPreconditionFailed]. An etag
// of "*" takes any state. When the error says Lost, the changes may have been
// made; it is safe to plan again.
func (c *Client) ApplyOrganization(ctx context.Context, document api.Organization, etag string) (api.OrganizationPlan, error) {
	if etag == "" || !printable(etag) {
		return api.OrganizationPlan{}, local("the ETag of the organization is missing: plan first", nil)
	}
	return c.putOrganization(ctx, document, nil, etag)
}

func (c *Client) putOrganization(
	ctx context.Context, document api.Organization, query url.Values, etag string,
) (api.OrganizationPlan, error) {
	plan, header, err := do[api.OrganizationPlan](ctx, c, call{
		method: http.MethodPut, url: c.url(api.PathOrganization, query), body: listed(document), what: whatOrganization,
		ifMatch: etag, wait: applyWait,
	})
	if err != nil {
		return api.OrganizationPlan{}, err
	}
	plan.ETag = header.Get("ETag")
	return plan, nil
}

// listed is a document with empty lists in place of nil ones: null is no list.
func listed(document api.Organization) api.Organization {
	document.Roles = append([]api.DeclaredRole{}, document.Roles...)
	document.Teams = append([]api.DeclaredTeam{}, document.Teams...)
	document.Users = append([]api.DeclaredUser{}, document.Users...)
	for i := range document.Roles {
		document.Roles[i].Permissions = append([]api.Permission{}, document.Roles[i].Permissions...)
	}
	for i := range document.Teams {
		document.Teams[i].Members = append([]string{}, document.Teams[i].Members...)
	}
	return document
}
