package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

const opAuth = "authenticate-for-gateway"

var gatewayRules = map[string]rule{
	opAuth:       {},
	opIntrospect: {},
}

// maxAuthList bounds each list in the headers of an answer, in bytes: a gateway
// takes headers of 4 KiB at least, and fails on more.
const maxAuthList = 1 << 10

// registerGateway describes /auth in the document. Its requests do not take
// the way of the others: see [Server.isAuth].
func (s *Server) registerGateway(on huma.API) {
	op := operation{
		id: opAuth, method: http.MethodGet, path: api.PathAuth,
		summary: "May a gateway let this request through?",
		description: "For nginx auth_request, Traefik ForwardAuth and Envoy ext_authz: any method, and any path below. Looks at Authorization " +
			"alone and answers only 200, with X-Auth-* headers, 401 or 403. Each permission=ACTION demands that the key may do that " +
			"to all resources, each permission=ACTION:RESOURCE to that one.",
	}.huma(on.OpenAPI().Components.Schemas)
	op.Responses = map[string]*huma.Response{
		"200": {Description: "Let it through. The X-Auth-* headers say whose request it is.", Headers: map[string]*huma.Param{}},
		"401": op.Responses["401"], "403": op.Responses["403"],
	}
	for _, name := range []string{
		api.HeaderAuthSubject, api.HeaderAuthType, api.HeaderAuthName, api.HeaderAuthTeam, api.HeaderAuthPermissions, api.HeaderAuthTruncated,
	} {
		op.Responses["200"].Headers[name] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "permission", In: "query", Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
	})
	on.OpenAPI().AddOperation(&op)
	s.registerIntrospection(on)
}

// isAuth tells what is answered by /auth before anything else looks at it: a
// gateway makes a 500 of a redirect, of 404 and of 405. Envoy appends the path
// of the request, whatever that is.
func isAuth(path string) bool {
	return path == api.PathAuth || strings.HasPrefix(path, api.PathAuth+"/")
}

// auth answers a gateway. It goes neither through the mux nor through Huma:
// it is asked for every request that passes the gateway.
func (s *Server) auth(w http.ResponseWriter, r *http.Request) {
	r.Pattern = api.PathAuth
	ctx := r.Context()
	info := requestOf(ctx)
	info.operation = opAuth
	defer func() {
		if value := recover(); value != nil {
			s.logPanic(r, value)
			s.writeProblem(w, r, refuse(http.StatusForbidden, api.CodeInternal, "The key could not be verified. Try again in a moment."))
		}
	}()
	caller, err := s.authenticate(ctx, r)
	if err != nil {
		s.writeProblem(w, r, forGateway(err))
		return
	}
	info.caller = caller.actor()
	if err := caller.demanded(r.URL.RawQuery); err != nil {
		s.writeProblem(w, r, err)
		return
	}
	header := w.Header()
	header.Set(api.HeaderAuthSubject, caller.ID)
	header.Set(api.HeaderAuthType, string(caller.Type))
	header.Set(api.HeaderAuthName, url.PathEscape(info.caller.Name))
	teams := make([]string, 0, len(caller.Teams))
	for _, team := range caller.Teams {
		teams = append(teams, team.ID)
	}
	teamList, allTeams := bounded(teams)
	permissionList, allPermissions := bounded(grantedWords(caller.permissions))
	header.Set(api.HeaderAuthTeam, teamList)
	header.Set(api.HeaderAuthPermissions, permissionList)
	if !allTeams || !allPermissions {
		header.Set(api.HeaderAuthTruncated, "true")
	}
	w.WriteHeader(http.StatusOK)
}

// forGateway makes a refusal with another status one with 403: the gateway
// then refuses too, and does not fail. Its code still says what it was.
func forGateway(err error) *problemError {
	refusal := *problemOf(err)
	if refusal.problem.Status != http.StatusUnauthorized {
		refusal.problem.Status = http.StatusForbidden
	}
	return &refusal
}

// demanded refuses a caller who lacks one of the permissions in the query. A
// query that cannot be read demands what nobody has.
func (c caller) demanded(query string) error {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return refuse(http.StatusForbidden, api.CodeBadRequest, "The permission that is demanded cannot be read.")
	}
	for _, demand := range values["permission"] {
		action, resource, specific := strings.Cut(demand, ":")
		wanted := api.Permission{Action: api.Action(action), Scope: api.ScopeAll}
		if specific {
			wanted.Scope, wanted.Resources = api.ScopeSpecific, []string{resource}
		}
		switch missing := api.MissingPermissions(c.permissions, []api.Permission{wanted}); {
		case !slices.Contains(api.Actions, wanted.Action) || specific && resource == "":
			return refuse(http.StatusForbidden, api.CodeForbidden, "The gateway demands a permission that does not exist.")
		case len(missing) > 0:
			return forbidden(missing[0])
		}
	}
	return nil
}

// grantedWords are permissions as a header has them, those for all resources
// first: they are the ones to keep when not all find a place.
func grantedWords(granted []api.Permission) []string {
	var all, specific []string
	for _, permission := range granted {
		if permission.Scope == api.ScopeAll {
			all = append(all, url.QueryEscape(string(permission.Action)))
			continue
		}
		for _, resource := range permission.Resources {
			specific = append(specific, url.QueryEscape(string(permission.Action))+":"+url.QueryEscape(resource))
		}
	}
	return append(all, specific...)
}

// bounded joins what finds a place, and reports whether everything did.
func bounded(words []string) (list string, whole bool) {
	size := -1
	for i, word := range words {
		if size += 1 + len(word); size > maxAuthList {
			return strings.Join(words[:i], ","), false
		}
	}
	return strings.Join(words, ","), true
}
