// Package query is the language that lists are searched with: in the console's
// search box, by lifeguard list --query, and in saved views. docs/query.md
// describes it for the person who types it.
//
// A list declares its fields as a [Schema]; what is typed is parsed against it
// into a [Query]: terms that filter, and an [Error] with its place for each that
// could not be understood. Words without a field are matched fuzzily and ranked
// by the search engine, which gets them from [Query.Words]; all other terms are
// exact conditions, which [Query.Filter] makes a function of.
package query

import (
	"slices"
	"strings"
)

// Limits of a query. What lies beyond is an [Error] and filters nothing; the
// terms before it do.
const (
	// MaxLength is how many bytes of a query are looked at.
	MaxLength = 4_000
	// MaxTests is how many terms and alternatives a query has at most.
	MaxTests = 100
	// MaxSteps bounds the regular expressions of a query together, in
	// instructions of the compiled programs: matching takes time in proportion
	// to that and to the length of the text, whatever the expression is.
	MaxSteps = 1_000
)

// Span is a part of the text of a query: a half-open range of bytes.
type Span struct{ Start, End int }

// Error is a term that could not be understood. It filters nothing.
type Error struct {
	Span
	// Sentence says what is wrong and what to write instead, in lower case and
	// without a full stop, to stand behind other words or alone.
	Sentence string
}

func (e Error) Error() string { return e.Sentence }

// Query is a parsed query. Make one with [Schema.Parse]; the zero value matches
// everything. It is never changed: goroutines may share it.
type Query[T any] struct {
	// Terms are those that filter, in the order of the text. A record must match
	// all of them.
	Terms []Term
	// Errors are the terms that do not, in the order of the text.
	Errors []Error

	schema *Schema[T]
}

// Term is one condition.
type Term struct {
	Span
	// Not turns the condition round.
	Not bool
	// Field is the name of the field that is looked at, "" for all that are
	// searched.
	Field string
	// Tests are alternatives: one that is met is enough. There is at least one.
	Tests []Test
}

// Form is how the text of a [Test] was written.
type Form int

// The forms of a text.
const (
	Bare   Form = iota // platform: case and accents do not matter
	Quoted             // "plat form": case does not matter, accents do
	Regexp             // /^plat/: RE2, case does not matter
)

// Op says how a field is compared with the text of a [Test].
type Op string

// The operators. Has is the one that is not written: the field contains the
// text, or lies within the day, month or year.
const (
	Has          Op = ""
	Is           Op = "="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
)

// Test compares a field with a text.
type Test struct {
	Op   Op
	Form Form
	Text string // without quotes or slashes

	pattern *pattern // of a regular expression
	moment  moment   // of a time
	number  amount   // of a number
}

// fuzzy reports whether the term is one for the search engine. A negated word
// is not: who leaves prod out does not mean every name that has a p, an r, an o
// and a d somewhere.
func (t Term) fuzzy() bool {
	return t.Field == "" && !t.Not && t.Tests[0].Form == Bare
}

// Words returns the words that are to be matched fuzzily, all of them, as they
// were typed.
func (q Query[T]) Words() []string {
	var words []string
	for _, term := range q.Terms {
		if term.fuzzy() {
			words = append(words, term.Tests[0].Text)
		}
	}
	return words
}

// Fields returns the names of the fields that terms name, each once.
func (q Query[T]) Fields() []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, term := range q.Terms {
		if !seen[term.Field] {
			seen[term.Field] = true
			names = append(names, term.Field)
		}
	}
	return names
}

// Conditions returns the query without the words of [Query.Words].
func (q Query[T]) Conditions() Query[T] {
	q.Terms = slices.DeleteFunc(slices.Clone(q.Terms), Term.fuzzy)
	return q
}

// Empty reports whether the query has no term that filters.
func (q Query[T]) Empty() bool { return len(q.Terms) == 0 }

// String writes the terms that filter in their plainest form. Parsed again it
// is the same query, without errors.
func (q Query[T]) String() string {
	var b strings.Builder
	for i, term := range q.Terms {
		if i > 0 {
			b.WriteByte(' ')
		}
		term.write(&b)
	}
	return b.String()
}

// String writes the term as it can be typed.
func (t Term) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

// Whole returns the text of a query for the records whose field is this text.
func Whole(field, text string) string {
	return Term{Field: field, Tests: []Test{{Op: Is, Form: Quoted, Text: text}}}.String()
}

func (t Term) write(b *strings.Builder) {
	if t.Not {
		b.WriteByte('!')
	}
	if t.Field != "" {
		b.WriteString(t.Field)
		b.WriteByte(':')
	}
	for i, test := range t.Tests {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(test.Op))
		switch test.Form {
		case Quoted:
			b.WriteByte('"')
			_, _ = quoting.WriteString(b, test.Text)
			b.WriteByte('"')
		case Regexp:
			b.WriteByte('/')
			b.WriteString(test.Text)
			b.WriteByte('/')
		default:
			b.WriteString(test.Text)
		}
	}
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
