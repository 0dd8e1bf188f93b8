package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// paged serves pages of accounts and teams in turn; the link of page n is
// next(n), and rows are named after their page.
func paged(next func(page int) string) http.HandlerFunc {
	page := 0
	return func(w http.ResponseWriter, q *http.Request) {
		page++
		key := "service_accounts"
		if strings.Contains(q.URL.Path, "/teams") {
			key = "teams"
		}
		answersJSON(200, fmt.Sprintf(`{"%s":[{"id":"p%d-a"},{"id":"p%d-b"}],"links":{"next":%q}}`, key, page, page, next(page)))(w, q)
	}
}

func relative(path string, pages int) func(int) string {
	return func(page int) string {
		if page == pages {
			return ""
		}
		return fmt.Sprintf("%s?page_size=300&start_token=tok%d", path, page)
	}
}

func TestAll(t *testing.T) {
	want := []string{"p1-a", "p1-b", "p2-a", "p2-b", "p3-a", "p3-b"}
	t.Run("service accounts", func(t *testing.T) {
		server := record(t, paged(relative(api.PathServiceAccounts, 3)))
		var got []string
		for account, err := range connect(t, server.URL, newKey(t)).AllServiceAccounts(t.Context(), api.ServiceAccountFilter{Query: "x"}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, account.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("accounts (-want +got):\n%s", diff)
		}
		lines := []string{
			"GET /poolside/v1/service-accounts?page_size=300&query=x",
			"GET /poolside/v1/service-accounts?page_size=300&start_token=tok1",
			"GET /poolside/v1/service-accounts?page_size=300&start_token=tok2",
		}
		for i, request := range server.seen() {
			if request.line != lines[i] {
				t.Errorf("request %d is %q, want %q", i, request.line, lines[i])
			}
		}
	})
	t.Run("teams", func(t *testing.T) {
		server := record(t, paged(relative(api.PathTeams, 3)))
		var got []string
		for team, err := range connect(t, server.URL, newKey(t)).AllTeams(t.Context(), api.TeamFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, team.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("teams (-want +got):\n%s", diff)
		}
	})
	t.Run("stopped early", func(t *testing.T) {
		server := record(t, paged(relative(api.PathServiceAccounts, 3)))
		for account, err := range connect(t, server.URL, newKey(t)).AllServiceAccounts(t.Context(), api.ServiceAccountFilter{}) {
			if err != nil || account.ID != "p1-a" {
				t.Errorf("the first row is %q, %v", account.ID, err)
			}
			break
		}
		if sent := len(server.seen()); sent != 1 {
			t.Errorf("%d requests for one row, want 1", sent)
		}
	})
	t.Run("an error ends it", func(t *testing.T) {
		server := record(t, answers(500, "text/plain", ""))
		errs := 0
		for account, err := range connect(t, server.URL, newKey(t)).AllServiceAccounts(t.Context(), api.ServiceAccountFilter{}) {
			_ = failure(t, err, api.Secret{})
			errs++
			if account.ID != "" {
				t.Errorf("account %q beside an error", account.ID)
			}
		}
		if errs != 1 {
			t.Errorf("%d errors, want 1", errs)
		}
	})
	t.Run("round in circles", func(t *testing.T) {
		server := record(t, paged(func(page int) string { return fmt.Sprintf("%s?start_token=tok%d", api.PathServiceAccounts, page%2) }))
		var last error
		for _, err := range connect(t, server.URL, newKey(t)).AllServiceAccounts(t.Context(), api.ServiceAccountFilter{}) {
			last = err
		}
		if e := failure(t, last, api.Secret{}); e.Kind != api.KindMalformed || !strings.Contains(e.Detail, "circles") {
			t.Errorf("kind %d, %q", e.Kind, e.Detail)
		}
		if sent := len(server.seen()); sent != 3 {
			t.Errorf("%d requests, want 3", sent)
		}
	})
}

func TestNextStaysWithTheServer(t *testing.T) {
	server := record(t, answersJSON(200, `{"service_accounts":[]}`))
	host := strings.TrimPrefix(server.URL, "http://")
	for next, want := range map[string]string{
		"/poolside/v1/service-accounts?start_token=t1": "GET /poolside/v1/service-accounts?start_token=t1",
		"?start_token=t2": "GET /poolside/v1/service-accounts?start_token=t2",
		server.URL + "/poolside/v1/service-accounts?start_token=t3": "GET /poolside/v1/service-accounts?start_token=t3",
		"//" + host + "/poolside/v1/service-accounts":               "GET /poolside/v1/service-accounts",
		"":    "",
		"%zz": "",
		"https://" + host + "/poolside/v1/service-accounts":             "",
		"http://" + host + "0/poolside/v1/service-accounts":             "",
		"http://evil.example.com/poolside/v1/service-accounts":          "",
		"//evil.example.com/poolside/v1/service-accounts":               "",
		"http://" + host + "@evil.example.com/":                         "",
		"http://a:b@" + host + "/poolside/v1/service-accounts":          "",
		"file:///etc/passwd":                                            "",
		"javascript:alert(1)":                                           "",
		"\\\\evil.example.com\\x":                                       "GET /poolside/v1/%5C%5Cevil.example.com%5Cx",
		"/\t/evil.example.com":                                          "",
		"/poolside/v1/service-accounts?start_token=t4#fragment-dropped": "GET /poolside/v1/service-accounts?start_token=t4",
	} {
		t.Run(next, func(t *testing.T) {
			before := len(server.seen())
			_, err := connect(t, server.URL, newKey(t)).NextServiceAccounts(t.Context(), next)
			seen := server.seen()[before:]
			if want == "" {
				if e := failure(t, err, api.Secret{}); e.Kind != api.KindMalformed || len(seen) != 0 {
					t.Errorf("kind %d, %d requests; want it refused", e.Kind, len(seen))
				}
				return
			}
			if err != nil || len(seen) != 1 || seen[0].line != want {
				t.Errorf("%v, requests %v; want %s", err, seen, want)
			}
		})
	}
}

func TestServerBehindAPath(t *testing.T) {
	server := record(t, paged(relative(api.PathTeams, 2)))
	c := connect(t, server.URL+"/keys/", newKey(t))
	for _, err := range c.AllTeams(context.Background(), api.TeamFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range server.seen() {
		if !strings.HasPrefix(request.line, "GET /keys/poolside/v1/teams?") {
			t.Errorf("request %q left the server's path", request.line)
		}
	}
	if got := len(server.seen()); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}

func TestIdempotencyKeysDiffer(t *testing.T) {
	if a, b := client.NewIdempotencyKey(), client.NewIdempotencyKey(); a == b || len(a) != 36 {
		t.Errorf("keys %q and %q", a, b)
	}
}
