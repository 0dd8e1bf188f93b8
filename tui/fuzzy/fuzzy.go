// Package fuzzy finds rows by a few typed letters. sahilm/fuzzy is the matcher
// of scattered letters; around it stands what it leaves out: exact, prefix and
// substring hits rank before scattered letters, several terms must all match,
// fields are matched apart, and accents do not matter. It knows nothing of
// what the rows are.
package fuzzy

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sahilm/fuzzy"
)

// Field says what a hit in one field of a row is worth. 0 means that this kind
// of hit does not count. The values of all fields together give the ranking.
type Field struct {
	Exact     int // the term is the whole field
	Prefix    int // the field begins with the term
	Word      int // a word of the field begins with the term
	Inside    int // the term stands somewhere in the field
	Scattered int // the term's letters stand in the field in order

	// Least is the shortest term that is looked for in this field, in
	// characters; 0 for any.
	Least int
	// Head, when not 0, says that the field shows only the first Head bytes of
	// a longer text: a longer term matches when it begins with these.
	Head int
}

// Index holds the folded text of rows. It is a value: Append returns another
// one and leaves the old one as it was, so a search may go on in another
// goroutine while rows arrive.
type Index struct {
	fields []Field
	folded []string // len(fields) a row
	masks  []uint64 // one a row
}

// maxTermLength bounds a term for the scattered matcher, in bytes: its scores
// overflow on long runs (measured from 40 adjacent characters on). Longer
// terms match as substrings only.
const maxTermLength = 32

// slice is how many rows are looked at between two looks at the context.
const slice = 4096

// New makes an empty index over rows with these fields.
func New(fields ...Field) Index { return Index{fields: fields} }

// Append adds a row. Give as many texts as there are fields.
func (x Index) Append(texts ...string) Index {
	var mask uint64
	for i := range x.fields {
		text := fold(texts[i])
		mask |= letters(text)
		x.folded = append(x.folded, text)
	}
	x.masks = append(x.masks, mask)
	return x
}

// Len returns how many rows there are.
func (x Index) Len() int { return len(x.masks) }

// Terms splits a query into the folded terms that must all match.
func Terms(query string) []string { return strings.Fields(fold(query)) }

// Narrows reports whether every row that longer matches is among those that
// shorter matches, so that the result of the one may be the candidates of the
// other. It is not so while a term is too short for one of the fields.
func (x Index) Narrows(shorter, longer string) bool {
	terms := Terms(shorter)
	if len(terms) == 0 || !strings.HasPrefix(fold(longer), fold(shorter)) {
		return false
	}
	for _, field := range x.fields {
		if !field.long(terms[len(terms)-1]) {
			return false
		}
	}
	return true
}

type hit struct {
	row   int32
	score int32
}

// Search returns the rows that match every term of query, best first; equal
// ones in the order of their rows. An empty query matches every row. When
// candidates is not nil only those rows are searched: the result of a shorter
// query is the right set for a longer one. It returns false when ctx ended
// before the search did.
func (x Index) Search(ctx context.Context, query string, candidates []int32) ([]int32, bool) {
	hits := x.all(candidates)
	for _, term := range Terms(query) {
		kept := hits[:0]
		for from := 0; from < len(hits); from += slice {
			if ctx.Err() != nil {
				return nil, false
			}
			kept = x.match(term, hits[from:min(from+slice, len(hits))], kept)
		}
		hits = kept
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.score != b.score {
			return int(b.score) - int(a.score)
		}
		return int(a.row) - int(b.row)
	})
	rows := make([]int32, len(hits))
	for i, h := range hits {
		rows[i] = h.row
	}
	return rows, ctx.Err() == nil
}

func (x Index) all(candidates []int32) []hit {
	if candidates == nil {
		hits := make([]hit, x.Len())
		for i := range hits {
			hits[i].row = int32(i)
		}
		return hits
	}
	hits := make([]hit, len(candidates))
	for i, row := range candidates {
		hits[i].row = row
	}
	return hits
}

