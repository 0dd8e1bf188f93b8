package selection_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// BenchmarkMemory reports what an account costs in list, index and view, without
// its own text: id, name, hint and address.
func BenchmarkMemory(b *testing.B) {
	const accounts = 100_000
	for b.Loop() {
		o, err := sample.New(1, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), accounts)
		if err != nil {
			b.Fatal(err)
		}
		before := inUse()
		list, index, text := inventory.New().Grow(accounts), selection.NewIndex(), 0
		var rows []fuzzy.Row
		for imported := range o.Accounts(map[string]api.Team{}) {
			account := imported.Account
			text += len(account.ID) + len(account.Name) + len(account.Key.Hint) + len(account.Key.LastUsedIP)
			list = list.Append(account)
			if rows = append(rows, selection.SearchRow(account)); len(rows) == 1000 {
				index, rows = index.Append(rows...), rows[:0]
			}
		}
		answer, _ := selection.Request{
			Rows: list, Index: index, Query: selection.Fields(nil).Parse("a"), Ranked: true, Now: time.Now(),
		}.Answer(b.Context())
		rows = nil
		spent := inUse() - before
		b.ReportMetric(float64(spent-text)/accounts, "B/account")
		b.ReportMetric(float64(text)/accounts, "B-own-text/account")
		runtime.KeepAlive(list)
		runtime.KeepAlive(index)
		runtime.KeepAlive(answer)
	}
}

func inUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
