package fuzzy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

var fields = []fuzzy.Field{
	{Exact: 100, Prefix: 90, Word: 80, Inside: 70, Scattered: 30},
	{Exact: 60, Prefix: 55, Word: 50, Inside: 45, Scattered: 20, Repeats: true},
	{Exact: 79, Prefix: 78, Word: 77, Inside: 76, Cased: 10_000, Coded: 5_000, Least: 4, Head: 7},
}

func row(texts ...string) fuzzy.Row { return fuzzy.Row{Texts: texts} }

func index(rows ...fuzzy.Row) fuzzy.Index { return fuzzy.New(fields...).Append(rows...) }

// search runs a query to its end and orders all that it found.
func search(t testing.TB, x fuzzy.Index, q fuzzy.Query) []int32 {
	t.Helper()
	found, ok := x.Search(t.Context(), q)
	if !ok {
		t.Fatal("the search did not end")
	}
	rows, ok := found.Order(t.Context())
	if !ok || len(rows) != found.Len() || !found.Complete() {
		t.Fatalf("ordering gave %d rows of %d, %v", len(rows), found.Len(), ok)
	}
	return rows
}

func TestSearchRanksWholeHitsBeforeScatteredLetters(t *testing.T) {
	t.Parallel()
	x := index(
		row("p-a-y-router", "platform", "ps-aaaa…bbbb"),
		row("nightly-pay-run", "data", "ps-cccc…dddd"),
		row("pay", "data", "ps-eeee…ffff"),
		row("payments-eu", "data", "ps-gggg…hhhh"),
		row("autopay", "data", "ps-iiii…jjjj"),
		row("reports", "payments", "ps-kkkk…llll"),
		row("Müller-export", "data", "ps-4f8a…9Qx2"),
		row("nothing", "else", "ps-mmmm…nnnn"),
		row("tjørnelund-straße", "else", "ps-oooo…pppp"),
	)
	tests := []struct {
		query string
		want  []int32
	}{
		{"pay", []int32{2, 3, 1, 4, 5, 0}},
		{"muller", []int32{6}},
		{"MÜLLER", []int32{6}},
		{"tjorn", []int32{8}},
		{"strasse", []int32{8}},
		{"4f8a", []int32{6}},
		{"ps-4f8a", []int32{6}},
		{"ps-4F8a…9qx2", []int32{6}},
		{"ps-4f8aZZZZZZZZ", []int32{6}},
		{"9qx2", []int32{6}},
		{"data pay", []int32{2, 3, 1, 4}},
		{"pay data", []int32{2, 3, 1, 4}},
		{"pay pay data", []int32{2, 3, 1, 4}},
		{"zzz", []int32{}},
		{"", []int32{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"   ", []int32{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{strings.Repeat("a", 10_000), []int32{}},
		{strings.Repeat("a ", 5_000), []int32{4, 0, 2, 3, 1, 8, 6, 5}},
	}
	for _, test := range tests {
		if got := search(t, x, fuzzy.Query{Terms: fuzzy.Terms(test.query)}); !slices.Equal(got, test.want) {
			t.Errorf("Search(%.20q) = %v; want %v", test.query, got, test.want)
		}
	}
}

func TestAHintInItsCaseIsFirstAlways(t *testing.T) {
	t.Parallel()
	x := index(
		row("prod", "prod", "ps-aaaa…bbbb"),
		row("prod-eu", "prod", "ps-cccc…dddd"),
		row("quite-another", "else", "ps-pRod…eeee"),
	)
	if got := search(t, x, fuzzy.Query{Terms: []string{"pRod"}}); !slices.Equal(got, []int32{2, 0, 1}) {
		t.Errorf("the hint as it stands finds %v", got)
	}
	if got := search(t, x, fuzzy.Query{Terms: []string{"prod"}}); !slices.Equal(got, []int32{0, 1, 2}) {
		t.Errorf("a word that happens to be a hint in another case finds %v", got)
	}
	if got := search(t, x, fuzzy.Query{Terms: []string{"ps-pRodXXXXXXXX"}}); !slices.Equal(got, []int32{2}) {
		t.Errorf("the beginning of a whole key finds %v", got)
	}
}

// In another case a hint is first too, when what was typed is hardly a word: it
// has a digit, or the hint's own beginning. One in its own case is before it.
func TestAHintInAnotherCase(t *testing.T) {
	t.Parallel()
	x := index(
		row("9qx2", "9qx2", "ps-aaaa…bbbb"),
		row("quite-another", "else", "ps-4f8a…9Qx2"),
		row("ps-prod", "ps-prod", "ps-cccc…dddd"),
		row("third", "else", "ps-pRod…9qX2"),
	)
	for typed, want := range map[string][]int32{
		"9QX2":                 {1, 3, 0},
		"9Qx2":                 {1, 3, 0}, // in its own case, then in another
		"9qX2":                 {3, 1, 0},
		"PS-4F8A":              {1},
		"4F8A":                 {1},
		"PS-4F8A…9QX2":         {1},
		"ps-4F8Asecretsecrets": {1},
		"ps-prod":              {3, 2},
		"PS-P":                 {2, 3}, // the beginning of many hints
		"prod":                 {2, 3}, // a word
		"a…9q":                 {1},
	} {
		if got := search(t, x, fuzzy.Query{Terms: []string{typed}}); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", typed, got, want)
		}
	}
	got := search(t, x, fuzzy.Query{Terms: []string{"9QX2", "else"}})
	if !slices.Equal(got, []int32{1, 3}) {
		t.Errorf("a hint and a word find %v", got)
	}
}

func TestTiesGoToRecentUseThenToTheName(t *testing.T) {
	t.Parallel()
	x := index(
		fuzzy.Row{Texts: []string{"job-d", "t", ""}, Recent: 5},
		fuzzy.Row{Texts: []string{"job-c", "t", ""}},
		fuzzy.Row{Texts: []string{"job-b", "t", ""}, Recent: 9},
		fuzzy.Row{Texts: []string{"job-a", "t", ""}},
		fuzzy.Row{Texts: []string{"job-a", "t", ""}},
	)
	if got := search(t, x, fuzzy.Query{Terms: []string{"job"}}); !slices.Equal(got, []int32{2, 0, 3, 4, 1}) {
		t.Errorf("ties stand as %v", got)
	}
	x = x.Replace(1, fuzzy.Row{Texts: []string{"job-c", "t", ""}, Recent: 10})
	if got := search(t, x, fuzzy.Query{Terms: []string{"job"}}); !slices.Equal(got, []int32{1, 2, 0, 3, 4}) {
		t.Errorf("after a use ties stand as %v", got)
	}
}

var syllables = []string{
	"ci", "deploy", "pay", "ments", "eu", "us", "prod", "data", "nightly", "é", "Müller", "日本", "4f8a", "ß", "a", "b", "x\x00y", "ſ", "𝔸",
}

// invented makes a row from few syllables, so that much of it matches.
func invented(r *rand.Rand) fuzzy.Row {
	var name strings.Builder
	for range 1 + r.IntN(4) {
		name.WriteString(syllables[r.IntN(len(syllables))])
		name.WriteString([]string{"", "-", "_", " ", "."}[r.IntN(5)])
	}
	hint := fmt.Sprintf("ps-%c%c8a…%cQx%d", 'a'+r.IntN(3), 'A'+r.IntN(3), 'a'+r.IntN(3), r.IntN(3))
	return fuzzy.Row{
		Texts:  []string{name.String(), syllables[r.IntN(6)] + "-" + syllables[r.IntN(4)], hint},
		Recent: int64(r.IntN(3)),
	}
}

// typed is a query, and the shorter ones that were there while it was typed.
func typed(r *rand.Rand) []string {
	var query strings.Builder
	for range 1 + r.IntN(3) {
		switch r.IntN(4) {
		case 0:
			query.WriteString("a" + string(rune('A'+r.IntN(3))) + "8a")
		case 1:
			for range 1 + r.IntN(4) {
				query.WriteByte("cideployeuspnm"[r.IntN(14)])
			}
		default:
			query.WriteString(syllables[r.IntN(len(syllables))])
		}
		query.WriteString([]string{"", " "}[r.IntN(2)])
	}
	var queries []string
	for i := range query.String() {
		queries = append(queries, query.String()[:i])
	}
	return append(queries, query.String())
}

// TestSearchAgainstAPlainOne has rows appended, replaced and removed while
// queries are typed, with all that a search may profit from, and compares set,
// count, best rows and order with a plain slice.
func TestSearchAgainstAPlainOne(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			x, p := fuzzy.New(fields...), plain{}
			var known []*fuzzy.Result
			for range 6 {
				x, p = changed(r, x, p)
				within := someRows(r, len(p))
				for _, query := range typed(r) {
					q := fuzzy.Query{Terms: fuzzy.Terms(query), Within: within, First: 1 + r.IntN(60), Known: known}
					found, ok := x.Search(t.Context(), q)
					if !ok {
						t.Fatal("the search did not end")
					}
					compare(t, p, q, found)
					if len(known) > 5 {
						known = known[1:]
					}
					known = append(known, found)
					if r.IntN(4) == 0 {
						x, p = changed(r, x, p)
					}
				}
			}
		})
	}
}

