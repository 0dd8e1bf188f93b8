package bench

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// screen is how many rows a person sees at once.
const screen = 40

// accounts are those of the sample organization.
func accounts(tb testing.TB, n int) iter.Seq[api.ServiceAccount] {
	tb.Helper()
	o, err := sample.New(1, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), n)
	if err != nil {
		tb.Fatal(err)
	}
	return func(yield func(api.ServiceAccount) bool) {
		for imported := range o.Accounts(map[string]api.Team{}) {
			if !yield(imported.Account) {
				return
			}
		}
	}
}

// engines are the two over the same accounts: the console's index of fields,
// and fzf with a line an account.
func engines(tb testing.TB, n int) (fuzzy.Index, *fzf) {
	tb.Helper()
	x := selection.NewIndex()
	var lines []string
	var rows []fuzzy.Row
	for account := range accounts(tb, n) {
		lines = append(lines, line(account))
		if rows = append(rows, selection.SearchRow(account)); len(rows) == 1000 {
			x, rows = x.Append(rows...), rows[:0]
		}
	}
	return x.Append(rows...), newFzf(lines)
}

// line is an account as it would be piped into fzf.
func line(account api.ServiceAccount) string {
	return strings.Join([]string{account.Name, account.Team.Name, account.CreatedBy.Name, account.Key.Hint}, " ")
}

// typing is what people type, letter by letter: names by their beginnings, two
// and three words in any order, teams and people, abbreviations, parts of keys,
// names that are long and rare, and letters taken back.
var typing = []string{
	"ci-deploy-dns", "nightly", "deploy gateway eu", "data etl orders", "fraud cards", "ada", "marisol okafor", "grace mbeki backfill",
	"cdgeu", "neo", "tfap vault", "argo", "lea fournier", "muller", "uberwachung", "données", "ps-4f8a", "9Qx2", "aB3d",
	"release-notes-frontend-canary", "siem", "platform backup prod", "e2e checkout", "e2e<<<lighthouse", "zzz", "payout<<<<<<settle sepa",
	"machine-learning train", "feature store", "crash-triage kiosk dr", "org-sync", "staging", "2", "image-scan mesh 1", "東京", "scim groups",
}

// presses yields the query after each key of typing, and whether it begins anew.
func presses() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for _, line := range typing {
			query, first := []rune{}, true
			for _, key := range line {
				if key == '<' {
					query = query[:len(query)-1]
				} else {
					query = append(query, key)
				}
				if !yield(string(query), first) {
					return
				}
				first = false
			}
		}
	}
}

// ours types into the console's search: a key press, until the exact count and
// the ranked first screen are there.
type ours struct {
	index fuzzy.Index
	known []*fuzzy.Result
	step  time.Duration // the longest
}

func (o *ours) press(query string) (int, []int32) {
	s := o.index.Begin(fuzzy.Query{Terms: fuzzy.Terms(query), Known: o.known})
	for done := false; !done; {
		start := time.Now()
		done = s.Step(context.Background())
		o.step = max(o.step, time.Since(start))
	}
	found := s.Result()
	o.known = append([]*fuzzy.Result{found}, o.known[:min(len(o.known), 7)]...)
	return found.Len(), found.Best()[:min(len(found.Best()), screen)]
}

// BenchmarkSearch types the same into both, key by key in turns.
func BenchmarkSearch(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, z := engines(b, size)
			var mine, theirs []time.Duration
			var longest time.Duration
			for b.Loop() {
				o := &ours{index: x}
				z.forget()
				for query := range presses() {
					start := time.Now()
					o.press(query)
					mine = append(mine, time.Since(start))
					start = time.Now()
					z.search(query, screen)
					theirs = append(theirs, time.Since(start))
				}
				longest = max(longest, o.step)
			}
			report := func(name string, per float64) {
				m, t := percentile(mine, per), percentile(theirs, per)
				b.ReportMetric(float64(m.Microseconds())/1000, name+"-ms")
				b.ReportMetric(float64(t.Microseconds())/1000, "fzf-"+name+"-ms")
				b.ReportMetric(float64(m)/float64(t), name+"-ratio")
			}
			report("p50", 0.50)
			report("p99", 0.99)
			b.ReportMetric(float64(longest.Microseconds())/1000, "longest-step-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func percentile(of []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}
