package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// BenchmarkServer measures the released program as a server, side by side with
// what it is compared to: see docs/speed.md for the targets. Each part runs
// once. It takes LIFEGUARD_BENCH_ACCOUNTS accounts, 20,000 if that is not set.
func BenchmarkServer(b *testing.B) {
	binary, accounts := released(b), speedAccounts(b)
	b.Run("sqlite", func(b *testing.B) {
		served := serveMeasured(b, binary, "sqlite:"+speedDatabase(b, accounts))
		b.Run("auth", func(b *testing.B) { besideBare(b, served, authLoad(accounts)) })
		b.Run("create", func(b *testing.B) { besideBare(b, served, createLoad(b, served)) })
		b.Run("list", func(b *testing.B) { benchmarkList(b, served, min(accounts, 100_000)) })
		b.Run("pages", func(b *testing.B) { benchmarkPages(b, served) })
		b.Run("timing", func(b *testing.B) { benchmarkTiming(b, served, accounts) })
		b.Run("memory", func(b *testing.B) {
			for b.Loop() { // it has been measured already
				b.ReportMetric(memoryOf(b, served.pid, "VmHWM")*1e6/(1<<20), "MiB-at-most")
			}
		})
	})
	b.Run("postgres", func(b *testing.B) { benchmarkPostgres(b, binary, min(accounts, 100_000)) })
}

func serveMeasured(b *testing.B, binary, dsn string) measured {
	b.Helper()
	// The sample is of a day long past, and most of its audit events would be
	// pruned while it is measured.
	return startMeasured(b, nil, binary, "serve", "--listen", "127.0.0.1:0", "--database", dsn, "--audit-days", "0")
}

const (
	speedRounds = 3
	speedSpan   = 2 * time.Second
	speedKeys   = 20_000 // that are asked with, of all there are
)

// once is the loop of a benchmark that measures over a time of its own.
func once(b *testing.B, measure func()) {
	b.Helper()
	b.ResetTimer()
	for b.Loop() {
		measure()
	}
	b.ReportMetric(0, "ns/op") // which would say nothing
}

// subject is one of several servers that are asked in turn.
type subject struct {
	measured
	load
	perSecond []float64
	each      []time.Duration
	next      int
}

func (s *subject) round(b *testing.B, span time.Duration) {
	b.Helper()
	perSecond, each, next := s.run(b, s.address, s.pid, s.next, span)
	s.next, s.perSecond, s.each = next, append(s.perSecond, perSecond), append(s.each, each)
}

// inTurn asks one after the other, several times, so that what else the
// machine does meets them alike, and returns the median of second/first.
func inTurn(b *testing.B, first, second *subject) float64 {
	b.Helper()
	for _, s := range []*subject{first, second} {
		s.round(b, speedSpan/2)
		s.perSecond, s.each = nil, nil // that was to get warm
	}
	var ratios []float64
	for round := range speedRounds {
		first.round(b, speedSpan)
		second.round(b, speedSpan)
		ratios = append(ratios, second.perSecond[round]/first.perSecond[round])
	}
	return median(ratios)
}

