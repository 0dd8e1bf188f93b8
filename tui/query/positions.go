package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

// Positions returns the byte offsets in text, the value of a field, of the
// characters that terms other than [Query.Words] match there, in ascending
// order, for highlighting. Call it for the rows on the screen only.
func (q Query[T]) Positions(field, text string) []int {
	var positions []int
	for _, term := range q.Terms {
		if term.fuzzy() || term.Not || !q.schema.looksAt(term, field) {
			continue
		}
		for _, test := range term.Tests {
			start, end := test.find(text)
			for at := range end - start {
				if utf8.RuneStart(text[start+at]) {
					positions = append(positions, start+at)
				}
			}
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}

func (s *Schema[T]) looksAt(term Term, field string) bool {
	f := s.field(field)
	return f != nil && f.Text != nil && (term.Field == field || term.Field == "" && f.Searched)
}

// find returns where the test matches text first, as a half-open range.
func (t Test) find(text string) (start, end int) {
	switch {
	case t.Form == Regexp:
		if at := t.pattern.FindStringIndex(text); at != nil {
			return at[0], at[1]
		}
		return 0, 0
	case t.Op == Is:
		if t.text()(text) {
			return 0, len(text)
		}
		return 0, 0
	case t.Form == Quoted:
		return within(text, strings.ToLower(t.Text), lowerWithOffsets)
	}
	return within(text, fuzzy.Fold(hinted(t.Text)), fuzzy.FoldWithOffsets)
}

// within finds wanted in lowered text and maps the place back.
func within(text, wanted string, lower func(string) (string, []int)) (start, end int) {
	lowered, offsets := lower(text)
	at := strings.Index(lowered, wanted)
	if at < 0 || wanted == "" {
		return 0, 0
	}
	last := offsets[at+len(wanted)-1]
	_, size := utf8.DecodeRuneInString(text[last:])
	return offsets[at], last + size
}

func lowerWithOffsets(text string) (string, []int) {
	var b strings.Builder
	offsets := make([]int, 0, len(text))
	for at, r := range text {
		before := b.Len()
		b.WriteString(strings.ToLower(string(r)))
		for range b.Len() - before {
			offsets = append(offsets, at)
		}
	}
	return b.String(), offsets
}