func changed(r *rand.Rand, x fuzzy.Index, p plain) (fuzzy.Index, plain) {
	p = slices.Clone(p)
	switch n := r.IntN(10); {
	case n < 5 || len(p) == 0:
		rows := make([]fuzzy.Row, r.IntN([]int{3, 30, 300, 2500}[r.IntN(4)]))
		for i := range rows {
			rows[i] = invented(r)
			p = append(p, plainRow{Row: rows[i]})
		}
		return x.Append(rows...), p
	case n < 7:
		at := r.IntN(len(p))
		p[at].gone = true
		return x.Remove(int32(at)), p
	case n < 9:
		at := r.IntN(len(p))
		p[at] = plainRow{Row: invented(r)}
		return x.Replace(int32(at), p[at].Row), p
	}
	at := r.IntN(len(p))
	p[at].gone = false
	p[at].Recent = 7
	return x.Replace(int32(at), p[at].Row), p
}

func someRows(r *rand.Rand, n int) *fuzzy.Set {
	if r.IntN(3) > 0 {
		return nil
	}
	within := fuzzy.NewSet()
	for row := range n {
		if r.IntN(2) == 0 {
			within.Add(int32(row))
		}
	}
	return within
}

func compare(t *testing.T, p plain, q fuzzy.Query, found *fuzzy.Result) {
	t.Helper()
	want := p.search(q.Terms, q.Within)
	got, ok := found.Order(t.Context())
	if !ok || found.Len() != len(want) || found.Set().Len() != len(want) || !slices.Equal(got, want) {
		t.Fatalf("%q finds %d rows, want %d; the order is the same: %v", q.Terms, found.Len(), len(want), slices.Equal(got, want))
	}
	rows, ranked := found.Rows()
	if !slices.Equal(rows[:ranked], want[:ranked]) || ranked < min(q.First, len(want)) {
		t.Fatalf("%q: the first %d rows are not those that should be", q.Terms, ranked)
	}
	slices.Sort(rows)
	if slices.Sort(want); !slices.Equal(rows, want) {
		t.Fatalf("%q: Rows has other rows than Order", q.Terms)
	}
	if len(q.Terms) > 0 && !slices.Equal(found.Best(), got[:min(len(found.Best()), len(got))]) {
		t.Fatalf("%q: Best differs from Order", q.Terms)
	}
}

