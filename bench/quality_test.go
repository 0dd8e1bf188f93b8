package bench

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// BenchmarkQuality asks both for the 300 accounts of the table in tui/fuzzy and
// reports how often the one that is meant is the first row.
func BenchmarkQuality(b *testing.B) {
	o, err := sample.New(7, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), 5_000)
	if err != nil {
		b.Fatal(err)
	}
	var lines, hints []string
	var rows []fuzzy.Row
	for imported := range o.Accounts(map[string]api.Team{}) {
		account := imported.Account
		lines, hints = append(lines, line(account)), append(hints, account.Key.Hint)
		rows = append(rows, selection.SearchRow(account))
	}
	x, z := selection.NewIndex().Append(rows...), newFzf(lines)
	table, err := os.ReadFile("../tui/fuzzy/testdata/queries.tsv")
	if err != nil {
		b.Fatal(err)
	}
	kinds := map[string][3]int{}
	for b.Loop() {
		clear(kinds)
		for lines := bufio.NewScanner(strings.NewReader(string(table))); lines.Scan(); {
			columns := strings.Split(lines.Text(), "\t")
			kind, query, target := columns[0], columns[1], int32(slices.Index(hints, columns[2]))
			if target < 0 {
				b.Fatalf("no account has the hint %s", columns[2])
			}
			found, _ := x.Search(b.Context(), fuzzy.Query{Terms: fuzzy.Terms(query)})
			_, theirs := z.search(query, 1)
			for _, kind := range []string{kind, "all"} {
				count := kinds[kind]
				count[0]++
				if len(found.Best()) > 0 && found.Best()[0] == target {
					count[1]++
				}
				if len(theirs) > 0 && theirs[0] == target {
					count[2]++
				}
				kinds[kind] = count
			}
		}
	}
	for kind, count := range kinds {
		if kind != "all" {
			b.Logf("%-16s %3d queries: ours first %3d, fzf's first %3d", kind, count[0], count[1], count[2])
		}
	}
	b.ReportMetric(float64(kinds["all"][0]), "queries")
	b.ReportMetric(float64(kinds["all"][1]), "first")
	b.ReportMetric(float64(kinds["all"][2]), "fzf-first")
	b.ReportMetric(0, "ns/op")
}
