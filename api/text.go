package api

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNameLength is the longest name, in Unicode characters (code points).
const MaxNameLength = 64

// maxMarks is how many combining marks one letter may carry: natural scripts
// need at most three or four, more only serve to smear over other lines.
const maxMarks = 4

// Errors of [CheckName], each a sentence that fits beside the field.
var (
	ErrNameEmpty     = errors.New("enter a name")
	ErrNameLong      = fmt.Errorf("a name has at most %d characters", MaxNameLength)
	ErrNameSpace     = errors.New("a name cannot start or end with a space")
	ErrNameControl   = errors.New("a name cannot contain control characters")
	ErrNameInvisible = errors.New("a name cannot contain invisible characters")
	ErrNameMark      = errors.New("too many combining marks, or one at the start")
	ErrNameKey       = errors.New("that is an API key, not a name")
	ErrNameEncoding  = errors.New("a name must be valid UTF-8")
)

// CheckName reports why name cannot be the name of a service account, or nil.
// Any script is welcome: letters, digits, punctuation, symbols, emoji and
// combining marks. What cannot be seen or would move other text is refused:
// control characters, bidirectional controls, zero-width and tag characters,
// and spaces other than U+0020. Console and server use this same rule.
func CheckName(name string) error {
	if !utf8.ValidString(name) {
		return ErrNameEncoding
	}
	if strings.TrimFunc(name, unicode.IsSpace) == "" {
		return ErrNameEmpty
	}
	marks := maxMarks // as if a letter with all its marks came before: none may lead
	before := rune(0)
	for i, r := range name {
		switch {
		case presentation(r) && !presents(before, name[i:]):
			return ErrNameInvisible
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ErrNameControl
		case invisible(r):
			return ErrNameInvisible
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks > maxMarks {
				return ErrNameMark
			}
		default:
			marks = 0
		}
		before = r
	}
	if name[0] == ' ' || name[len(name)-1] == ' ' {
		return ErrNameSpace
	}
	if FindKey(name) != "" {
		return ErrNameKey
	}
	if utf8.RuneCountInString(name) > MaxNameLength {
		return ErrNameLong
	}
	return nil
}

// invisible reports characters that show nothing or change how their
// neighbours are shown: format characters (zero-width, bidirectional, tags),
// what Unicode calls default-ignorable, blanks that pass for letters, private
// and unassigned characters, and spaces that are not the space.
func invisible(r rune) bool {
	switch {
	case r == ' ', presentation(r):
		return false
	case r == '\u2800': // BRAILLE PATTERN BLANK
		return true
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	}
	return !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r)
}

// presentation reports the two characters that choose between the text and the
// emoji form of the symbol before them, and show nothing themselves.
func presentation(r rune) bool { return r == '\uFE0E' || r == '\uFE0F' }

// presents reports whether rest, which begins with such a character, has it
// where it means something: behind a symbol, or inside a keycap such as 1️⃣.
// Behind a letter it would make two names that look the same.
func presents(before rune, rest string) bool {
	if strings.HasPrefix(rest, "\uFE0F\u20E3") {
		return strings.ContainsRune("0123456789#*", before)
	}
	return before == '©' || before == '®' || before >= '\u203C' && (unicode.IsSymbol(before) || unicode.IsPunct(before))
}

// maxCleanLength bounds one text of a server, in bytes: no field of the
// contract comes near it, but the metadata of an audit event.
const maxCleanLength = 4096

// Clean makes a server's text harmless to show, whatever the server is: line
// breaks and tabs become spaces, and every control, escape, bidirectional,
// zero-width or otherwise invisible character becomes U+FFFD, visibly. Piled
// up combining marks are dropped and over-long text ends in "…". What
// [CheckName] accepts comes back unchanged.
func Clean(text string) string { return cleanUpTo(maxCleanLength, text) }

// CleanWhole is [Clean] for a text of any length, which is not to be shown as
// it is: an audit event may name thousands of users.
func CleanWhole(text string) string { return cleanUpTo(math.MaxInt, text) }

func cleanUpTo(most int, text string) string {
	if clean(most, text) {
		return text
	}
	var b strings.Builder
	marks := 0
	before := rune(0)
	for i, r := range text {
		if b.Len() >= most && !presentation(before) { // a keycap is not cut in two
			b.WriteRune('…')
			break
		}
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
			marks = 0
		case unicode.IsControl(r) || invisible(r) || presentation(r) && !presents(before, text[i:]):
			r = utf8.RuneError
			b.WriteRune(r)
			marks = 0
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if b.Len() == 0 {
				b.WriteRune(utf8.RuneError) // or it would mark whatever is drawn before the text
			}
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
		default:
			b.WriteRune(r)
			marks = 0
		}
		before = r
	}
	return b.String()
}

// clean reports whether text is printable ASCII of at most so many bytes, or
// that with the … of a key's hint: the common case, which needs no copy.
func clean(most int, text string) bool {
	if len(text) > most {
		return false
	}
	for i := 0; i < len(text); i++ {
		if text[i] >= ' ' && text[i] <= '~' {
			continue
		}
		if !strings.HasPrefix(text[i:], "…") {
			return false
		}
		i += len("…") - 1
	}
	return true
}