func TestAnswersOfOneIndexDoNotCountForAnother(t *testing.T) {
	t.Parallel()
	base := index(row("one", "team", ""))
	a := base.Append(row("two", "team", ""))
	b := base.Append(row("ten", "team", ""), row("two", "team", ""))
	if a.Len() != 2 || b.Len() != 3 || base.Len() != 1 {
		t.Fatal("indexes that come from one share their rows")
	}
	known, _ := a.Search(t.Context(), fuzzy.Query{Terms: []string{"tw"}})
	q := fuzzy.Query{Terms: []string{"two"}, Known: []*fuzzy.Result{known, nil}}
	if got := search(t, b, q); !slices.Equal(got, []int32{2}) {
		t.Errorf("in the second index %v is found", got)
	}
	if got := search(t, a, q); !slices.Equal(got, []int32{1}) {
		t.Errorf("in the first index %v is found", got)
	}
}

func TestTheOldIndexStaysAsItWas(t *testing.T) {
	t.Parallel()
	old := index(row("one", "team", ""), row("two", "team", ""))
	_ = old.Append(row("three", "team", ""))
	_ = old.Remove(0)
	_ = old.Replace(1, row("four", "team", ""))
	if got := search(t, old, fuzzy.Query{Terms: []string{"o", "team"}}); !slices.Equal(got, []int32{0, 1}) || old.Len() != 2 || old.Size() != 2 {
		t.Errorf("the old index finds %v", got)
	}
}

