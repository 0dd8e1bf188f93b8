package fuzzy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold makes text comparable: lower case, without accents, so that muller
// finds Müller. Plain lower-case ASCII comes back as it is, without a copy.
//
// The matcher stops at a NUL, so there is none in folded text.
func Fold(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", " ")
	}
	if ascii(text) {
		return strings.ToLower(text)
	}
	folded := make([]byte, 0, len(text))
	for _, r := range text {
		folded = appendFolded(folded, r)
	}
	return string(folded)
}

// FoldWithOffsets folds text and says for each byte of the result at which
// byte of text its character begins.
func FoldWithOffsets(text string) (string, []int) {
	folded, offsets := make([]byte, 0, len(text)), make([]int, 0, len(text))
	for at, r := range text {
		folded = appendFolded(folded, r)
		for len(offsets) < len(folded) {
			offsets = append(offsets, at)
		}
	}
	return string(folded), offsets
}

// appendFolded folds a character. One after another: norm.Iter panics on some
// texts that are not UTF-8, and the order of marks, which it sees to, does not
// matter where they are dropped.
func appendFolded(folded []byte, r rune) []byte {
	switch {
	case r == 0:
		return append(folded, ' ')
	case 'A' <= r && r <= 'Z':
		return append(folded, byte(r-'A'+'a'))
	case r < utf8.RuneSelf:
		return append(folded, byte(r))
	case r == '…': // in every key hint; there is nothing to fold
		return utf8.AppendRune(folded, r)
	}
	var apart [utf8.UTFMax * 32]byte
	for decomposed := norm.NFD.AppendString(apart[:0], string(r)); len(decomposed) > 0; {
		r, size := utf8.DecodeRune(decomposed)
		decomposed = decomposed[size:]
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		if plain, ok := unmarked[r]; ok {
			folded = append(folded, plain...)
		} else {
			folded = utf8.AppendRune(folded, r)
		}
	}
	return folded
}

// unmarked are the Latin letters with a mark that Unicode does not take apart,
// as they are typed on a keyboard that lacks them, and two that look different
// inside of a word and at its end.
var unmarked = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'ħ': "h", 'ı': "i", 'ŧ': "t", 'æ': "ae", 'œ': "oe", 'ß': "ss", 'þ': "th", 'ſ': "s",
	'ς': "σ",
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// letters is a bitmap of the letters and digits in folded text: a text without
// all letters of a term cannot match it, which one instruction tells. Other
// characters share the bits that are left.
func letters(folded string) uint64 {
	var mask uint64
	for i := range len(folded) {
		mask |= letterBits[folded[i]]
	}
	return mask
}

// initials is the same for the letters that begin words.
func initials(folded string) uint64 {
	var mask uint64
	boundary := true
	for i := range len(folded) {
		if boundary {
			mask |= letterBits[folded[i]]
		}
		boundary = separator(folded[i])
	}
	return mask
}

// pairs is a bitmap of the pairs of bytes that stand side by side.
func pairs(folded string) uint64 {
	var mask uint64
	for i := 1; i < len(folded); i++ {
		mask |= pairBit(folded[i-1], folded[i])
	}
	return mask
}

// pairBit spreads pairs over 64 bits: by the high bits of a product, because
// the low ones of letters are much the same.
func pairBit(a, b byte) uint64 {
	return 1 << ((uint32(a)<<8 | uint32(b)) * 2654435769 >> 26)
}

var letterBits = func() (bits [256]uint64) {
	for i := range bits {
		c := byte(i)
		switch {
		case c >= 'a' && c <= 'z':
			bits[i] = 1 << (c - 'a')
		case c >= '0' && c <= '9':
			bits[i] = 1 << (c - '0' + 26)
		default:
			bits[i] = 1 << (36 + c%28)
		}
	}
	return bits
}()

// alphanumeric reports whether c has a bit of its own.
func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func separator(c byte) bool { return c < utf8.RuneSelf && !alphanumeric(c) }
