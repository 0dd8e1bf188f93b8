package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
)

type openAPI struct {
	OpenAPI string                                     `json:"openapi"`
	Paths   map[string]map[string]openAPIOperation     `json:"paths"`
	Schemas struct{ Schemas map[string]openAPISchema } `json:"components"`
}

type openAPIOperation struct {
	OperationID string                `json:"operationId"`
	Description string                `json:"description"`
	Contract    string                `json:"x-lifeguard-contract"`
	Security    []map[string][]string `json:"security"`
	Responses   map[string]struct {
		Content map[string]any `json:"content"`
	} `json:"responses"`
	RequestBody any                     `json:"requestBody"`
	Parameters  []struct{ Name string } `json:"parameters"`
}

func (o openAPIOperation) takes(parameter string) bool {
	return slices.ContainsFunc(o.Parameters, func(p struct{ Name string }) bool { return p.Name == parameter })
}

type openAPISchema struct {
	Properties map[string]struct {
		Type any `json:"type"`
	} `json:"properties"`
}

func (f *fixture) document() openAPI {
	f.t.Helper()
	return decode[openAPI](f.t, f.must(http.StatusOK, f.do("", http.MethodGet, api.PathOpenAPI, "")))
}

// documents checks that the document has the answer: its status, and its
// media type, if it has a body.
func (f *fixture) documents(operation openAPIOperation, answer *httptest.ResponseRecorder) {
	f.t.Helper()
	documented, ok := operation.Responses[strconv.Itoa(answer.Code)]
	if !ok {
		f.t.Errorf("%s: status %d is not in the document", operation.OperationID, answer.Code)
	}
	media, _, _ := strings.Cut(answer.Header().Get("Content-Type"), ";")
	if _, ok := documented.Content[media]; answer.Body.Len() > 0 && !ok && operation.OperationID != "authenticate-for-gateway" {
		f.t.Errorf("%s: the document does not have %d as %q", operation.OperationID, answer.Code, media)
	}
}

// Each schema of the document is used, and each that is used is there.
func TestDocumentRefersToAllItsSchemas(t *testing.T) {
	f := newFixture(t)
	text := f.do("", http.MethodGet, api.PathOpenAPI, "").Body.String()
	used := map[string]bool{}
	for _, after := range strings.Split(text, `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(after, `"`)
		used[name] = true
	}
	there := map[string]bool{}
	for name := range f.document().Schemas.Schemas {
		there[name] = true
	}
	if diff := cmp.Diff(there, used); diff != "" || len(used) == 0 {
		t.Errorf("schemas (-there +used):\n%s", diff)
	}
}

// coreDocumented are the operations of Poolside's documented contract.
var coreDocumented = map[string]bool{"list-teams": true, "get-team": true}

func TestDocumentSaysWhoseEachOperationIs(t *testing.T) {
	f := newFixture(t)
	document := f.document()
	if document.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", document.OpenAPI)
	}
	documented := joined(coreDocumented, accessControlDocumented, userWriteDocumented, memberDocumented)
	for _, path := range document.Paths {
		for _, operation := range path {
			contract, words := "extension", "Lifeguard's extension"
			if documented[operation.OperationID] {
				contract, words = "documented", "Poolside's documented contract"
			}
			if operation.Contract != contract || !strings.HasPrefix(operation.Description, words) {
				t.Errorf("%s: %q, %q", operation.OperationID, operation.Contract, operation.Description)
			}
		}
	}
	for name, schema := range document.Schemas.Schemas {
		for field, property := range schema.Properties {
			if types, ok := property.Type.([]any); ok && slices.Contains(types, any("array")) && slices.Contains(types, any("null")) {
				t.Errorf("%s.%s is a list that may be null", name, field)
			}
		}
	}
}