// TestAppendingWhileSearching has the race detector look.
func TestAppendingWhileSearching(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 0))
	x := fuzzy.New(fields...)
	type answer struct {
		size  int
		found *fuzzy.Result
	}
	answers := make(chan answer, 40)
	for range cap(answers) {
		for range 300 {
			x = x.Append(invented(r))
		}
		x = x.Replace(int32(r.IntN(x.Size())), invented(r))
		snapshot := x
		go func() {
			found, _ := snapshot.Search(context.Background(), fuzzy.Query{Terms: []string{"a"}})
			answers <- answer{snapshot.Size(), found}
		}()
		x = x.Remove(int32(r.IntN(x.Size())))
	}
	for range cap(answers) {
		if a := <-answers; a.found.Len() == 0 || a.found.Len() > a.size {
			t.Errorf("%d of %d rows are found", a.found.Len(), a.size)
		}
	}
}

func TestACancelledSearchLeavesNothingWrong(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	rows := make([]fuzzy.Row, 30_000)
	for i := range rows {
		rows[i] = invented(r)
	}
	x := fuzzy.New(fields...).Append(rows...)
	q := fuzzy.Query{Terms: []string{"cdp", "e"}}
	want := search(t, x, q)

	for stop := range 12 {
		s := x.Begin(q)
		ctx := counting(t.Context(), stop)
		for range 3 {
			if s.Step(ctx) {
				break
			}
			if so := s.Result(); so.Complete() || so.Len() > len(want) {
				t.Fatalf("a search under way has %d rows of %d, complete: %v", so.Len(), len(want), so.Complete())
			}
		}
		for !s.Step(t.Context()) {
		}
		found := s.Result()
		if got, ok := found.Order(t.Context()); !ok || !slices.Equal(got, want) {
			t.Fatalf("cancelled at look %d and gone on, it finds %d rows, want %d", stop, len(got), len(want))
		}
		if _, ok := found.Order(counting(t.Context(), stop)); ok {
			t.Fatalf("ordering ended before look %d", stop)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := x.Search(ctx, q); ok {
		t.Error("a search whose context has ended says that it is complete")
	}
}

func TestASearchUnderWayShowsTheBestSoFar(t *testing.T) {
	t.Parallel()
	rows := make([]fuzzy.Row, 200_000)
	for i := range rows {
		rows[i] = row(fmt.Sprintf("d-e-p-%d", i), "team", "")
	}
	rows[5] = row("deploy", "team", "")
	s := fuzzy.New(fields...).Append(rows...).Begin(fuzzy.Query{Terms: []string{"dep"}, First: 10})
	if s.Step(t.Context()) {
		t.Fatal("200,000 rows are one step")
	}
	so := s.Result()
	if so.Complete() || so.Len() == 0 || so.Len() >= len(rows) || len(so.Best()) != 10 || so.Best()[0] != 5 {
		t.Errorf("so far: %d rows, the best %v", so.Len(), so.Best())
	}
	if all, ranked := so.Rows(); ranked != 0 || len(all) != so.Len() || all[0] != 5 {
		t.Errorf("so far %d rows, %d of them ranked", len(all), ranked)
	}
	for !s.Step(t.Context()) {
	}
	if all := s.Result(); all.Len() != len(rows) || all.Best()[0] != 5 {
		t.Errorf("in the end: %d rows, the best %v", all.Len(), all.Best())
	}
}

func TestFieldsThatContradictThemselvesPanic(t *testing.T) {
	t.Parallel()
	for _, f := range []fuzzy.Field{
		{Exact: 1, Prefix: 2}, {Exact: 5, Inside: -1}, {Exact: 1, Repeats: true, Cased: 1}, {Exact: 1, Repeats: true, Head: 1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", f)
				}
			}()
			fuzzy.New(f)
		}()
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := fuzzy.NewSet(3, 70, 3)
	s.Add(100_000)
	if s.Len() != 3 || !s.Has(70) || s.Has(4) || s.Has(5_000_000) || !slices.Equal(s.AppendTo(nil), []int32{3, 70, 100_000}) {
		t.Errorf("the set is %v", s.AppendTo(nil))
	}
}

func TestPositionsAreByteOffsetsOfTheOriginal(t *testing.T) {
	t.Parallel()
	x := index()
	tests := []struct {
		query, text string
		field       int
		want        []int
	}{
		{"dep", "ci-deploy", 0, []int{3, 4, 5}},
		{"cd", "ci-deploy", 0, []int{0, 3}},
		{"muller", "Müller", 0, []int{0, 1, 3, 4, 5, 6}},
		{"ci dep", "ci-deploy", 0, []int{0, 1, 3, 4, 5}},
		{"ps-4f8azzzz", "ps-4f8a…9Qx2", 2, []int{0, 1, 2, 3, 4, 5, 6}},
		{"x", "日本語", 0, nil},
		{"本", "日本語", 0, []int{3}},
		{"ss", "Straße", 0, []int{4}},
	}
	for _, test := range tests {
		got := x.Positions(fuzzy.Terms(test.query), test.field, test.text)
		if test.query == "本" {
			got = slices.DeleteFunc(got, func(at int) bool { return at%3 != 0 })
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("Positions(%q, %q) = %v, want %v", test.query, test.text, got, test.want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("ci dep", "ci-deploy-eu")
	f.Add("muller", "Müller\u0301")
	f.Add("\xff a", "日本\xfe")
	f.Add("ab c", "ab\x00-bc 𝔸ſς")
	f.Fuzz(func(t *testing.T, query, text string) {
		rows := []fuzzy.Row{row(text, "team", "ps-aaaa…bbbb"), row("name", text, text), row(text+"-"+text, "a", "b"), row(query, "x", text)}
		x := index(rows...)
		p := plain{}
		for _, r := range rows {
			p = append(p, plainRow{Row: r})
		}
		var known []*fuzzy.Result
		for i := range query {
			q := fuzzy.Query{Terms: fuzzy.Terms(query[:i]), First: 2, Known: known}
			found, _ := x.Search(t.Context(), q)
			compare(t, p, q, found)
			if known = append(known, found); len(known) > 8 {
				known = known[1:]
			}
		}
		for _, at := range x.Positions(fuzzy.Terms(query), 0, text) {
			if at < 0 || at >= len(text) {
				t.Fatalf("position %d is outside of %q", at, text)
			}
		}
	})
}

// countdown is a context that ends when it was looked at so often.
type countdown struct {
	context.Context
	left atomic.Int64
}

func counting(ctx context.Context, looks int) *countdown {
	c := &countdown{Context: ctx}
	c.left.Store(int64(looks))
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}
