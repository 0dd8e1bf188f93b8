package fuzzy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

var fields = []fuzzy.Field{
	{Exact: 100, Prefix: 90, Word: 80, Inside: 70, Scattered: 30},
	{Exact: 60, Prefix: 55, Word: 50, Inside: 45, Scattered: 20},
	{Exact: 97, Prefix: 95, Word: 94, Inside: 93, Least: 4, Head: 7},
}

func index(rows ...[]string) fuzzy.Index {
	x := fuzzy.New(fields...)
	for _, row := range rows {
		x = x.Append(row...)
	}
	return x
}

func TestSearchRanksWholeHitsBeforeScatteredLetters(t *testing.T) {
	t.Parallel()
	rows := [][]string{
		{"p-a-y-router", "platform", "ps-aaaa…bbbb"},
		{"nightly-pay-run", "data", "ps-cccc…dddd"},
		{"pay", "data", "ps-eeee…ffff"},
		{"payments-eu", "data", "ps-gggg…hhhh"},
		{"autopay", "data", "ps-iiii…jjjj"},
		{"reports", "payments", "ps-kkkk…llll"},
		{"Müller-export", "data", "ps-4f8a…9Qx2"},
		{"nothing", "else", "ps-mmmm…nnnn"},
	}
	tests := []struct {
		query string
		want  []int32
	}{
		{"pay", []int32{2, 3, 1, 4, 5, 0}},
		{"muller", []int32{6}},
		{"MÜLLER", []int32{6}},
		{"4f8a", []int32{6}},
		{"ps-4f8a", []int32{6}},
		{"ps-4F8a…9qx2", []int32{6}},
		{"ps-4f8aZZZZZZZZ", []int32{6}},
		{"9qx2", []int32{6}},
		{"data pay", []int32{2, 3, 1, 4}},
		{"pay data", []int32{2, 3, 1, 4}},
		{"zzz", []int32{}},
		{"", []int32{0, 1, 2, 3, 4, 5, 6, 7}},
		{"   ", []int32{0, 1, 2, 3, 4, 5, 6, 7}},
		{strings.Repeat("a", 10_000), []int32{}},
	}
	x := index(rows...)
	for _, test := range tests {
		got, ok := x.Search(context.Background(), test.query, nil)
		if !ok || !slices.Equal(got, test.want) {
			t.Errorf("Search(%.20q) = %v, %v; want %v", test.query, got, ok, test.want)
		}
	}
}

func TestSearchOfCandidatesIsTheSameAsOfAll(t *testing.T) {
	t.Parallel()
	x := fuzzy.New(fields...)
	for i := range 500 {
		x = x.Append(fmt.Sprintf("ci-deploy-%d", i), "platform", fmt.Sprintf("ps-%04d…abcd", i))
	}
	for _, query := range []string{"cide", "cidep", "ci deplo", "ci deplo 4", "ci 0042", "ci 0042 a"} {
		shorter, _ := x.Search(context.Background(), query[:len(query)-1], nil)
		if !x.Narrows(query[:len(query)-1], query) {
			shorter = nil
		}
		narrowed, _ := x.Search(context.Background(), query, shorter)
		all, _ := x.Search(context.Background(), query, nil)
		if !slices.Equal(narrowed, all) {
			t.Errorf("%q: narrowing found %d rows, searching all %d", query, len(narrowed), len(all))
		}
	}
}

func TestATermThatGrowsIntoAHintIsNotNarrowed(t *testing.T) {
	t.Parallel()
	x := index([]string{"one", "team", "ps-aaaa…bbbb"})
	if x.Narrows("aaa", "aaaa") || x.Narrows("", "a") || x.Narrows("aaaa", "bbbb") {
		t.Error("a short term narrows, though a longer one matches more fields")
	}
	if !x.Narrows("aaaa", "aaaab") {
		t.Error("a term that is long enough for every field does not narrow")
	}
}

func TestAppendLeavesTheOldIndexAsItWas(t *testing.T) {
	t.Parallel()
	old := index([]string{"one", "team", "ps-aaaa…bbbb"})
	_ = old.Append("two", "team", "ps-cccc…dddd")
	if rows, _ := old.Search(context.Background(), "two", nil); len(rows) != 0 || old.Len() != 1 {
		t.Errorf("the old index sees the new row: %v", rows)
	}
}

func TestSearchStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, ok := index([]string{"one", "team", "ps-aaaa…bbbb"}).Search(ctx, "o", nil); ok {
		t.Error("a search whose context has ended says that it is complete")
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
	}
	for _, test := range tests {
		got := slices.Compact(x.Positions(test.query, test.field, test.text))
		if !slices.Equal(got, test.want) {
			t.Errorf("Positions(%q, %q) = %v, want %v", test.query, test.text, got, test.want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("ci dep", "ci-deploy-eu")
	f.Add("muller", "Müller\u0301")
	f.Add("\xff a", "日本\xfe")
	f.Fuzz(func(t *testing.T, query, text string) {
		x := index([]string{text, "team", "ps-aaaa…bbbb"})
		rows, ok := x.Search(context.Background(), query, nil)
		if !ok || len(rows) > 1 {
			t.Fatalf("Search = %v, %v", rows, ok)
		}
		for _, at := range x.Positions(query, 0, text) {
			if at < 0 || at >= len(text) {
				t.Fatalf("position %d is outside of %q", at, text)
			}
		}
	})
}
