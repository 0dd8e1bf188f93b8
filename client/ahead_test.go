package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func collectPages(t *testing.T, c *client.Client) (ids []string, err error) {
	t.Helper()
	for page, err := range c.ServiceAccountPages(t.Context(), api.ServiceAccountFilter{Query: "x"}) {
		if err != nil {
			if page.ServiceAccounts != nil {
				t.Error("an error comes with a page")
			}
			return ids, err
		}
		for _, account := range page.ServiceAccounts {
			ids = append(ids, account.ID)
		}
	}
	return ids, nil
}

func TestServiceAccountPages(t *testing.T) {
	want := []string{"p1-a", "p1-b", "p2-a", "p2-b", "p3-a", "p3-b"}
	lines := []string{
		"GET /poolside/v1/service-accounts?page_size=300&query=x",
		"GET /poolside/v1/service-accounts?page_size=300&start_token=tok1",
		"GET /poolside/v1/service-accounts?page_size=300&start_token=tok2",
	}
	next := relative(api.PathServiceAccounts, 3)
	for name, announce := range map[string]func(page int) string{
		"links in the body": func(int) string { return "" },
		"links in a header": func(page int) string {
			if next(page) == "" {
				return ""
			}
			return `</first>; rel="first", <` + next(page) + `>; title="on"; rel="next last"`
		},
		"a header that says nothing": func(int) string { return `<<>; rel=previous, ;` },
	} {
		t.Run(name, func(t *testing.T) {
			page := 0
			serve := paged(next)
			server := record(t, func(w http.ResponseWriter, q *http.Request) {
				page++
				if link := announce(page); link != "" {
					w.Header().Set("Link", link)
				}
				serve(w, q)
			})
			got, err := collectPages(t, connect(t, server.URL, newKey(t)))
			if err != nil || cmp.Diff(want, got) != "" {
				t.Errorf("%v, %v", got, err)
			}
			for i, request := range server.seen() {
				if request.line != lines[i] {
					t.Errorf("request %d is %q, want %q", i, request.line, lines[i])
				}
			}
		})
	}
}

// The next page is asked for before the body of the present one has come.
func TestServiceAccountPagesAreAskedForAhead(t *testing.T) {
	asked := make(chan struct{})
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		if strings.Contains(q.URL.RawQuery, "start_token") {
			close(asked)
			answersJSON(200, `{"service_accounts":[{"id":"b"}],"links":{}}`)(w, q)
			return
		}
		w.Header().Set("Link", `<`+api.PathServiceAccounts+`?start_token=next>; rel="next"`)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-asked:
		case <-q.Context().Done():
		}
		_, _ = io.WriteString(w, `{"service_accounts":[{"id":"a"}],"links":{"next":"`+api.PathServiceAccounts+`?start_token=next"}}`)
	})
	ids, err := collectPages(t, connect(t, server.URL, newKey(t), client.WithTimeout(time.Minute)))
	if err != nil || cmp.Diff([]string{"a", "b"}, ids) != "" {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestServiceAccountPagesFail(t *testing.T) {
	key := newKey(t)
	for name, test := range map[string]struct {
		next func(page int) string
		rows int
		want string
	}{
		"in circles":      {func(int) string { return api.PathServiceAccounts + "?start_token=same" }, 4, "circles"},
		"to another host": {func(int) string { return "https://elsewhere.example.com/x" }, 2, "another address"},
	} {
		for _, inHeader := range []bool{false, true} {
			t.Run(fmt.Sprint(name, inHeader), func(t *testing.T) {
				serve := paged(test.next)
				server := record(t, func(w http.ResponseWriter, q *http.Request) {
					if inHeader {
						w.Header().Set("Link", "<"+test.next(0)+`>; rel=next`)
					}
					serve(w, q)
				})
				ids, err := collectPages(t, connect(t, server.URL, key))
				if e := failure(t, err, key); !strings.Contains(e.Detail, test.want) || len(ids) != test.rows {
					t.Errorf("after %d rows: %q, want something about %q", len(ids), e.Detail, test.want)
				}
			})
		}
	}
	t.Run("half way", func(t *testing.T) {
		serve := paged(relative(api.PathServiceAccounts, 9))
		server := record(t, func(w http.ResponseWriter, q *http.Request) {
			if strings.Contains(q.URL.RawQuery, "tok2") {
				answers(503, "text/plain", "")(w, q)
				return
			}
			serve(w, q)
		})
		ids, err := collectPages(t, connect(t, server.URL, key))
		if e := failure(t, err, key); e.Status != 503 || len(ids) != 4 {
			t.Errorf("after %d rows: %v", len(ids), e)
		}
	})
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		server := record(t, paged(relative(api.PathServiceAccounts, 1000)))
		var last error
		for _, err := range connect(t, server.URL, key).ServiceAccountPages(ctx, api.ServiceAccountFilter{}) {
			cancel()
			last = err
		}
		if e := failure(t, last, key); e.Kind != api.KindCanceled {
			t.Errorf("ends with %v", e)
		}
	})
}