// match appends to kept those of hits that the term matches, with its score
// added. kept may share memory with hits: it never overtakes it.
func (x Index) match(term string, hits, kept []hit) []hit {
	mask := letters(term)
	best := make([]int32, len(hits))
	scattered := make([][]int, len(x.fields))
	for i, h := range hits {
		headed := false
		for f, field := range x.fields {
			score, head := field.contiguous(term, x.text(h.row, f))
			headed = headed || head
			best[i] = max(best[i], score)
		}
		if headed || x.masks[h.row]&mask != mask || len(term) > maxTermLength {
			continue
		}
		for f, field := range x.fields {
			if field.wants(term) && best[i] < int32(field.Scattered)*tier && subsequence(term, x.text(h.row, f)) {
				scattered[f] = append(scattered[f], i)
			}
		}
	}
	for f, rows := range scattered {
		if len(rows) == 0 {
			continue
		}
		source := fieldSource{index: x, field: f, hits: hits, rows: rows}
		for _, m := range fuzzy.FindFromNoSort(term, source) {
			i := rows[m.Index]
			score := int32(x.fields[f].Scattered)*tier + int32(min(max(m.Score, -tier/2+1), tier/2-1))
			best[i] = max(best[i], score)
		}
	}
	for i, h := range hits {
		if best[i] > 0 {
			kept = append(kept, hit{row: h.row, score: h.score + best[i]})
		}
	}
	return kept
}

func (x Index) text(row int32, field int) string {
	return x.folded[int(row)*len(x.fields)+field]
}

// tier is the distance between two values of a Field: what is finer than the
// kind of hit never outweighs it.
const tier = 1000

// contiguous scores a hit of the whole term; shorter fields are closer to what
// was typed. head is true when the term goes on where the field stops.
func (f Field) contiguous(term, text string) (score int32, head bool) {
	if !f.long(term) {
		return 0, false
	}
	if f.Head > 0 && len(term) > f.Head && len(text) > f.Head && strings.HasPrefix(term, text[:f.Head]) {
		return int32(f.Prefix) * tier, true
	}
	at := strings.Index(text, term)
	if at < 0 {
		return 0, false
	}
	value := f.Inside
	switch {
	case at == 0 && len(text) == len(term):
		value = f.Exact
	case at == 0:
		value = f.Prefix
	case atWord(text, term, at):
		value = f.Word
	}
	if value == 0 {
		return 0, false
	}
	return int32(value)*tier - int32(min(len(text)-len(term), tier/2-1)), false
}

// atWord reports whether some occurrence of term, the first being at, begins
// a word.
func atWord(text, term string, at int) bool {
	for at >= 0 {
		if at == 0 || separator(text[at-1]) {
			return true
		}
		next := strings.Index(text[at+1:], term)
		if next < 0 {
			return false
		}
		at += next + 1
	}
	return false
}

func separator(c byte) bool {
	return c < utf8.RuneSelf && (c < '0' || c > '9') && (c < 'a' || c > 'z')
}

func (f Field) long(term string) bool {
	return f.Least == 0 || utf8.RuneCountInString(term) >= f.Least
}

func (f Field) wants(term string) bool { return f.Scattered > 0 && f.long(term) }

func subsequence(term, text string) bool {
	for i := range len(term) {
		at := strings.IndexByte(text, term[i])
		if at < 0 {
			return false
		}
		text = text[at+1:]
	}
	return true
}

// fieldSource gives the matcher one field of some hits.
type fieldSource struct {
	index Index
	field int
	hits  []hit
	rows  []int
}

func (s fieldSource) String(i int) string { return s.index.text(s.hits[s.rows[i]].row, s.field) }
func (s fieldSource) Len() int            { return len(s.rows) }

// Positions returns the byte offsets in text of the characters that query's
// terms match in that field, in ascending order, for highlighting. Call it for
// the rows on the screen only.
func (x Index) Positions(query string, field int, text string) []int {
	folded, offsets := foldWithOffsets(text)
	f := x.fields[field]
	var positions []int
	for _, term := range Terms(query) {
		if !f.long(term) {
			continue
		}
		if f.Head > 0 && len(term) > f.Head && len(folded) > f.Head && strings.HasPrefix(term, folded[:f.Head]) {
			term = folded[:f.Head]
		}
		if at := strings.Index(folded, term); at >= 0 {
			positions = append(positions, offsets[at:at+len(term)]...)
			continue
		}
		if !f.wants(term) || len(term) > maxTermLength {
			continue
		}
		for _, m := range fuzzy.FindNoSort(term, []string{folded}) {
			for _, at := range m.MatchedIndexes {
				positions = append(positions, offsets[at])
			}
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}
