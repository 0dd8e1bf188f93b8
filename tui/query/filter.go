package query

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

// Filter returns the function that tells whether a record meets all terms but
// the words of [Query.Words], or nil when there are no others. Ages and dates
// are as of now, dates in its zone. The function may be called from several
// goroutines.
func (q Query[T]) Filter(now time.Time) func(*T) bool {
	var conditions []func(*T) bool
	for _, term := range q.Terms {
		if !term.fuzzy() {
			conditions = append(conditions, q.schema.condition(term, now))
		}
	}
	if len(conditions) == 0 {
		return nil
	}
	return func(record *T) bool {
		for _, meets := range conditions {
			if !meets(record) {
				return false
			}
		}
		return true
	}
}

// condition makes a function of a term.
func (s *Schema[T]) condition(term Term, now time.Time) func(*T) bool {
	var looked []*Field[T]
	if term.Field == "" {
		for _, i := range s.searched {
			looked = append(looked, &s.fields[i])
		}
	} else {
		looked = append(looked, s.field(term.Field))
	}
	var tests []func(*T) bool
	for _, test := range term.Tests {
		for _, field := range looked {
			tests = append(tests, field.test(test, now))
		}
	}
	not := term.Not
	return func(record *T) bool {
		for _, met := range tests {
			if met(record) {
				return !not
			}
		}
		return not
	}
}

func (f *Field[T]) test(test Test, now time.Time) func(*T) bool {
	switch f.kind() {
	case timeKind:
		read := f.Time
		if test.moment.never {
			return func(record *T) bool { _, is := read(record); return !is }
		}
		from, to := test.moment.bounds(now)
		return func(record *T) bool {
			at, is := read(record)
			return is && !at.Before(from) && (to.IsZero() || at.Before(to))
		}
	case numberKind:
		read, want := f.Number, test.number
		return func(record *T) bool { n := read(record); return n >= want.from && n <= want.to }
	}
	read, matches := f.Text, test.text()
	return func(record *T) bool { return matches(read(record)) }
}

// text makes a function of a test of a text.
func (t Test) text() func(string) bool {
	switch {
	case t.Form == Regexp:
		return t.pattern.MatchString
	case t.Form == Quoted && t.Op == Is:
		return func(text string) bool { return strings.EqualFold(text, t.Text) }
	case t.Form == Quoted:
		wanted := strings.ToLower(t.Text)
		return func(text string) bool { return contains(text, wanted, strings.ToLower) }
	case t.Op == Is:
		wanted := fuzzy.Fold(hinted(t.Text))
		return func(text string) bool { return fuzzy.Fold(text) == wanted }
	}
	wanted := fuzzy.Fold(hinted(t.Text))
	if wanted == "" { // accents alone
		return func(text string) bool { return strings.Contains(text, t.Text) }
	}
	return func(text string) bool { return contains(text, wanted, fuzzy.Fold) }
}

// hinted lets the ellipsis of a key hint be typed as three dots.
func hinted(text string) string { return strings.ReplaceAll(text, "...", "…") }

// contains reports whether the lowered text contains wanted, which is lowered
// already. Plain ASCII, the common case, needs no copy, nor does the ellipsis
// that stands in every key hint: it has no other case.
func contains(text, wanted string, lower func(string) string) bool {
	const ellipsis = "…"
	for i := 0; i < len(text); i++ {
		if text[i] < utf8.RuneSelf {
			continue
		}
		if !strings.HasPrefix(text[i:], ellipsis) {
			return strings.Contains(lower(text), wanted)
		}
		i += len(ellipsis) - 1
	}
	return indexASCII(text, wanted) >= 0
}

// indexASCII finds wanted, which has no capital letters, in text that is ASCII.
func indexASCII(text, wanted string) int {
	for at := 0; at+len(wanted) <= len(text); at++ {
		i := 0
		for i < len(wanted) && lowerASCII(text[at+i]) == wanted[i] {
			i++
		}
		if i == len(wanted) {
			return at
		}
	}
	return -1
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
