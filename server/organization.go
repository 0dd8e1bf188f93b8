package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The operations on the organization as one document.
const (
	opGetOrganization   = "get-organization"
	opApplyOrganization = "apply-organization"
)

var organizationRules = map[string]rule{
	opGetOrganization:   provision,
	opApplyOrganization: provision,
}

func (s *Server) registerOrganization(on huma.API) {
	handle(s, on, operation{
		id: opGetOrganization, method: http.MethodGet, path: api.PathOrganization,
		summary: "Who may do what, as one document",
		description: "Every role that is not the system's, every team with its users, and every user, by their names. Service " +
			"accounts are no part of it. The ETag names this state.",
	}, s.getOrganization)
	handle(s, on, operation{
		id: opApplyOrganization, method: http.MethodPut, path: api.PathOrganization,
		summary: "Make the organization as a document says",
		description: "Creates, changes and deletes roles, teams, users and memberships, all in one transaction or nothing, under " +
			"the same rules as the single endpoints, and answers with the changes. With dry_run nothing is kept: the answer is what " +
			"would be changed, and a refusal is the one that would come. If-Match must be the ETag of the state that the changes were " +
			"planned for, or *: another state is refused (412).",
		refusals: append([]int{http.StatusPreconditionFailed, http.StatusPreconditionRequired}, writeRefusals...),
	}, s.applyOrganization)
}

type organizationOutput struct {
	ETag string `header:"ETag"`
	Body api.Organization
}

func (s *Server) getOrganization(ctx context.Context, _ *struct{}) (*organizationOutput, error) {
	directory, err := s.store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	return &organizationOutput{ETag: directory.etag(), Body: directory.document()}, nil
}

type applyOrganizationInput struct {
	DryRun  bool   `query:"dry_run" doc:"Keep nothing: answer with what would be changed."`
	IfMatch string `header:"If-Match" doc:"The ETag of the state that is to be changed, or *. May be left out with dry_run."`
	Body    api.Organization
}

type applyOrganizationOutput struct {
	ETag string `header:"ETag"`
	Body api.OrganizationPlan
}

// errDryRun takes back what a dry run has changed.
var errDryRun = errors.New("this was a dry run")

func (s *Server) applyOrganization(ctx context.Context, input *applyOrganizationInput) (*applyOrganizationOutput, error) {
	if input.IfMatch == "" && !input.DryRun {
		return nil, refuse(http.StatusPreconditionRequired, api.CodePreconditionMissing,
			"Send the ETag of the organization that is to be changed as If-Match, or * for whatever it is by now.")
	}
	wanted := input.Body
	if err := normalise(&wanted); err != nil {
		return nil, err
	}
	var done applyOrganizationOutput
	err := s.store.WriteAll(ctx, func(tx Tx) ([]Event, error) {
		before, err := tx.Directory(ctx)
		if err != nil {
			return nil, err
		}
		if !matches(input.IfMatch, before.etag()) {
			return nil, refuse(http.StatusPreconditionFailed, api.CodePreconditionFailed,
				"The organization was changed in the meantime, and nothing was done. Look at the plan again.")
		}
		p, err := s.plan(ctx, before, wanted)
		if err != nil {
			return nil, err
		}
		done = applyOrganizationOutput{ETag: before.etag(), Body: api.OrganizationPlan{Changes: p.changes}}
		if len(p.steps) == 0 {
			return nil, errUnchanged
		}
		events, err := p.carryOut(ctx, tx)
		switch {
		case err != nil:
			return nil, err
		case input.DryRun:
			return nil, errDryRun
		}
		after, err := tx.Directory(ctx)
		done.ETag, done.Body.Applied = after.etag(), true
		return events, err
	})
	if err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, errDryRun) {
		return nil, err
	}
	return &done, nil
}

// matches reports whether an If-Match header, which may be absent, lets a
// change of the state with this tag pass (RFC 9110, section 13.1.1).
func matches(header, tag string) bool {
	if header == "" || strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(candidate) == tag {
			return true
		}
	}
	return false
}

// document is a directory by names.
func (d Directory) document() api.Organization {
	document := api.Organization{Roles: []api.DeclaredRole{}, Teams: []api.DeclaredTeam{}, Users: []api.DeclaredUser{}}
	teams, emails := map[string]string{}, map[string]string{}
	for _, team := range d.Teams {
		teams[team.ID] = team.Name
	}
	for _, role := range d.Roles {
		if role.CreatedBy != api.CreatedBySystem {
			document.Roles = append(document.Roles, api.DeclaredRole{Name: role.Name, Permissions: named(role.Permissions, teams)})
		}
	}
	for _, user := range d.Users {
		emails[user.ID] = user.Email
		document.Users = append(document.Users, api.DeclaredUser{
			Email: user.Email, Name: user.Name, Suspended: user.Status == UserSuspended, SSHKeys: lines(d.SSHKeys[user.ID]),
		})
	}
	for _, team := range d.Teams {
		members := make([]string, 0, len(team.MemberIDs))
		for _, id := range team.MemberIDs {
			members = append(members, emails[id])
		}
		document.Teams = append(document.Teams, api.DeclaredTeam{Name: team.Name, Role: team.Role.Name, Members: members})
	}
	return document
}

// named is permissions with the names of teams in place of their ids. A team
// that is not there keeps its id.
func named(permissions []api.Permission, teams map[string]string) []api.Permission {
	named := slices.Clone(permissions)
	for i, p := range named {
		if p.Action.TeamScoped() {
			named[i].Resources = slices.Clone(p.Resources)
			for j, id := range p.Resources {
				if name, ok := teams[id]; ok {
					named[i].Resources[j] = name
				}
			}
			slices.Sort(named[i].Resources)
		}
	}
	return named
}

// etag names the state of everything that a document says, by ids, so that a
// role that was deleted and made again is another one. A first use of a key is
// no change of it.
func (d Directory) etag() string {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, role := range d.Roles {
		_ = encoder.Encode([]any{role.ID, role.Name, role.Permissions}) // texts, into a hash: it cannot fail
	}
	for _, team := range d.Teams {
		_ = encoder.Encode([]any{team.ID, team.Name, team.Role.ID, team.MemberIDs})
	}
	for _, user := range d.Users {
		_ = encoder.Encode([]any{user.ID, user.Email, user.Name, user.Status == UserSuspended, lines(d.SSHKeys[user.ID])})
	}
	return `"` + hex.EncodeToString(hash.Sum(nil)[:16]) + `"`
}
