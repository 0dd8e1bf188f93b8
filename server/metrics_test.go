package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

var metricsAccess = map[string]accessRow{
	"metrics": {get(api.PathMetrics), "401 401 401 401 401 401 401 401 403 403 403 403 403 403 200 200"},
}

func TestMetrics(t *testing.T) {
	f := newFixture(t)
	f.auditor(api.ScopeAll)
	wrong := mint(t)
	for range 3 {
		f.must(http.StatusUnauthorized, f.do("key:"+wrong, http.MethodGet, api.PathAuth, ""))
	}
	f.must(http.StatusOK, f.do("robot", http.MethodGet, api.PathAuth+"/"+f.keys["robot"], ""))
	f.must(http.StatusUnauthorized, f.do("", http.MethodGet, api.PathMe, ""))
	f.must(http.StatusNotFound, f.do("", "MADEUP", "/"+f.keys["robot"], ""))
	answer := f.must(http.StatusOK, f.do("auditor", http.MethodGet, api.PathMetrics, ""))
	if got := answer.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("Content-Type %q", got)
	}
	body := answer.Body.String()
	for _, line := range []string{
		`lifeguard_http_requests_total{route="/auth",status="200"} 1`,
		`lifeguard_http_requests_total{route="/auth",status="401"} 3`,
		`lifeguard_http_requests_total{route="GET /poolside/v1/me",status="401"} 1`,
		`lifeguard_http_requests_total{route="none",status="404"} 1`,
		`lifeguard_verify_failures_total{reason="no such key"} 3`,
		`lifeguard_verify_failures_total{reason="no key"} 1`,
		`lifeguard_verify_failures_total{reason="suspended user"} 0`,
		`lifeguard_store_seconds_count{operation="write"} 5`, // what the fixture made over HTTP
		"# TYPE lifeguard_verify_seconds histogram", "go_goroutines ",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("the metrics do not have %s", line)
		}
	}
	for caller, key := range f.keys {
		if len(key) > 20 && strings.Contains(body, key) {
			t.Errorf("the key of %s is in the metrics", caller)
		}
	}
}
