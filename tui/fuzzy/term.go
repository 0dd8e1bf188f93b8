package fuzzy

import (
	"strings"
	"unicode/utf8"

	"github.com/sahilm/fuzzy"
)

// tier is the distance between two values of a Field: what is finer than the
// kind of hit never outweighs it.
const tier = 1000

// fine is the most that distinguishes two hits of one kind.
const fine = tier/2 - 1

// term is a term made ready.
type term struct {
	typed, text string // as it was typed, and folded
	fields      []termField
}

// termField is what a term can do in one field.
type termField struct {
	on        bool    // the term is long enough
	scattered bool    // its letters may be scattered
	letters   uint64  // that a text must have
	pairs     uint64  // that a text must have for a hit of the whole term
	scores    []int32 // for a field that repeats: of each text of its dictionary
	single    byte    // the term, if it is one letter that has a bit of its own
}

func newTerm(fields []Field, typed string) *term {
	t := &term{typed: typed, text: Fold(typed), fields: make([]termField, len(fields))}
	for i, f := range fields {
		if !f.long(t.text) {
			continue
		}
		needed := t.text
		if f.Head > 0 && len(needed) > f.Head {
			needed = needed[:f.Head]
		}
		t.fields[i] = termField{
			on: true, scattered: f.Scattered > 0 && len(t.text) <= maxTermLength,
			letters: letters(needed), pairs: pairs(needed),
		}
		if len(t.text) == 1 && alphanumeric(t.text[0]) && f.Scattered > 0 && f.Inside > 0 && f.Cased == 0 {
			t.fields[i].single = t.text[0]
		}
	}
	return t
}

