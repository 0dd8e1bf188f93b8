package fuzzy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold makes text comparable: lower case, without accents, so that muller
// finds Müller. Plain lower-case ASCII comes back as it is, without a copy.
func fold(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	folded, _ := foldWithOffsets(text)
	return folded
}

// foldWithOffsets folds text and says for each byte of the result at which
// byte of text its character begins.
func foldWithOffsets(text string) (string, []int) {
	var b strings.Builder
	offsets := make([]int, 0, len(text))
	var iter norm.Iter
	iter.InitString(norm.NFD, text)
	for !iter.Done() {
		at := iter.Pos()
		for segment := iter.Next(); len(segment) > 0; {
			r, size := utf8.DecodeRune(segment)
			segment = segment[size:]
			if unicode.Is(unicode.Mn, r) {
				continue
			}
			before := b.Len()
			b.WriteRune(unicode.ToLower(r))
			for range b.Len() - before {
				offsets = append(offsets, at)
			}
		}
	}
	return b.String(), offsets
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// letters is a bitmap of the letters and digits in folded text: a row without
// all letters of a term cannot match it, which one instruction tells. Other
// characters share the bits that are left.
func letters(folded string) uint64 {
	var mask uint64
	for i := range len(folded) {
		mask |= 1 << letterBit(folded[i])
	}
	return mask
}

func letterBit(c byte) uint {
	switch {
	case c >= 'a' && c <= 'z':
		return uint(c - 'a')
	case c >= '0' && c <= '9':
		return uint(c-'0') + 26
	}
	return 36 + uint(c)%28
}
