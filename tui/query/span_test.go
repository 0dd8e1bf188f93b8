package query_test

import (
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/query"
)

func TestSpanIsWhatNoRecordOutsideOfMeets(t *testing.T) {
	t.Parallel()
	type record struct{ at time.Time }
	schema := query.NewSchema(
		query.Field[record]{Name: "time", Means: "when", Example: "<7d", Time: func(r *record) (time.Time, bool) { return r.at, true }},
		query.Field[record]{Name: "other", Means: "when else", Example: "<7d", Time: func(*record) (time.Time, bool) { return time.Time{}, false }, Never: true},
	)
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	for text, want := range map[string][2]time.Time{
		"":                  {},
		"time:<1h":          {now.Add(-time.Hour), {}},
		"time:>1h":          {{}, now.Add(-time.Hour)},
		"time:>1h time:<2h": {now.Add(-2 * time.Hour), now.Add(-time.Hour)},
		"time:2026-02":      {day(2, 1), day(3, 1)},
		"time:2026-02 time:>=2026-02-10 time:<2026-02-20": {day(2, 10), day(2, 20)},
		"!time:<1h":             {},
		"time:2026-01,2026-02":  {},
		"other:<1h other:never": {},
		"time:<nonsense":        {},
	} {
		q := schema.Parse(text)
		from, before := q.Span("time", now)
		if !from.Equal(want[0]) || !before.Equal(want[1]) {
			t.Errorf("%q spans %v to %v, want %v", text, from, before, want)
		}
		// What is outside is met by no filter.
		meets := q.Filter(now)
		for at := now.Add(-90 * 24 * time.Hour); at.Before(now) && meets != nil; at = at.Add(13 * time.Minute) {
			outside := at.Before(from) || !before.IsZero() && !at.Before(before)
			if outside && meets(&record{at}) {
				t.Fatalf("%q meets %v, which is outside of %v to %v", text, at, from, before)
			}
		}
	}
}
