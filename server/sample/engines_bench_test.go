package sample_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// BenchmarkEngines compares the engines under the same server: GET /auth, and
// durable creates, each by clients that ask at the same time.
func BenchmarkEngines(b *testing.B) {
	const accounts, clients = 20_000, 64
	for _, engine := range []struct {
		name string
		dsn  func(b *testing.B) string
	}{
		{"sqlite", func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "sample.db") }},
		{"postgres", func(b *testing.B) string {
			dsn := postgrestest.New(b)
			postgrestest.Durable(b, dsn)
			return dsn
		}},
	} {
		b.Run(engine.name, func(b *testing.B) {
			store, err := sqlstore.Open(b.Context(), engine.dsn(b), sqlstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
			key := load(b, store, 1, accounts)
			replica := server.New(server.Options{Store: store})
			b.Cleanup(func() { _ = replica.Close(context.Background()) })
			teams, err := store.Teams(b.Context(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 1}})
			if err != nil {
				b.Fatal(err)
			}
			var names atomic.Int64
			for name, request := range map[string]func() (method, path, body string, want int){
				"auth": func() (string, string, string, int) { return http.MethodGet, api.PathAuth, "", http.StatusOK },
				"create": func() (string, string, string, int) {
					body := fmt.Sprintf(`{"name":"new %d","team_id":%q}`, names.Add(1), teams.Teams[0].ID)
					return http.MethodPost, api.PathServiceAccounts, body, http.StatusCreated
				},
			} {
				b.Run(name, func(b *testing.B) {
					b.SetParallelism(max(1, clients/runtime.GOMAXPROCS(0)))
					b.RunParallel(func(loop *testing.PB) {
						for loop.Next() {
							method, path, body, want := request()
							r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
							r.Header.Set("Authorization", "Bearer "+key.Reveal())
							r.Header.Set("Content-Type", "application/json")
							answer := httptest.NewRecorder()
							if replica.Handler().ServeHTTP(answer, r); answer.Code != want {
								b.Errorf("%s %s: %d %s", method, path, answer.Code, answer.Body)
								return
							}
						}
					})
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
				})
			}
		})
	}
}
