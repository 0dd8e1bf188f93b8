package server_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

// within is the fixture for one input of a fuzz test.
func (f *fixture) within(t *testing.T) *fixture {
	one := *f
	one.t = t
	// What earlier inputs left would only grow.
	f.logs.reset()
	f.faults.set(func(s *faultyStore) { s.events = nil })
	return &one
}

// answered sends a request that no URL parser has seen, as the administrator,
// and checks that the answer is whole: a success, or a problem that blames the
// request and not the server.
func (f *fixture) answered(r *http.Request) *httptest.ResponseRecorder {
	f.t.Helper()
	r.RemoteAddr = "192.0.2.7:5555"
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+f.keys["admin"])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	var problem api.Problem
	switch {
	case w.Code >= http.StatusInternalServerError, w.Code >= http.StatusMultipleChoices && w.Code < http.StatusBadRequest:
		f.t.Errorf("%s %q: status %d: %s", r.Method, r.URL, w.Code, w.Body)
	case w.Code < http.StatusBadRequest:
	case json.Unmarshal(w.Body.Bytes(), &problem) != nil || problem.Status != w.Code || !strings.HasSuffix(problem.Detail, "."):
		f.t.Errorf("%s %q: status %d without a problem: %s", r.Method, r.URL, w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), f.keys["admin"]) {
		f.t.Errorf("%s %q: the key is in the answer", r.Method, r.URL)
	}
	return w
}

// documented are the operations of the document that a filter lets through, in
// one order.
func (f *fixture) documented(kept func(method, path string, operation openAPIOperation) bool) (found []documentedOperation) {
	for path, operations := range f.document().Paths {
		for method, operation := range operations {
			if method = strings.ToUpper(method); kept(method, path, operation) {
				found = append(found, documentedOperation{operation.OperationID, method, path})
			}
		}
	}
	slices.SortFunc(found, func(a, b documentedOperation) int { return cmp.Compare(a.id, b.id) })
	return found
}

// filled is a path of the document that leads to something.
func (f *fixture) filled(path string) string {
	return strings.NewReplacer("{user_id}", f.ids["admin"], "{team_id}", f.teamA, "{id}", f.accountA.ID).Replace(path)
}

type documentedOperation struct{ id, method, path string }

// FuzzQuery sends any query to every operation that reads. The address of the
// next page, which the server made itself, must lead somewhere.
func FuzzQuery(f *testing.F) {
	fix := newFixture(f)
	fix.server.Drain() // waiting for an audit event is answered at once
	reads := fix.documented(func(method, path string, _ openAPIOperation) bool {
		return method == http.MethodGet && path != api.PathReadyz
	})
	for i := range reads {
		for _, seed := range []string{
			"", "page_size=1&include_totals=true", "page=2&page_size=1", "start_token=MQ==", "page=1&start_token=abcd", "query=%00", "name=%ff",
			"team=" + fix.teamA, "created_by=" + fix.ids["admin"], "key_hash=" + strings.Repeat("0", 64), "status=active,suspended", "email=A%40B",
			"after=1&wait=30", "order=desc&since=2026-01-01T00:00:00Z&until=9999-12-31T23:59:59.999999999Z", "since=0000-01-01T00:00:00Z",
			"actor_type=user&action=service_account.create", "name_prefix=%F0%9F%9B%9F", "permission=use-agents:x", "%zz", "a;b", "page_size=1&page_size=x",
			"page=10000000&page_size=300", "page_size=-1", "after=9223372036854775807",
		} {
			f.Add(byte(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, query string) {
		fix := fix.within(t)
		operation := reads[int(which)%len(reads)]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fix.filled(operation.path), nil)
		r.URL.RawQuery = query
		answer := fix.answered(r)
		if operation.path == api.PathMetrics || operation.path == api.PathAuth || answer.Code != http.StatusOK {
			return
		}
		if next := decode[struct{ Links api.Links }](t, answer).Links.Next; next != "" {
			fix.must(http.StatusOK, fix.do("admin", http.MethodGet, next, ""))
		}
	})
}

// FuzzStartToken sends anything as the token of every list's next page.
func FuzzStartToken(f *testing.F) {
	fix := newFixture(f)
	var lists []string
	for _, operation := range fix.documented(func(method, _ string, o openAPIOperation) bool {
		return method == http.MethodGet && o.takes("start_token")
	}) {
		path := fix.filled(operation.path)
		list := decode[struct{ Links api.Links }](f, fix.must(http.StatusOK, fix.do("admin", http.MethodGet, path+"?page_size=1", "")))
		_, token, _ := strings.Cut(list.Links.Next, "start_token=")
		for _, seed := range []string{token, "abcd", "MQ==", "YTE6MQ", "YTE6LTE", "MTAxOWM4YTQ1LTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAA"} {
			f.Add(byte(len(lists)), seed)
		}
		lists = append(lists, path)
	}
	if len(lists) < 5 {
		f.Fatalf("the document has the lists %v alone", lists)
	}
	f.Fuzz(func(t *testing.T, which byte, token string) {
		fix := fix.within(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, lists[int(which)%len(lists)], nil)
		r.URL.RawQuery = "page_size=1&start_token=" + url.QueryEscape(token)
		if answer := fix.answered(r); answer.Code != http.StatusOK && answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%d: %s", answer.Code, answer.Body)
		}
	})
}

