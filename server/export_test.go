package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// RegisterWithoutRule adds an operation that nobody made a rule for, as a
// forgetful change would.
func (s *Server) RegisterWithoutRule(path string, called func()) {
	api := humago.New(s.mux, huma.Config{OpenAPI: &huma.OpenAPI{}, Formats: map[string]huma.Format{"application/json": jsonFormat}})
	api.UseMiddleware(s.admit)
	handle(s, api, operation{id: "forgotten", method: http.MethodGet, path: path},
		func(context.Context, *struct{}) (*state, error) { called(); return &state{}, nil })
}

// RuleIDs are the operations that have a rule.
func RuleIDs() []string {
	ids := make([]string, 0, len(rules))
	for id := range rules {
		ids = append(ids, id)
	}
	return ids
}

// MarshalJSON writes the body of an answer.
var MarshalJSON = marshal

// LimitPendingUses has the uses of at most so many keys wait.
func (s *Server) LimitPendingUses(keys int) { s.usage.limit = keys }
