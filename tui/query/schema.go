package query

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Field is something of a record that a query can name. Exactly one of Text,
// Time and Number is set.
type Field[T any] struct {
	// Name is what is typed before the colon: lower-case ASCII letters.
	Name string
	// Means says in a few words what the field is.
	Means string
	// Example is a value of it, as one would type it.
	Example string

	Text func(*T) string
	// Time returns a time, or false when there is none: that is never.
	Time   func(*T) (time.Time, bool)
	Number func(*T) int64

	// Searched, for a text: terms without a field look here too.
	Searched bool
	// Never, for a time: there may be none.
	Never bool
}

type kind int

const (
	textKind kind = iota
	timeKind
	numberKind
)

func (f *Field[T]) kind() kind {
	switch {
	case f.Time != nil:
		return timeKind
	case f.Number != nil:
		return numberKind
	}
	return textKind
}

// Schema is what the records of a list can be asked for.
type Schema[T any] struct {
	fields   []Field[T]
	searched []int
}

// NewSchema makes a schema. Fields that are not as [Field] says are a mistake in
// the program, so it panics.
func NewSchema[T any](fields ...Field[T]) *Schema[T] {
	s := &Schema[T]{fields: slices.Clone(fields)}
	seen := map[string]bool{}
	for i, f := range fields {
		ways := 0
		for _, set := range []bool{f.Text != nil, f.Time != nil, f.Number != nil} {
			if set {
				ways++
			}
		}
		letters := strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyz") == ""
		if f.Name == "" || !letters || seen[f.Name] || ways != 1 || f.Searched && f.Text == nil || f.Never && f.Time == nil {
			panic(fmt.Sprintf("query: field %q cannot be asked for", f.Name))
		}
		seen[f.Name] = true
		if f.Searched {
			s.searched = append(s.searched, i)
		}
	}
	return s
}

// Fields returns the fields, for a page that explains them.
func (s *Schema[T]) Fields() []Field[T] { return slices.Clone(s.fields) }

// Parse reads a query. It takes every text: what it does not understand is in
// the Errors of the result.
func (s *Schema[T]) Parse(text string) Query[T] {
	p := parser{text: text, limit: len(text), steps: MaxSteps, tests: MaxTests}
	for i := range s.fields {
		f := &s.fields[i]
		p.fields = append(p.fields, fieldRule{name: f.Name, kind: f.kind(), example: f.Example, never: f.Never})
	}
	p.parse()
	return Query[T]{Terms: p.terms, Errors: p.errors, schema: s}
}

func (s *Schema[T]) field(name string) *Field[T] {
	for i := range s.fields {
		if s.fields[i].Name == name {
			return &s.fields[i]
		}
	}
	return nil
}
