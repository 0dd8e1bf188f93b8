package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func ours(code api.Code, detail string) string {
	return `{"type":"` + api.ProblemTypePrefix + string(code) + `","title":"t","detail":"` + detail + `"}`
}

// TestRefusals runs every operation against every answer that is an error.
func TestRefusals(t *testing.T) {
	const problem, foreign = api.ProblemContentType, `{"title":"Not Found","status":404,"detail":"no such thing"}`
	for name, test := range map[string]struct {
		status      int
		media, body string
		code, item  api.Code // item: where it differs for one resource
		lost        bool     // of a change
		words       string
	}{
		"401 of ours":          {401, problem, ours(api.CodeUnauthorized, "this key was deleted"), api.CodeUnauthorized, "", false, "this key was deleted"},
		"401 bare":             {401, "text/plain", "no", api.CodeUnauthorized, "", false, "sign in again"},
		"403 bare":             {403, "text/html", "<html>", api.CodeForbidden, "", false, "ask an administrator"},
		"403 exceeds":          {403, problem, ours(api.CodeExceedsCaller, "the team can do more"), api.CodeExceedsCaller, "", false, "the team can do more"},
		"404 of ours":          {404, problem, ours(api.CodeNotFound, "no such team"), api.CodeNotFound, "", false, "no such team"},
		"404 foreign problem":  {404, problem, foreign, api.CodeNoSuchEndpoint, api.CodeNotFound, false, ""},
		"404 page":             {404, "text/html", "<html>", api.CodeNoSuchEndpoint, "", false, "does not offer"},
		"404 other JSON":       {404, "application/json", `{"ok":false}`, api.CodeNoSuchEndpoint, "", false, "does not offer"},
		"405":                  {405, "text/plain", "", api.CodeNoSuchEndpoint, "", false, "does not offer"},
		"409 name":             {409, problem, ours(api.CodeNameTaken, "taken"), api.CodeNameTaken, "", false, "taken"},
		"409 in flight":        {409, problem, ours(api.CodeIdempotencyInFlight, "wait"), api.CodeIdempotencyInFlight, "", true, "wait"},
		"409 bare":             {409, "text/plain", "", api.CodeConflict, "", false, "refused"},
		"413":                  {413, "text/plain", "", api.CodeTooLarge, "", false, "refused"},
		"422 of Huma":          {422, problem, `{"title":"Unprocessable Entity","detail":"validation failed"}`, api.CodeInvalid, "", false, "validation failed"},
		"429":                  {429, "text/plain", "", api.CodeRateLimited, "", false, "fewer requests"},
		"500 page":             {500, "text/html", "<html>", api.CodeInternal, "", true, "internal error"},
		"500 of ours":          {500, problem, ours(api.CodeInternal, "the disk is full"), api.CodeInternal, "", true, "the disk is full"},
		"502":                  {502, "text/html", "<html>", api.CodeUnavailable, "", true, "not available"},
		"503 of ours":          {503, problem, ours(api.CodeUnavailable, "no audit event could be written"), api.CodeUnavailable, "", false, "audit"},
		"503 of a gateway":     {503, "text/html", "<html>", api.CodeUnavailable, "", true, "not available"},
		"504":                  {504, "text/plain", "", api.CodeUnavailable, "", true, "not available"},
		"redirect":             {302, "text/html", "", api.CodeBadRequest, "", true, "not followed"},
		"problem that is half": {400, problem, `{"title":`, api.CodeBadRequest, "", false, "refused"},
		"problem beyond bound": {400, problem, `{"detail":"` + strings.Repeat("x", 100_000) + `"}`, api.CodeBadRequest, "", false, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			server := record(t, func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set(api.HeaderRequestID, "req-1")
				if test.status == 302 {
					w.Header().Set("Location", "/elsewhere")
				}
				answers(test.status, test.media, test.body)(w, q)
			})
			key := newKey(t)
			c := connect(t, server.URL, key)
			for _, operation := range operations {
				e := failure(t, operation.run(t.Context(), c), key)
				want := test.code
				if operation.item && test.item != "" {
					want = test.item
				}
				if e.Kind != api.KindRefused || e.Code != want || e.Status != test.status || e.RequestID != "req-1" {
					t.Errorf("%s: kind %d, code %q, status %d, request %q; want %q",
						operation.name, e.Kind, e.Code, e.Status, e.RequestID, want)
				}
				if e.Lost != (test.lost && operation.changes) {
					t.Errorf("%s: lost = %t", operation.name, e.Lost)
				}
				if !strings.Contains(e.Detail, test.words) {
					t.Errorf("%s: %q does not say %q", operation.name, e.Detail, test.words)
				}
			}
			if sent := len(server.seen()); sent != len(operations) {
				t.Errorf("%d requests for %d operations: each is one attempt", sent, len(operations))
			}
		})
	}
}

