package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func TestNew(t *testing.T) {
	for name, test := range map[string]struct {
		address string
		key     string
		want    string // part of the sentence, "" when it works
	}{
		"https":                {"https://keys.example.com", "ps-x", ""},
		"plain to localhost":   {"http://localhost:8080", "ps-x", ""},
		"plain to 127/8":       {"http://127.4.5.6", "ps-x", ""},
		"plain to ::1":         {"http://[::1]:80", "ps-x", ""},
		"no key":               {"https://keys.example.com", "", ""},
		"plain to a host":      {"http://keys.example.com", "ps-x", "unencrypted"},
		"plain to a lookalike": {"http://localhost.example.com", "ps-x", "unencrypted"},
		"plain to 0.0.0.0":     {"http://0.0.0.0", "ps-x", "unencrypted"},
		"no scheme":            {"keys.example.com", "ps-x", "start with https://"},
		"host and port only":   {"keys.example.com:443", "ps-x", "server's address"},
		"other scheme":         {"ftp://keys.example.com", "ps-x", "start with https://"},
		"no host":              {"https://", "ps-x", "start with https://"},
		"user and password":    {"https://a:b@keys.example.com", "ps-x", "name or password"},
		"query":                {"https://keys.example.com/?a=b", "ps-x", "? or #"},
		"unreadable":           {"https://keys.example.com:port", "ps-x", "cannot be read"},
		"empty":                {"", "ps-x", "start with https://"},
		"key with line break":  {"https://keys.example.com", "ps-secret\nX-Other: 1", "copy it again"},
		"key with space":       {"https://keys.example.com", "ps-sec ret", "copy it again"},
		"key beyond ASCII":     {"https://keys.example.com", "ps-sécret", "copy it again"},
	} {
		t.Run(name, func(t *testing.T) {
			key := api.NewSecret(test.key)
			_, err := client.New(test.address, key)
			if test.want == "" {
				if err != nil {
					t.Fatalf("New: %v", err)
				}
				return
			}
			e := failure(t, err, key)
			if e.Kind != api.KindLocal || !strings.Contains(e.Detail, test.want) {
				t.Errorf("kind %d, %q; want a local refusal about %q", e.Kind, e.Detail, test.want)
			}
			if strings.Contains(e.Detail, "a:b") {
				t.Errorf("the sentence quotes the password: %q", e.Detail)
			}
		})
	}
}

func TestUnusableKeyAsksToSignInAgain(t *testing.T) {
	_, err := client.New("https://keys.example.com", api.NewSecret("ps-a\n"))
	if !errors.Is(err, api.ErrUnauthorized) {
		t.Errorf("New = %v, want ErrUnauthorized", err)
	}
}

func TestTransportExcludesWhatItWouldIgnore(t *testing.T) {
	_, err := client.New("https://keys.example.com", api.Secret{},
		client.WithTransport(http.DefaultTransport), client.WithCAFile("ca.pem"))
	if e := failure(t, err, api.Secret{}); e.Kind != api.KindLocal {
		t.Errorf("kind %d, want a local refusal", e.Kind)
	}
}

func TestRequests(t *testing.T) {
	const account = `{"id":"a1","name":"ci","team":{"id":"t1","name":"platform"}}`
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		body := map[string]string{
			"GET /poolside/v1/me":                      `{"id":"u1"}`,
			"GET /poolside/v1/teams":                   `{"teams":[],"links":{}}`,
			"GET /poolside/v1/teams/platform / eu":     `{"id":"t1"}`,
			"GET /poolside/v1/service-accounts":        `{"service_accounts":[],"links":{}}`,
			"GET /poolside/v1/service-accounts/a1":     account,
			"POST /poolside/v1/service-accounts":       `{"service_account":` + account + `,"api_key":"ps-new"}`,
			"DELETE /poolside/v1/service-accounts/a1":  "",
			"DELETE /poolside/v1/service-accounts/a?b": "",
		}[q.Method+" "+q.URL.Path]
		answersJSON(200, body)(w, q)
	})
	key := newKey(t)
	c := connect(t, server.URL+"/poolside/v1/", key, client.WithUserAgent("test/1"), client.WithVia("tests"))
	ctx := t.Context()
	idempotencyKey := client.NewIdempotencyKey()
	for name, run := range map[string]struct {
		do   func() error
		line string
	}{
		"me":    {func() error { _, err := c.Me(ctx); return err }, "GET /poolside/v1/me"},
		"teams": {func() error { _, err := c.Teams(ctx, api.TeamFilter{}, api.ListOptions{}); return err }, "GET /poolside/v1/teams"},
		"teams, filtered": {func() error {
			_, err := c.Teams(ctx, api.TeamFilter{Name: "a&b", NamePrefix: "p"}, api.ListOptions{Page: 2, PageSize: 5})
			return err
		}, "GET /poolside/v1/teams?name=a%26b&name_prefix=p&page=2&page_size=5"},
		"team by a name": {func() error { _, err := c.Team(ctx, "platform / eu"); return err }, "GET /poolside/v1/teams/platform%20%2F%20eu"},
		"accounts, filtered": {func() error {
			_, err := c.ServiceAccounts(ctx,
				api.ServiceAccountFilter{Team: "t1", CreatedBy: "u1", Query: "ci dep", KeyHash: "ab"},
				api.ListOptions{StartToken: "tok=", IncludeTotals: true})
			return err
		}, "GET /poolside/v1/service-accounts?created_by=u1&include_totals=true&key_hash=ab&query=ci+dep&start_token=tok%3D&team=t1"},
		"account": {func() error { _, err := c.ServiceAccount(ctx, "a1"); return err }, "GET /poolside/v1/service-accounts/a1"},
		"create": {func() error {
			_, err := c.CreateServiceAccount(ctx, api.CreateServiceAccount{Name: "ci", TeamID: "t1"}, idempotencyKey)
			return err
		}, "POST /poolside/v1/service-accounts"},
		"delete":           {func() error { return c.DeleteServiceAccount(ctx, "a1") }, "DELETE /poolside/v1/service-accounts/a1"},
		"delete by odd id": {func() error { return c.DeleteServiceAccount(ctx, "a?b") }, "DELETE /poolside/v1/service-accounts/a%3Fb"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(server.seen())
			if err := run.do(); err != nil {
				t.Fatal(err)
			}
			seen := server.seen()[before:]
			if len(seen) != 1 || seen[0].line != run.line {
				t.Fatalf("requests %v, want %s", seen, run.line)
			}
			got := map[string]string{}
			for _, header := range []string{"Authorization", "User-Agent", "Accept", "Content-Type", api.HeaderVia, api.HeaderIdempotencyKey} {
				got[header] = seen[0].header.Get(header)
			}
			want := map[string]string{
				"Authorization": "Bearer " + key.Reveal(), "User-Agent": "test/1", api.HeaderVia: "tests",
				"Accept": "application/json, application/problem+json", "Content-Type": "", api.HeaderIdempotencyKey: "",
			}
			body := ""
			if name == "create" {
				want["Content-Type"], want[api.HeaderIdempotencyKey] = "application/json", idempotencyKey
				body = `{"name":"ci","team_id":"t1"}`
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if seen[0].body != body {
				t.Errorf("body %q, want %q", seen[0].body, body)
			}
		})
	}
}

