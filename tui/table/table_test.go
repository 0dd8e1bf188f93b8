package table_test

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/table"
)

var columns = []table.Column{
	{ID: "name", Title: "NAME", Width: 8, Most: 30, Keep: 10},
	{ID: "team", Title: "TEAM", Width: 6, Most: 12, Keep: 9},
	{ID: "by", Title: "BY", Width: 6, Keep: 1},
	{ID: "used", Title: "USED", Width: 5, Keep: 5},
}

func TestFitDropsTheLeastImportantAndSharesTheRest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		width int
		want  string
	}{
		{120, "name 30 team 12 by 6 used 5"},
		{40, "name 15 team 6 by 6 used 5"},
		{33, "name 8 team 6 by 6 used 5"},
		{32, "name 15 team 6 used 5"}, // by leaves, its room goes to the name
		{24, "name 14 team 6"},
		{16, "name 14"},
		{9, "name 7"},
		{1, "name 0"},
	} {
		var got []string
		for _, column := range table.Fit(columns, test.width) {
			got = append(got, fmt.Sprintf("%s %d", column.ID, column.Width))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("Fit(%d) = %v, want %s", test.width, got, test.want)
		}
	}
	if columns[0].Width != 8 {
		t.Error("Fit changed its argument")
	}
}

func TestOnlyVisibleRowsAreBuilt(t *testing.T) {
	t.Parallel()
	var m table.Model
	m.SetSize(80, 10)
	m.SetLength(1_000_000)
	m.Select(500_000)
	built := 0
	view := m.View(columns, table.Styles{MarkerGlyph: ">"}, func(i int) []table.Cell {
		built++
		return []table.Cell{{Text: fmt.Sprint("row-", i/100)}}
	})
	if built != 10 || !strings.HasSuffix(view, "> row-5000") || strings.Count(view, "\n") != 9 {
		t.Errorf("%d rows were built:\n%s", built, view)
	}
}

func TestTheCursorStaysInTheTableAndOnTheScreen(t *testing.T) {
	t.Parallel()
	var m table.Model
	check := func(what string) {
		t.Helper()
		from, to := m.Visible()
		switch cursor := m.Cursor(); {
		case m.Length() == 0 && cursor != -1:
			t.Fatalf("%s: cursor %d of no rows", what, cursor)
		case m.Length() > 0 && (cursor < 0 || cursor >= m.Length()):
			t.Fatalf("%s: cursor %d of %d", what, cursor, m.Length())
		case m.Length() > 0 && m.Height() > 0 && (cursor < from || cursor >= to):
			t.Fatalf("%s: cursor %d outside of %d to %d", what, cursor, from, to)
		case from < 0 || to > m.Length() || to-from > m.Height():
			t.Fatalf("%s: rows %d to %d of %d", what, from, to, m.Length())
		}
	}
	check("empty")
	steps := []func(){
		func() { m.SetLength(100) }, func() { m.SetSize(80, 7) }, func() { m.Move(-3) }, func() { m.Page(1) }, func() { m.Page(-2) },
		func() { m.Bottom() }, func() { m.SetLength(3) }, func() { m.SetSize(80, 0) }, func() { m.Move(5) }, func() { m.SetSize(10, 50) },
		func() { m.SetLength(0) }, func() { m.Top() }, func() { m.Move(1) }, func() { m.SetLength(60) }, func() { m.Page(0.5) }, func() { m.Select(-9) }, func() { m.Select(999) },
	}
	for round := range 50 {
		for i := range steps {
			steps[(i*7+round*3)%len(steps)]()
			check(fmt.Sprintf("round %d, step %d", round, i))
		}
	}
}

func TestWideAndCombiningTextKeepsTheColumnsStraight(t *testing.T) {
	t.Parallel()
	for _, measure := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
		var m table.Model
		m.SetMeasure(measure)
		m.SetSize(60, 5)
		texts := []string{"plain", "夜間バッチ処理の名前", "e\u0301clair-nightly", "👍🏽🚀 deploy", "مفتاح-النشر"}
		m.SetLength(len(texts))
		view := m.View(table.Fit(columns, 40), table.Styles{MarkerGlyph: ">", Ellipsis: "…"}, func(i int) []table.Cell {
			return []table.Cell{{Text: texts[i]}, {Text: "TEAM"}}
		})
		for _, line := range strings.Split(view, "\n") {
			before, _, found := strings.Cut(line, "TEAM")
			if !found || measure.StringWidth(before) != 2+15+2 {
				t.Errorf("TEAM stands at %d: %q", measure.StringWidth(before), line)
			}
		}
	}
}

func TestMatchesAreHighlightedWhereTheyAre(t *testing.T) {
	t.Parallel()
	match := table.NewPaint(lipgloss.NewStyle().Bold(true))
	for _, test := range []struct {
		text    string
		matches []int
		want    string
	}{
		{"ci-deploy", []int{0, 1, 3}, "<ci>-<d>eploy"},
		{"ci-deploy", nil, "ci-deploy"},
		{"日本語", []int{3}, "日<本>語"},
		{"e\u0301a", []int{0}, "<e\u0301>a"},
		{"ci-deploy-far-too-long-for-it", []int{0, 25, 99}, "<c>i-deploy-far-t…"},
	} {
		var m table.Model
		m.SetSize(60, 1)
		m.SetLength(1)
		view := m.View(table.Fit(columns[:1], 18), table.Styles{MarkerGlyph: ">", Ellipsis: "…", Match: match}, func(int) []table.Cell {
			return []table.Cell{{Text: test.text, Matches: test.matches}}
		})
		got := strings.NewReplacer("\x1b[1m", "<", "\x1b[m", ">").Replace(strings.TrimPrefix(view, "> "))
		if got != test.want {
			t.Errorf("%q with %v is shown as %q, want %q", test.text, test.matches, got, test.want)
		}
	}
}

func BenchmarkView(b *testing.B) {
	for _, rows := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			var m table.Model
			m.SetSize(120, 40)
			m.SetLength(rows)
			fitted := table.Fit(columns, 120)
			muted := table.NewPaint(lipgloss.NewStyle().Faint(true))
			for b.Loop() {
				m.Move(1)
				_ = m.View(fitted, table.Styles{MarkerGlyph: ">"}, func(int) []table.Cell {
					return []table.Cell{{Text: "ci-deploy-eu"}, {Text: "platform"}, {Text: "ada", Paint: muted}, {Text: "2m ago"}}
				})
			}
		})
	}
}
