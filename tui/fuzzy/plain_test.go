package fuzzy_test

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	matcher "github.com/sahilm/fuzzy"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

// plain is the same search written down as it is meant, with nothing to make it
// quick: every row, every field, every term, then a sort.
type plain []plainRow

type plainRow struct {
	fuzzy.Row
	gone bool
}

func (p plain) search(terms []string, within *fuzzy.Set) []int32 {
	type hit struct {
		row   int32
		score int64
	}
	var different []string
	for _, term := range terms {
		if plainFold(term) != "" && !slices.Contains(different, term) {
			different = append(different, term)
		}
	}
	var hits []hit
	for i, row := range p {
		score, all := int64(0), !row.gone && (within == nil || within.Has(int32(i)))
		for _, term := range different {
			best := 0
			for f, text := range row.Texts {
				best = max(best, plainScore(fields[f], term, text))
			}
			all = all && best > 0
			score = min(score+int64(best), math.MaxInt32)
		}
		if all {
			hits = append(hits, hit{int32(i), score})
		}
	}
	if len(different) > 0 {
		slices.SortFunc(hits, func(a, b hit) int {
			return cmp.Or(
				cmp.Compare(b.score, a.score), cmp.Compare(p[b.row].Recent, p[a.row].Recent),
				strings.Compare(plainFold(p[a.row].Texts[0]), plainFold(p[b.row].Texts[0])), cmp.Compare(a.row, b.row),
			)
		})
	}
	rows := make([]int32, len(hits))
	for i, h := range hits {
		rows[i] = h.row
	}
	return rows
}

func plainScore(f fuzzy.Field, typed, original string) int {
	term, text := plainFold(typed), plainFold(original)
	if utf8.RuneCountInString(term) < f.Least {
		return 0
	}
	worth := 0
	switch {
	case f.Head > 0 && len(term) > f.Head && len(text) > f.Head && term[:f.Head] == text[:f.Head]:
		if f.Cased > 0 && len(original) > f.Head && strings.HasPrefix(typed, original[:f.Head]) {
			return (f.Prefix + f.Cased) * 1000
		}
		return (f.Prefix + f.Coded) * 1000
	case text == term:
		worth = f.Exact
	case strings.HasPrefix(text, term):
		worth = f.Prefix
	case slices.ContainsFunc(wordStarts(text), func(at int) bool { return strings.HasPrefix(text[at:], term) }):
		worth = f.Word
	case strings.Contains(text, term):
		worth = f.Inside
	}
	if worth > 0 {
		if f.Cased > 0 && strings.Contains(original, typed) {
			worth += f.Cased
		} else if wholeParts(text, term) && (strings.HasPrefix(text, term) || strings.ContainsAny(term, "0123456789")) {
			worth += f.Coded
		}
		return worth*1000 - min(len(text)-len(term), 499)
	}
	if f.Scattered == 0 || len(term) > 32 || !inOrder(term, text) {
		return 0
	}
	score := -499
	for _, m := range matcher.FindNoSort(term, []string{text}) {
		score = min(max(m.Score, -499), 499)
	}
	return f.Scattered*1000 + score
}

// wholeParts reports whether term stands somewhere in text with no letter or
// digit on either side.
func wholeParts(text, term string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789"
	for i := 0; i+len(term) <= len(text); i++ {
		before, after := text[:i], text[i+len(term):]
		if text[i:i+len(term)] == term && strings.TrimRight(before, plain) == before && strings.TrimLeft(after, plain) == after {
			return true
		}
	}
	return false
}

func wordStarts(text string) (starts []int) {
	for i := 1; i < len(text); i++ {
		if c := text[i-1]; c < 128 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", rune(c)) {
			starts = append(starts, i)
		}
	}
	return starts
}

func inOrder(term, text string) bool {
	for _, c := range []byte(text) {
		if term != "" && term[0] == c {
			term = term[1:]
		}
	}
	return term == ""
}

var plainLetters = strings.NewReplacer(
	"\x00", " ", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "ŧ", "t",
	"æ", "ae", "œ", "oe", "ß", "ss", "þ", "th", "ſ", "s", "ς", "σ",
)

var plainFolded sync.Map // the few texts of these tests, folded once

func plainFold(text string) string {
	if folded, ok := plainFolded.Load(text); ok {
		return folded.(string)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	folded := plainLetters.Replace(b.String())
	plainFolded.Store(text, folded)
	return folded
}
