package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The ids of the operations, as the OpenAPI document and the rules name them.
const (
	opHealthz              = "healthz"
	opReadyz               = "readyz"
	opOpenAPI              = "get-openapi"
	opMe                   = "get-me"
	opListTeams            = "list-teams"
	opGetTeam              = "get-team"
	opListServiceAccounts  = "list-service-accounts"
	opGetServiceAccount    = "get-service-account"
	opCreateServiceAccount = "create-service-account"
	opDeleteServiceAccount = "delete-service-account"
)

// operation describes one operation for the router and the document.
type operation struct {
	id, method, path string
	summary          string
	description      string
	// documented operations are Poolside's contract; the others are ours.
	documented bool
	status     int // of success; 0 is 200
	// sends is the media type of an answer that is not what its Go type says,
	// with the schema of it.
	sends    map[string]*huma.MediaType
	refusals []int // besides those that every operation has
}

// register makes the API with all its operations.
func (s *Server) register(version string) {
	if version == "" {
		version = "devel"
	}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Lifeguard", Version: version,
				Description: "Service accounts and their API keys. Each operation says whether it is Poolside's documented " +
					"contract or Lifeguard's own extension, in its description and in x-lifeguard-contract. " +
					"Lifeguard is not affiliated with Poolside.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"key": {
					Type: "http", Scheme: "bearer", Description: "A developer API key or a service account's API key.",
				}},
			},
		},
		Formats:       map[string]huma.Format{jsonType: jsonFormat, "json": jsonFormat},
		DefaultFormat: jsonType,
		Transformers:  []huma.Transformer{s.transform},
	}
	api := humago.New(s.mux, config)
	api.UseMiddleware(s.admit)
	for _, area := range []func(huma.API){
		s.registerProcess,
		s.registerIdentity,
		s.registerTeams,
		s.registerServiceAccounts,
		s.registerAudit,
		s.registerGateway,
		s.registerMetrics,
		s.registerUsers,
		s.registerUserWrites,
		s.registerMembers,
		s.registerTeamWrites,
		s.registerRoleWrites,
		s.registerDeveloperKeys,
		s.registerRoles,
		s.registerOrganization,
		s.registerUserKeys,
	} {
		area(api)
	}

	schemas := api.OpenAPI().Components.Schemas.Map()
	// Huma's own model of an error is none of the answers: see translate.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	// Huma takes every list for one that may be null. Ours never are.
	for _, schema := range schemas {
		for _, property := range schema.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
	takeSchemaLinks(api.OpenAPI())
	s.openAPI = sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
}

// schemaLink is what servers built with Huma put into the bodies that they send,
// to say where their schema is, and take back. A client that was written for one
// of them may send it; it says nothing here.
const schemaLink = "$schema"

func takeSchemaLinks(document *huma.OpenAPI) {
	for _, path := range document.Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch} {
			if op == nil || op.RequestBody == nil || op.RequestBody.Content[jsonType] == nil {
				continue
			}
			body := op.RequestBody.Content[jsonType].Schema
			if body.Ref != "" {
				body = document.Components.Schemas.SchemaFromRef(body.Ref)
			}
			body.Properties[schemaLink] = &huma.Schema{Type: huma.TypeString, Description: "Where the schema of this body is. It is taken and says nothing."}
		}
	}
}

// handle registers an operation. What its handler returns as an error becomes
// a problem, whatever it is.
func handle[I, O any](s *Server, on huma.API, op operation, handler func(context.Context, *I) (*O, error)) {
	huma.Register(on, op.huma(on.OpenAPI().Components.Schemas), func(ctx context.Context, input *I) (*O, error) {
		output, err := handler(ctx, input)
		if err != nil {
			return nil, problemOf(err)
		}
		return output, nil
	})
}

func (op operation) huma(schemas huma.Registry) huma.Operation {
	contract, origin := "extension", "Lifeguard's extension; Poolside documents no such endpoint."
	if op.documented {
		contract, origin = "documented", "Poolside's documented contract."
	}
	if op.status == 0 {
		op.status = http.StatusOK
	}
	refusals := append([]int{http.StatusInternalServerError, http.StatusServiceUnavailable}, op.refusals...)
	if slices.Contains(refusals, http.StatusRequestEntityTooLarge) { // it takes a body
		refusals = append(refusals, http.StatusRequestTimeout)
	}
	security := []map[string][]string{}
	if !rules[op.id].public {
		refusals = append(refusals, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
		security = append(security, map[string][]string{"key": {}})
	}
	problem := schemas.Schema(reflect.TypeFor[api.Problem](), true, "")
	responses := map[string]*huma.Response{}
	for _, status := range refusals {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{api.ProblemContentType: {Schema: problem}},
		}
	}
	if op.sends != nil {
		responses[strconv.Itoa(op.status)] = &huma.Response{Description: http.StatusText(op.status), Content: op.sends}
	}
	return huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path,
		Summary: op.summary, Description: origin + " " + op.description,
		DefaultStatus: op.status, Responses: responses, Security: security,
		Extensions: map[string]any{"x-lifeguard-contract": contract},
		// admit has read the body already and bounded it.
		MaxBodyBytes: maxBodyOf(op.id) + 1, BodyReadTimeout: -1,
	}
}

// transform completes every error answer that goes through Huma, its own as
// well as ours.
func (s *Server) transform(hctx huma.Context, _ string, body any) (any, error) {
	var refusal *problemError
	switch body := body.(type) {
	case *problemError:
		refusal = body
	case *huma.ErrorModel:
		refusal = translate(body)
	default:
		return body, nil
	}
	_, w := humago.Unwrap(hctx)
	return s.complete(hctx.Context(), w.Header(), refusal), nil
}

// state is the body of /healthz and /readyz.
type state struct {
	Body struct {
		Status string `json:"status" enum:"ok" doc:"Always ok; anything else is a problem."`
	}
}

type document struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// registerProcess registers what a supervisor asks.
func (s *Server) registerProcess(on huma.API) {
	ok := &state{}
	ok.Body.Status = "ok"
	handle(s, on, operation{
		id: opHealthz, method: http.MethodGet, path: api.PathHealthz,
		summary: "Is the process alive?", description: "Answers as long as the process runs.",
	}, func(context.Context, *struct{}) (*state, error) { return ok, nil })
	handle(s, on, operation{
		id: opReadyz, method: http.MethodGet, path: api.PathReadyz,
		summary:     "May requests be sent here?",
		description: "Answers 503 while the server finishes its last requests, and when its database does not answer.",
	}, func(ctx context.Context, _ *struct{}) (*state, error) {
		if s.draining.Load() {
			return nil, refuse(http.StatusServiceUnavailable, api.CodeUnavailable, "The server is about to stop.")
		}
		if _, err := s.store.Organization(ctx); err != nil && !errors.Is(err, ErrNotInitialised) {
			return nil, unavailable(err)
		}
		return ok, nil
	})
	handle(s, on, operation{
		id: opOpenAPI, method: http.MethodGet, path: api.PathOpenAPI,
		summary: "This document", description: "OpenAPI 3.1.",
		sends: map[string]*huma.MediaType{jsonType: {Schema: &huma.Schema{Type: huma.TypeObject, Description: "An OpenAPI document."}}},
	}, func(context.Context, *struct{}) (*document, error) {
		body, err := s.openAPI()
		if err != nil {
			return nil, internal(fmt.Errorf("write the OpenAPI document: %w", err))
		}
		return &document{ContentType: jsonType, Body: body}, nil
	})
}
