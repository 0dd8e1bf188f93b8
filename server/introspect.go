package server

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

const opIntrospect = "introspect"

const formType = "application/x-www-form-urlencoded"

func (s *Server) registerIntrospection(on huma.API) {
	handle(s, on, operation{
		id: opIntrospect, method: http.MethodPost, path: api.PathIntrospect,
		summary: "What does a key stand for?",
		description: "RFC 7662. Of a key that is unknown, deleted, malformed or of a suspended user the answer is active: false and nothing " +
			"else. Any valid key may ask: who holds the key in question could use it as well. Asking counts as a use of that key.",
		refusals: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, s.introspect)
	// It is read by hand, so that a key in it is in no error of a decoder.
	on.OpenAPI().Paths[api.PathIntrospect].Post.RequestBody.Content[formType].Schema = &huma.Schema{
		Type: huma.TypeObject, Required: []string{"token"},
		Properties: map[string]*huma.Schema{"token": {Type: huma.TypeString, Description: "The key in question."}},
	}
}

type introspectInput struct {
	ContentType string `header:"Content-Type"`
	RawBody     []byte `contentType:"application/x-www-form-urlencoded"`
}

func (s *Server) introspect(ctx context.Context, input *introspectInput) (*answer[api.Introspection], error) {
	if media, _, err := mime.ParseMediaType(input.ContentType); err != nil || media != formType {
		return nil, refuse(http.StatusUnsupportedMediaType, api.CodeOf(http.StatusUnsupportedMediaType), "Send the body as "+formType+".")
	}
	form, err := url.ParseQuery(string(input.RawBody))
	if err != nil || len(form["token"]) != 1 || form.Get("token") == "" {
		return nil, refuse(http.StatusBadRequest, api.CodeBadRequest, "The body must have the key in question, once, as the form field token.")
	}
	identity, _, err := s.identify(ctx, form.Get("token"))
	switch {
	case errors.As(err, new(*wrongKeyError)):
		return &answer[api.Introspection]{}, nil
	case err != nil:
		return nil, err
	}
	caller := newCaller(identity)
	body := api.Introspection{
		Active: true, Subject: caller.ID, Username: caller.Email, ClientID: caller.KeyID,
		IssuedAt: caller.KeyCreatedAt.Unix(), Permissions: append([]api.Permission{}, caller.permissions...),
	}
	if caller.Type == api.IdentityServiceAccount {
		body.Username = caller.Name
	}
	if len(caller.Teams) > 0 {
		body.Team = &api.Ref{ID: caller.Teams[0].ID, Name: caller.Teams[0].Name}
	}
	return &answer[api.Introspection]{Body: body}, nil
}
