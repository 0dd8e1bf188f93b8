// Package fuzzy finds rows by a few typed letters, in a million as in ten.
// sahilm/fuzzy is the matcher of scattered letters; around it stands what it
// leaves out: exact, prefix and substring hits rank before scattered letters,
// several terms must all match, fields are matched apart, and accents do not
// matter. It knows nothing of what the rows are.
//
// An [Index] holds the rows, a [Query] says what to look for, a [Search] does
// it in steps that can be given up at any time, and a [Result] is the answer:
// an exact count, the best rows in their order, and the order of the rest when
// it is asked for.
package fuzzy

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// Field says what a hit in one field of a row is worth. 0 means that this kind
// of hit does not count; no kind may be worth more than the one before it. The
// values of all fields together give the ranking.
type Field struct {
	Exact     int // the term is the whole field
	Prefix    int // the field begins with the term
	Word      int // a word of the field begins with the term
	Inside    int // the term stands somewhere in the field
	Scattered int // the term's letters stand in the field in order

	// Cased is added for a hit, other than of scattered letters, in the very
	// case that was typed. For it the field's case is kept. 0 for none.
	Cased int
	// Coded is added for a hit in another case, in a field that is Cased, when
	// the term can hardly be a word: it covers whole parts of the field, from
	// one character that is no ASCII letter or digit to another, and it has a
	// digit or begins the field. 0 for none; at most Cased.
	Coded int
	// Repeats says that the same few texts stand in many rows. Each is kept
	// and matched once. Such a field cannot be Cased or have a Head.
	Repeats bool
	// Least is the shortest term that is looked for in this field, in
	// characters; 0 for any.
	Least int
	// Head, when not 0, says that the field shows only the first Head bytes of
	// a longer text: a longer term matches when it begins with these.
	Head int
}

// Row is what is searched of a row.
type Row struct {
	Texts []string // one for each field, in the order of the fields
	// Recent is when the row was last used, in Unix seconds; 0 for never. Rows
	// that match equally well stand by it, the latest first, and then by the
	// text of their first field.
	Recent int64
}

// Index holds the rows. It is a value: every method that changes something
// returns another Index and leaves the old one as it was, so a search may go on
// in another goroutine meanwhile. Only one goroutine at a time may change
// indexes that come from the same New.
type Index struct {
	fields       []Field
	dictionaries []*dictionary // one for each field that repeats, else nil
	chunks       []*chunk
	rows         int // with those that were removed
	removed      int

	// version changes with every change, edition with every one that is more
	// than appending rows: what was found in an edition is still right.
	version, edition *int
}

// maxTermLength bounds a term for the scattered matcher, in bytes: its scores
// overflow on long runs (measured from 40 adjacent characters on). Longer
// terms match as substrings only.
const maxTermLength = 32

// New makes an empty index over rows with these fields. It panics when the
// fields contradict what [Field] says of them.
func New(fields ...Field) Index {
	x := Index{fields: fields, dictionaries: make([]*dictionary, len(fields)), edition: new(int)}
	x.version = x.edition
	for i, f := range fields {
		worths := []int{f.Exact, f.Prefix, f.Word, f.Inside, f.Scattered, 0}
		if !slices.IsSortedFunc(worths, func(a, b int) int { return b - a }) {
			panic("fuzzy: a field's kinds of hits do not fall in worth")
		}
		if f.Coded < 0 || f.Coded > f.Cased {
			panic("fuzzy: a field has more for a code in another case than for one in its own")
		}
		if f.Repeats {
			if f.Cased != 0 || f.Head != 0 {
				panic("fuzzy: a field that repeats cannot be cased or have a head")
			}
			x.dictionaries[i] = newDictionary()
		}
	}
	return x
}

// Append adds rows behind the others. The first row of an index is number 0.
func (x Index) Append(rows ...Row) Index {
	chunks := slices.Clone(x.chunks)
	for i, row := range rows {
		if x.rows%chunkRows == 0 {
			chunks = append(chunks, newChunk(len(x.fields)))
		} else if i == 0 {
			chunks[len(chunks)-1] = chunks[len(chunks)-1].grown()
		}
		chunks[len(chunks)-1].append(x.fields, x.dictionaries, row)
		x.rows++
	}
	x.chunks, x.version = chunks, new(int)
	return x
}