func median[T int | int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func (s *subject) report(b *testing.B, name string) {
	b.ReportMetric(median(s.perSecond), name+"/s")
	b.ReportMetric(float64(median(s.each).Nanoseconds())/1000, name+"-µs-processor")
}

// besideBare compares a server with a bare handler that answers the same.
func besideBare(b *testing.B, served measured, l load) {
	first := l.request(0)
	method, rest, _ := strings.Cut(string(first), " ")
	path, _, _ := strings.Cut(rest, " ")
	_, body, _ := strings.Cut(rest, "\r\n\r\n")
	always := ask(b, served, method, path, body, speedKey(administratorNumber))
	if fmt.Sprint(always.Status) != l.status {
		b.Fatalf("%d %s", always.Status, always.Body)
	}
	bare := &subject{measured: startBare(b, always), load: l}
	whole := &subject{measured: served, load: l, next: 1}
	once(b, func() { b.ReportMetric(inTurn(b, bare, whole), "of-bare") })
	whole.report(b, "lifeguard")
	bare.report(b, "bare")
}

func requestText(method, path, body string, key api.Secret) []byte {
	text := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: lifeguard\r\nAuthorization: Bearer %s\r\n", method, path, key.Reveal())
	if body != "" {
		text = fmt.Appendf(text, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return append(append(text, "\r\n"...), body...)
}

// authLoad asks with keys from all over the database.
func authLoad(accounts int) load {
	requests := make([][]byte, min(speedKeys, accounts))
	for i := range requests {
		requests[i] = requestText(http.MethodGet, api.PathAuth, "", speedKey(i*(accounts/len(requests))))
	}
	const stride = 7919 // far from the one before, and prime, so that all come
	return load{status: "200", request: func(n int) []byte { return requests[n*stride%len(requests)] }}
}

// createLoad makes service accounts as a program does that wants each of them
// exactly once.
func createLoad(b *testing.B, served measured) load {
	b.Helper()
	admin := speedKey(administratorNumber)
	var me api.Caller
	if err := json.Unmarshal(ask(b, served, http.MethodGet, api.PathMe, "", admin).Body, &me); err != nil || len(me.Teams) == 0 {
		b.Fatalf("%+v, %v", me, err)
	}
	run := time.Now().UnixNano()
	return load{status: "201", request: func(n int) []byte {
		return requestText(http.MethodPost, api.PathServiceAccounts, fmt.Sprintf(`{"name":"speed %d %d","team_id":%q}`, run, n, me.Teams[0].ID), admin)
	}}
}

// benchmarkList compares reading all accounts through the client with decoding
// the same bytes.
func benchmarkList(b *testing.B, served measured, count int) {
	admin := speedKey(administratorNumber)
	c, err := client.New(served.url(), admin)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var bodies [][]byte
	for next, rows := firstPage(), 0; rows < count && next != ""; rows += api.MaxPageSize {
		bodies = append(bodies, ask(b, served, http.MethodGet, next, "", admin).Body)
		next = nextPage(b, bodies[len(bodies)-1])
	}
	var fetching, decoding, ratios []float64
	measure := func() {
		started := time.Now()
		rows := 0
		for _, err := range c.AllServiceAccounts(b.Context(), api.ServiceAccountFilter{}) {
			if err != nil {
				b.Fatal(err)
			}
			if rows++; rows == count {
				break
			}
		}
		fetched := time.Since(started)
		started = time.Now()
		for _, body := range bodies {
			var list api.ServiceAccountList
			if err := json.Unmarshal(body, &list); err != nil {
				b.Fatal(err)
			}
		}
		decoded := time.Since(started)
		fetching, decoding = append(fetching, fetched.Seconds()*1000), append(decoding, decoded.Seconds()*1000)
		ratios = append(ratios, fetched.Seconds()/decoded.Seconds())
	}
	once(b, func() {
		for range speedRounds {
			measure()
		}
	})
	b.ReportMetric(median(ratios), "of-decoding")
	b.ReportMetric(median(fetching), "ms-fetched-and-decoded")
	b.ReportMetric(median(decoding), "ms-decoded")
	b.ReportMetric(float64(count), "accounts")
}

func firstPage() string {
	return api.PathServiceAccounts + "?" + url.Values{"page_size": {fmt.Sprint(api.MaxPageSize)}}.Encode()
}

// nextPage is the path and query of the page after the one in body.
func nextPage(b *testing.B, body []byte) string {
	b.Helper()
	var list struct {
		Links api.Links `json:"links"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		b.Fatal(err)
	}
	next, err := url.Parse(list.Links.Next)
	if err != nil {
		b.Fatal(err)
	}
	return next.RequestURI()
}

// benchmarkPages compares the last page with the first.
func benchmarkPages(b *testing.B, served measured) {
	admin := speedKey(administratorNumber)
	// The last whole page, so that both are of the same size.
	last, pages := firstPage(), 1
	for next := firstPage(); ; pages++ {
		body := ask(b, served, http.MethodGet, next, "", admin).Body
		following := nextPage(b, body)
		if following == "/" || following == "" {
			break
		}
		last, next = next, following
	}
	var first, final []float64
	fetch := func(path string) float64 {
		started := time.Now()
		_ = ask(b, served, http.MethodGet, path, "", admin)
		return time.Since(started).Seconds() * 1000
	}
	once(b, func() {
		for range 300 {
			first, final = append(first, fetch(firstPage())), append(final, fetch(last))
		}
	})
	b.ReportMetric(median(final)/median(first), "last/first")
	b.ReportMetric(median(first), "ms-first")
	b.ReportMetric(median(final), "ms-last")
	b.ReportMetric(float64(pages), "pages")
}

// benchmarkPostgres compares the engines, each with its own server.
func benchmarkPostgres(b *testing.B, binary string, accounts int) {
	dsn := postgrestest.New(b)
	fillForSpeed(b, dsn, accounts)
	postgrestest.Durable(b, dsn)
	lite, great := serveMeasured(b, binary, "sqlite:"+speedDatabase(b, accounts)), serveMeasured(b, binary, dsn)
	for name, loads := range map[string][2]load{
		"auth":   {authLoad(accounts), authLoad(accounts)},
		"create": {createLoad(b, lite), createLoad(b, great)},
	} {
		b.Run(name, func(b *testing.B) {
			sqlite, postgres := &subject{measured: lite, load: loads[0]}, &subject{measured: great, load: loads[1]}
			once(b, func() { b.ReportMetric(inTurn(b, sqlite, postgres), "of-sqlite") })
			sqlite.report(b, "sqlite")
			postgres.report(b, "postgres")
		})
	}
}