func TestNoKeySendsNoAuthorization(t *testing.T) {
	server := record(t, answersJSON(200, `{"id":"u1"}`))
	if _, err := connect(t, server.URL, api.Secret{}).Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	if values := server.seen()[0].header.Values("Authorization"); len(values) != 0 {
		t.Errorf("Authorization was sent %d times without a key", len(values))
	}
}

func TestIDsThatWouldNameAnotherEndpoint(t *testing.T) {
	server := record(t, answersJSON(200, `{}`))
	c := connect(t, server.URL, newKey(t))
	for _, id := range []string{"", ".", ".."} {
		if err := c.DeleteServiceAccount(t.Context(), id); !errors.Is(err, api.ErrNotFound) {
			t.Errorf("delete %q = %v, want ErrNotFound", id, err)
		}
	}
	if seen := server.seen(); len(seen) != 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}

func TestCreateAnswer(t *testing.T) {
	const body = `{"service_account":{"id":"a1","name":"ci"},"api_key":"ps-new"}`
	for _, replayed := range []string{"", "true"} {
		server := record(t, func(w http.ResponseWriter, q *http.Request) {
			if replayed != "" {
				w.Header().Set(api.HeaderIdempotentReplayed, replayed)
			}
			answersJSON(201, body)(w, q)
		})
		created, err := connect(t, server.URL, newKey(t)).CreateServiceAccount(t.Context(), api.CreateServiceAccount{}, "k")
		if err != nil {
			t.Fatal(err)
		}
		if created.APIKey.Reveal() != "ps-new" || created.ServiceAccount.ID != "a1" || created.Replayed != (replayed == "true") {
			t.Errorf("id %q, replayed %t with header %q", created.ServiceAccount.ID, created.Replayed, replayed)
		}
	}
}

func TestReadOnlySendsNoChange(t *testing.T) {
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		body := `{"id":"u1","service_accounts":[],"teams":[],"users":[],"roles":[],"api_keys":[],"audit_events":[],"changes":[]}`
		if strings.HasPrefix(q.URL.Path, api.PathUsers+"/") && !strings.HasSuffix(q.URL.Path, "/teams") {
			body = `{"id":"u1"}` // whose teams are no list
		}
		answersJSON(200, body)(w, q)
	})
	key := newKey(t)
	for name, options := range map[string][]client.Option{
		"own transport":    {client.WithReadOnly()},
		"given transport":  {client.WithReadOnly(), client.WithTransport(&http.Transport{DisableKeepAlives: true})},
		"in another order": {client.WithTransport(&http.Transport{DisableKeepAlives: true}), client.WithReadOnly()},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, server.URL, key, options...)
			for _, operation := range operations {
				before := len(server.seen())
				err := operation.run(t.Context(), c)
				sent := len(server.seen()) - before
				if !operation.changes {
					if err != nil || sent != 1 {
						t.Errorf("%s: %v, %d requests; a read must pass", operation.name, err, sent)
					}
					continue
				}
				if e := failure(t, err, key); e.Kind != api.KindLocal || e.Lost || sent != 0 {
					t.Errorf("%s: kind %d, lost %t, %d requests; want a local refusal", operation.name, e.Kind, e.Lost, sent)
				}
			}
		})
	}
}