// FuzzPath asks for any path with any method.
func FuzzPath(f *testing.F) {
	fix := newFixture(f)
	for _, operation := range fix.documented(func(string, string, openAPIOperation) bool { return true }) {
		for _, id := range []string{fix.teamA, strings.ToUpper(fix.accountA.ID), "", "\x00", "..", "a/b", "%2e%2e", strings.Repeat("x", 36)} {
			path, _, _ := strings.Cut(operation.path, "{")
			_, rest, _ := strings.Cut(operation.path, "}")
			f.Add(operation.method, path+id+rest)
		}
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		if method == http.MethodDelete || method == http.MethodPost || method == http.MethodPatch {
			return // these have bodies and effects: see the other targets
		}
		fix := fix.within(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Method, r.URL.Path = method, path
		fix.answered(r)
	})
}

// FuzzHeaders sends any value of every header that the server looks at with a
// create. What is kept of them is harmless to show and holds no key.
func FuzzHeaders(f *testing.F) {
	fix := newFixture(f)
	headers := []string{
		api.HeaderIdempotencyKey, "If-Match", "If-None-Match", "Authorization", "Content-Type", "Accept", "Accept-Encoding", "Content-Encoding",
		"User-Agent", api.HeaderVia, api.HeaderRequestID, "X-Forwarded-For", "Expect", "Content-Length", "Origin",
	}
	for i := range headers {
		for _, seed := range []string{
			newID(), strings.ToUpper(newID()), "00000000-0000-0000-0000-000000000000", `"1"`, "*", `W/"x", "y"`, "application/json; charset=utf-16",
			"application/problem+json", "text/html;q=0.1, */*;q=0", "Bearer x", "bearer " + fix.keys["admin"], "console\x1b[2J", "a\u202eb", "\xff\x00",
			fix.keys["admin"], strings.Repeat("ä", 300), "gzip", "100-continue", "", ",;=",
		} {
			f.Add(byte(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, value string) {
		fix := fix.within(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, api.PathServiceAccounts, strings.NewReader(createBody("ci", fix.teamA)))
		r.Header.Set("Content-Type", "application/json")
		r.Header[http.CanonicalHeaderKey(headers[int(which)%len(headers)])] = []string{value}
		answer := fix.answered(r)
		if answer.Code != http.StatusCreated {
			return
		}
		created := decode[api.CreatedServiceAccount](t, answer)
		event := fix.events("service_account.create")[0]
		for _, kept := range []string{event.Via, event.UserAgent, event.IP} {
			if kept != api.Clean(kept) || kept != api.RedactKeys(kept) || len(kept) > 256 {
				t.Errorf("%+q is kept", kept)
			}
		}
		fix.must(http.StatusNoContent, fix.do("admin", http.MethodDelete, accountPath(created.ServiceAccount.ID), ""))
	})
}

// FuzzIntrospectBody asks what anything stands for.
func FuzzIntrospectBody(f *testing.F) {
	fix := newFixture(f)
	for _, seed := range []string{
		"token=" + fix.keys["robot"], "token=" + fix.keys["deleted"], "token=", "token=a&token=b", "token=%zz", "token=%00", "a;b", "token_type_hint=x&token=y",
		"{}", "\xff", strings.Repeat("token=", 9999),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fix := fix.within(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, api.PathIntrospect, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := fix.answered(r)
		form, _ := url.ParseQuery(string(body))
		if answer.Code == http.StatusOK && decode[api.Introspection](t, answer).Active && fix.callerOf(form.Get("token")) == "" {
			t.Errorf("%q stands for %s", body, answer.Body)
		}
	})
}

// callerOf is who has a key, "" for nobody.
func (f *fixture) callerOf(key string) string {
	for caller, known := range f.keys {
		if known == key {
			return caller
		}
	}
	return ""
}

// FuzzAuth asks as a gateway does, with anything as the key and as what is
// demanded. Only a key that was handed out, and lives, is let in.
func FuzzAuth(f *testing.F) {
	fix := newFixture(f)
	for _, caller := range []string{"admin", "robot", "nobody", "deleted", "suspended"} {
		for _, query := range []string{"", "permission=use-agents", "permission=use-agents:agent-1", "permission=", "permission=:", "%zz", "a;b", "permission=x&permission=y"} {
			f.Add("Bearer "+fix.keys[caller], query, "")
		}
	}
	f.Add("Basic eA==", "", "/..")
	f.Add(fix.keys["admin"], "", "/\x00")
	f.Fuzz(func(t *testing.T, authorization, query, below string) {
		fix := fix.within(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, api.PathAuth, nil)
		r.RemoteAddr, r.URL.RawQuery = "192.0.2.7:5555", query
		if below != "" {
			r.URL.Path += "/" + below
		}
		r.Header["Authorization"] = []string{authorization}
		answer := httptest.NewRecorder()
		fix.handler.ServeHTTP(answer, r)
		scheme, key, _ := strings.Cut(authorization, " ")
		caller := fix.callerOf(strings.TrimSpace(key))
		living := strings.EqualFold(scheme, "Bearer") && caller != "" && caller != "deleted" && caller != "suspended"
		switch answer.Code {
		case http.StatusOK:
			if !living || answer.Header().Get(api.HeaderAuthSubject) != fix.ids[caller] {
				t.Errorf("%q is let in as %v", authorization, answer.Header())
			}
		case http.StatusUnauthorized, http.StatusForbidden:
			if living && query == "" {
				t.Errorf("%s is not let in: %s", caller, answer.Body)
			}
		default:
			t.Errorf("status %d", answer.Code)
		}
		for name, values := range answer.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") || len(strings.Join(values, "")) > 1<<10 {
				t.Errorf("%s: %q", name, values)
			}
		}
	})
}