func TestServiceAccountsAreNotOffered(t *testing.T) {
	server := record(t, func(w http.ResponseWriter, q *http.Request) { http.NotFound(w, q) })
	err := list(t.Context(), connect(t, server.URL, newKey(t)))
	if !errors.Is(err, api.ErrNoSuchEndpoint) || !strings.Contains(err.Error(), "does not offer service accounts") {
		t.Errorf("a server without these endpoints: %v", err)
	}
}

func TestProblemFields(t *testing.T) {
	server := record(t, answers(403, api.ProblemContentType, `{
		"type": "urn:lifeguard:problem:exceeds-caller", "request_id": "req-2",
		"errors": [{"location": "body.team_id", "message": "too\u001b[2J much"}],
		"missing_permissions": [{"action": "use-agents", "scope": "all"}],
		"existing": {"id": "a1", "name": "n\u0007"}}`))
	e := failure(t, create(t.Context(), connect(t, server.URL, newKey(t))), api.Secret{})
	if diff := cmp.Diff([]api.FieldProblem{{Location: "body.team_id", Message: "too\uFFFD[2J much"}}, e.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]api.Permission{{Action: api.UseAgents, Scope: api.ScopeAll}}, e.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if e.Existing == nil || e.Existing.Name != "n\uFFFD" {
		t.Errorf("existing %+v", e.Existing)
	}
	if e.RequestID != "req-2" || !strings.Contains(e.Detail, "Agents: Use Agents") {
		t.Errorf("request %q, sentence %q", e.RequestID, e.Detail)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"0":                             0,
		"-3":                            0,
		"soon":                          0,
		"99999999999999999999":          0,
		"2000000":                       24 * time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"Fri, 01 Mar 2126 12:00:00 GMT": 24 * time.Hour,
	} {
		server := record(t, func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Retry-After", value)
			answers(429, "text/plain", "")(w, q)
		})
		c := connect(t, server.URL, newKey(t), client.WithClock(func() time.Time { return now }))
		e := failure(t, list(t.Context(), c), api.Secret{})
		if e.RetryAfter != want || !errors.Is(e, api.ErrRateLimited) {
			t.Errorf("Retry-After %q = %v, want %v", value, e.RetryAfter, want)
		}
		if want > 0 && !strings.Contains(e.Detail, want.String()) {
			t.Errorf("the sentence %q does not say how long", e.Detail)
		}
	}
}

// TestKeyIsInNoError has servers send the key back wherever they can.
func TestKeyIsInNoError(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, key string){
		"detail": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", api.ProblemContentType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, ours(api.CodeBadRequest, "bad key "+key))
		},
		"fields": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", api.ProblemContentType)
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"errors":[{"location":"`+key+`","message":"`+key+`"}]}`)
		},
		"request id": func(w http.ResponseWriter, key string) {
			w.Header().Set(api.HeaderRequestID, key)
			w.WriteHeader(http.StatusInternalServerError)
		},
		"request id in the body": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", api.ProblemContentType)
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"title":"x","request_id":"`+key+`"}`)
		},
		"code": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", api.ProblemContentType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, ours(api.Code(key), ""))
		},
		"JSON": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"created_at":"`+key+`"}`)
		},
		"media type": func(w http.ResponseWriter, key string) {
			w.Header().Set("Content-Type", "text/"+key)
			_, _ = io.WriteString(w, key)
		},
		"status line": func(w http.ResponseWriter, key string) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "Authorization: "+key+"\r\n\r\n")
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := newKey(t)
			server := record(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, key.Reveal()) })
			e := failure(t, list(t.Context(), connect(t, server.URL, key)), key)
			for _, text := range []string{e.RequestID, string(e.Code)} {
				if strings.Contains(text, key.Reveal()) {
					t.Error("the error's fields hold the key")
				}
			}
			for _, field := range e.Fields {
				if strings.Contains(field.Message+field.Location, key.Reveal()) {
					t.Error("the error's fields hold the key")
				}
			}
		})
	}
}