// Not following any further ends the requests that are under way.
func TestServiceAccountPagesStop(t *testing.T) {
	server := record(t, paged(relative(api.PathServiceAccounts, 1000)))
	for _, err := range connect(t, server.URL, newKey(t)).ServiceAccountPages(t.Context(), api.ServiceAccountFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if n := len(server.seen()); n > 12 {
		t.Errorf("%d pages were asked for, of which one was wanted", n)
	}
}

// servedBody is a client of a server that answers every request with a body.
func servedBody(t testing.TB, body []byte) *client.Client {
	return connect(t, "https://keys.example.com", newKey(t), client.WithTransport(transportFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(string(body))), ContentLength: int64(len(body)),
		}, nil
	})))
}

// accountsAsJSONSays decodes a list as encoding/json does, and cleans it.
func accountsAsJSONSays(body []byte) (list api.ServiceAccountList, err error) {
	err = json.Unmarshal(body, &list)
	for i := range list.ServiceAccounts {
		a := &list.ServiceAccounts[i]
		for _, text := range []*string{
			&a.ID, &a.Name, &a.Team.ID, &a.Team.Name, &a.Key.Hint, &a.Key.LastUsedIP,
			(*string)(&a.CreatedBy.Type), &a.CreatedBy.ID, &a.CreatedBy.Name,
		} {
			*text = api.Clean(*text)
		}
	}
	list.Links.Next = api.Clean(list.Links.Next)
	return list, err
}

const accountBody = `{"id":"01890000-0000-7000-8000-000000000001","name":"ci-deploy","team":{"id":"t1","name":"pl\u0061tform"},` +
	`"key":{"hint":"ps-4f8a…9Qx2","created_at":"2026-01-02T03:04:05.678901Z","last_used_at":"2026-01-02T03:04:05+02:00","last_used_ip":"10.0.0.1"},` +
	`"created_by":{"type":"user","id":"u1","name":"Émile \"e\""},"created_at":"2026-01-02T03:04:05Z"}`