// Replace puts another row in the place of one, or of one that was removed.
// It copies about 300 KB, or 16 KB when only Recent is new.
func (x Index) Replace(number int32, row Row) Index {
	at := int(number % chunkRows)
	old := x.chunk(int(number / chunkRows))
	gone := old.removed(at)
	if !gone && old.len() == chunkRows && old.same(x.fields, x.dictionaries, at, row) {
		c := *old
		c.recent = slices.Clone(old.recent)
		c.recent[at] = seconds(row.Recent)
		return x.with(number, &c, false)
	}
	c := old.copied()
	c.replace(x.fields, x.dictionaries, at, row)
	if gone {
		c.gone = slices.Clone(c.gone)
		c.gone[at/64] &^= 1 << (at % 64)
		x.removed--
	}
	return x.with(number, c, true)
}

// Remove takes a row away. The others keep their numbers, and the number is
// not given again.
func (x Index) Remove(number int32) Index {
	at := int(number % chunkRows)
	c := *x.chunk(int(number / chunkRows))
	if c.removed(at) {
		return x
	}
	if c.gone == nil {
		c.gone = make([]uint64, chunkWords)
	} else {
		c.gone = slices.Clone(c.gone)
	}
	c.gone[at/64] |= 1 << (at % 64)
	x.removed++
	return x.with(number, &c, true)
}

// with returns the index with another chunk in the place of number's.
func (x Index) with(number int32, c *chunk, edited bool) Index {
	x.chunks = slices.Clone(x.chunks)
	x.chunks[number/chunkRows] = c
	x.version = new(int)
	if edited {
		x.edition = x.version
	}
	return x
}

// Len returns how many rows there are, without those that were removed.
func (x Index) Len() int { return x.rows - x.removed }

// Size returns how many rows were ever appended: one more than the last number.
func (x Index) Size() int { return x.rows }

// Removed reports whether a row was removed.
func (x Index) Removed(number int32) bool {
	return x.chunk(int(number / chunkRows)).removed(int(number % chunkRows))
}

func (x Index) chunk(i int) *chunk { return x.chunks[i] }

// text returns the kept text of a field of a row.
func (x Index) text(number int32, field int) string {
	column := &x.chunk(int(number / chunkRows)).columns[field]
	if x.fields[field].Repeats {
		return x.dictionaries[field].all()[column.ids[number%chunkRows]]
	}
	return column.string(int(number % chunkRows))
}

// Terms splits a query into the terms that must all match: at spaces.
func Terms(query string) []string { return strings.Fields(query) }

// Query is what to look for.
type Query struct {
	// Terms must all match, each in whichever field it matches best. Empty ones
	// and repetitions do not count. Without terms every row matches, and the
	// order is that of the rows.
	Terms []string
	// Within are the rows to search, nil for all. A search that is to profit
	// from an earlier one must give the same set, not an equal one.
	Within *Set
	// First is how many of the best rows are wanted in their order at once; 0
	// for 128.
	First int
	// Known are earlier results, in any order: a shorter query's rows are all
	// that a longer one can match, and the same query needs no search. Results
	// that are of no use do no harm.
	Known []*Result
}

// first is the default of Query.First: more rows than a screen has.
const first = 128

// Search runs a query to its end. It returns false when ctx ended before.
func (x Index) Search(ctx context.Context, q Query) (*Result, bool) {
	s := x.Begin(q)
	for !s.Step(ctx) {
		if ctx.Err() != nil {
			return nil, false
		}
	}
	return s.Result(), true
}

func (f Field) long(term string) bool {
	return f.Least == 0 || utf8.RuneCountInString(term) >= f.Least
}

// kept returns the text that the field keeps, and that text folded.
func (f Field) kept(text string) (kept, folded string) {
	folded = Fold(text)
	if f.Cased > 0 {
		return text, folded
	}
	return folded, folded
}