// whole scores a hit of the whole term in a kept text, 0 when there is none.
// Shorter texts are closer to what was typed.
func (t *term) whole(f *Field, kept string) int32 {
	text := kept
	if f.Cased > 0 {
		text = Fold(kept)
	}
	if f.Head > 0 && len(t.text) > f.Head && len(text) > f.Head && strings.HasPrefix(t.text, text[:f.Head]) {
		worth := f.Prefix + f.Coded
		if f.Cased > 0 && len(kept) > f.Head && strings.HasPrefix(t.typed, kept[:f.Head]) {
			worth = f.Prefix + f.Cased
		}
		return int32(worth) * tier
	}
	at := strings.Index(text, t.text)
	if at < 0 {
		return 0
	}
	worth := f.Inside
	switch {
	case at == 0 && len(text) == len(t.text):
		worth = f.Exact
	case at == 0:
		worth = f.Prefix
	case f.Word > f.Inside && atWord(text, t.text, at):
		worth = f.Word
	}
	if worth == 0 {
		return 0
	}
	switch {
	case f.Cased > 0 && strings.Contains(kept, t.typed):
		worth += f.Cased
	case f.Coded > 0 && (at == 0 || strings.ContainsAny(t.text, "0123456789")) && inParts(text, t.text, at):
		worth += f.Coded
	}
	return int32(worth)*tier - int32(min(len(text)-len(t.text), fine))
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

// inParts reports whether some occurrence of term, the first being at, begins
// and ends where a part of text does.
func inParts(text, term string, at int) bool {
	for at >= 0 {
		end := at + len(term)
		if (at == 0 || !alphanumeric(text[at-1])) && (end == len(text) || !alphanumeric(text[end])) {
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

// subsequence reports whether the letters of term stand in text in order.
func subsequence(term, text string) bool {
	at := 0
	for i := range len(term) {
		for {
			if at == len(text) {
				return false
			}
			at++
			if text[at-1] == term[i] {
				break
			}
		}
	}
	return true
}

// bound is the most that the matcher can give for the term's letters in a text
// of this length with these word beginnings and pairs: 20 for a letter that
// begins a word, 10 for the text's first, for the n-th pair of neighbours
// 5×3ⁿ⁻¹, and less 1 for each byte that does not match. The matcher counts
// letters of other scripts in more ways than the bitmaps tell, so for them
// everything is taken to be there.
func (t *term) bound(f *Field, starts, pairs uint64, length int) int32 {
	most, neighbours := 10, 5
	for i := range len(t.text) {
		c := t.text[i]
		if c >= utf8.RuneSelf || starts&letterBits[c] != 0 {
			most += 20
		}
		if i > 0 && (c >= utf8.RuneSelf || t.text[i-1] >= utf8.RuneSelf || pairs&pairBit(t.text[i-1], c) != 0) {
			most += neighbours
			neighbours = min(neighbours*3, tier)
		}
	}
	most -= length - len(t.text)
	return int32(f.Scattered)*tier + int32(min(max(most, -fine), fine))
}

// matched turns a score of the matcher into one of ours.
func matched(f *Field, score int) int32 {
	return int32(f.Scattered)*tier + int32(min(max(score, -fine), fine))
}

// texts gives the matcher texts to look at.
type texts []string

func (t texts) String(i int) string { return t[i] }
func (t texts) Len() int            { return len(t) }

// scatter scores scattered letters with the matcher and calls found for each
// text. One call for many texts costs less than many calls. A text in which the
// letters stand in order, but that the matcher does not find, has the least.
func (t *term) scatter(f *Field, in texts, found func(i int, score int32)) {
	if len(in) == 0 {
		return
	}
	for i := range in {
		found(i, matched(f, -fine))
	}
	for _, m := range fuzzy.FindFromNoSort(t.text, in) {
		found(m.Index, matched(f, m.Score))
	}
}

// score returns what the term is worth in a row of a chunk: exactly, in best,
// unless bound is larger; then its letters are scattered, and the matcher will
// say a score of at most bound. Both are 0 when the term does not match. A bound
// takes time to compute: without closer it is what any text could be worth.
func (t *term) score(fields []Field, c *chunk, row int, closer bool) (best, bound int32) {
	for i := range t.fields {
		field, column := &t.fields[i], &c.columns[i]
		if !field.on {
			continue
		}
		if field.scores != nil {
			best = max(best, field.scores[column.ids[row]])
			continue
		}
		if column.masks[row]&field.letters != field.letters {
			continue
		}
		text := column.string(row)
		if field.single != 0 {
			best = max(best, field.letter(&fields[i], text, column.starts[row]))
			continue
		}
		if column.pairs == nil || column.pairs[row]&field.pairs == field.pairs {
			if score := t.whole(&fields[i], text); score > 0 {
				best = max(best, score)
				continue
			}
		}
		if !field.scattered || !subsequence(t.text, text) {
			continue
		}
		if closer {
			bound = max(bound, t.bound(&fields[i], column.starts[row], column.pairs[row], len(text)))
		} else {
			bound = max(bound, matched(&fields[i], fine))
		}
	}
	return best, bound
}

// letter is what term.whole says of a single letter that is in the text, told
// by the bitmap alone.
func (t *termField) letter(f *Field, text string, starts uint64) int32 {
	worth := f.Inside
	switch {
	case text[0] == t.single && len(text) == 1:
		worth = f.Exact
	case text[0] == t.single:
		worth = f.Prefix
	case starts&t.letters != 0:
		worth = f.Word
	}
	return int32(worth)*tier - int32(min(len(text)-1, fine))
}

// possible returns which of 64 rows of a chunk the letters allow to match.
func (t *term) possible(c *chunk, from int) uint64 {
	var rows uint64
	n := min(64, c.len()-from)
	for i := range t.fields {
		field, column := &t.fields[i], &c.columns[i]
		switch {
		case !field.on:
		case field.scores != nil:
			for j, id := range column.ids[from : from+n] {
				if field.scores[id] > 0 {
					rows |= 1 << j
				}
			}
		default:
			for j, mask := range column.masks[from : from+n] {
				if mask&field.letters == field.letters {
					rows |= 1 << j
				}
			}
		}
	}
	return rows
}

// learn scores the texts of the dictionary of a field that repeats.
func (t *term) learn(f *Field, at int, dictionary []string) {
	field := &t.fields[at]
	field.scores = make([]int32, len(dictionary))
	if !field.on {
		return
	}
	var in texts
	var ids []int
	for id, text := range dictionary {
		field.scores[id] = t.whole(f, text)
		if field.scores[id] == 0 && field.scattered && subsequence(t.text, text) {
			in, ids = append(in, text), append(ids, id)
		}
	}
	t.scatter(f, in, func(i int, score int32) { field.scores[ids[i]] = score })
}