// FuzzAccounts holds the client's own decoding of accounts to encoding/json: the
// same accounts, or the same refusal.
func FuzzAccounts(f *testing.F) {
	f.Add([]byte(`{"service_accounts":[` + accountBody + `,` + accountBody + `],"links":{"next":"/x?y=z"},"total":104211}`))
	f.Add([]byte(`{"service_accounts":[],"links":{}} `))
	f.Add([]byte(`{"$schema":"s","service_accounts":[{"id":"a","new":[1]}],"links":{}}`))
	f.Add([]byte(`{"SERVICE_ACCOUNTS":[{"ID":"a"}],"links":null,"total":null}`))
	f.Add([]byte(`{"service_accounts":[{"id":"a","id":"b","key":{"last_used_at":null}}],"links":{}}`))
	f.Add([]byte(`{"service_accounts":[{"id":"a\u0000\ud800\/","name":"` + "\xff\u202e\x7f" + `"}],"links":{},"total":1e3}`))
	f.Add([]byte(`{"service_accounts":[{"id":"a","created_at":"2026-01-02t03:04:05z"}],"links":{},"total":01}`))
	f.Add([]byte(`{"service_accounts":[{"id":"a"}],"links":{}}{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := servedBody(t, body).ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
		want, wrong := accountsAsJSONSays(body)
		incomplete := want.ServiceAccounts == nil
		for _, a := range want.ServiceAccounts {
			incomplete = incomplete || a.ID == ""
		}
		if (err != nil) != (wrong != nil || incomplete) {
			t.Fatalf("%v, encoding/json says %v", err, wrong)
		}
		if err == nil {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-encoding/json +client):\n%s", diff)
			}
			return
		}
		var refused *api.Error
		if !errors.As(err, &refused) {
			t.Fatalf("%T", err)
		}
	})
}

// With a server that says where several pages are, they are asked for at once
// and come in their order; what has come between since is fetched in its place.
func TestServiceAccountPagesAreAskedForAtOnce(t *testing.T) {
	path := api.PathServiceAccounts
	pages := map[string]struct{ ids, next string }{
		"":      {"a", path + "?start_token=b&end_token=c"},
		"b&c":   {"b", path + "?start_token=b2&end_token=c"},
		"b2&c":  {"b2", ""},
		"c&d":   {"c", ""},
		"d":     {"d", path + "?start_token=e"},
		"e&end": {"e", ""},
		"end":   {"", ""},
	}
	var waiting sync.WaitGroup
	waiting.Add(3) // b, c and d are under way before one of them is answered
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		place := q.URL.Query().Get("start_token")
		if end := q.URL.Query().Get("end_token"); end != "" {
			place += "&" + end
		}
		if q.Header.Get("Prefer") != "ahead=16" {
			t.Errorf("%q prefers %q", place, q.Header.Get("Prefer"))
		}
		switch place {
		case "":
			w.Header().Set("Link", fmt.Sprintf(`<%[1]s?start_token=b>; rel="next", <%[1]s?start_token=b&end_token=c>; rel="%[2]s", `+
				`<%[1]s?start_token=c&end_token=d>; rel="%[2]s", <%[1]s?start_token=d>; rel="%[2]s"`, path, api.RelAhead))
		case "d":
			w.Header().Set("Link", fmt.Sprintf(`<%[1]s?start_token=e>; rel="next", <%[1]s?start_token=e&end_token=end>; rel="%[2]s", `+
				`<%[1]s?start_token=end>; rel="%[2]s"`, path, api.RelAhead))
		}
		if place == "b&c" || place == "c&d" || place == "d" {
			waiting.Done()
			waiting.Wait()
		}
		page, ok := pages[place]
		if !ok {
			t.Errorf("asked for %q", place)
		}
		rows := ""
		if page.ids != "" {
			rows = `{"id":"` + page.ids + `"}`
		}
		answersJSON(200, `{"service_accounts":[`+rows+`],"links":{"next":"`+page.next+`"}}`)(w, q)
	})
	ids, err := collectPages(t, connect(t, server.URL, newKey(t), client.WithTimeout(time.Minute)))
	if err != nil || cmp.Diff([]string{"a", "b", "b2", "c", "d", "e"}, ids) != "" {
		t.Errorf("%v, %v", ids, err)
	}
}

// Places that lead elsewhere, or twice to the same, end the list.
func TestPlacesAheadAreChecked(t *testing.T) {
	for want, places := range map[string][]string{
		"circles":         {api.PathServiceAccounts + "?start_token=b", api.PathServiceAccounts + "?start_token=b"},
		"another address": {"https://elsewhere.example.com/x", api.PathServiceAccounts + "?start_token=c"},
	} {
		server := record(t, func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Query().Get("start_token") == "" {
				for _, place := range places {
					w.Header().Add("Link", "<"+place+`>; rel="`+api.RelAhead+`"`)
				}
			}
			answersJSON(200, `{"service_accounts":[{"id":"a"}],"links":{}}`)(w, q)
		})
		if ids, err := collectPages(t, connect(t, server.URL, newKey(t))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, %v", places, ids, err)
		}
	}
}
