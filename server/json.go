package server

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// jsonType is the media type of all bodies but forms.
const jsonType = "application/json"

// A field is known by its exact name alone. Huma, like encoding/json, would
// take NAME for name, and whoever checks the request in front of the server
// might see one of them and the server act on the other.
func init() { huma.ValidateStrictCasing = true }

var errNotJSON = errors.New("is not valid JSON in UTF-8 with each name once")

// jsonFormat is encoding/json, except that a body which is not UTF-8, has half
// of a surrogate pair or names a field twice is refused and not mended, and that
// no error quotes what was sent.
var jsonFormat = huma.Format{
	Marshal: marshal,
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) || json.Unmarshal(data, v) != nil {
			return errNotJSON
		}
		// Huma decodes each body twice: to check it, and then into its type.
		if document, ok := v.(*any); ok && (halfPair(data) || members(*document) != colons(data)) {
			return errNotJSON
		}
		return nil
	},
}

// members counts the members of all objects in a document. A name that an
// object has twice was decoded to one member, so there are fewer than colons.
func members(document any) int {
	count := 0
	switch document := document.(type) {
	case map[string]any:
		count = len(document)
		for _, value := range document {
			count += members(value)
		}
	case []any:
		for _, value := range document {
			count += members(value)
		}
	}
	return count
}

// colons counts those of valid JSON that stand between a name and its value.
func colons(data []byte) int {
	count, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ':':
			count++
		}
	}
	return count
}

// halfPair reports whether an escape of a text is one half of a surrogate pair:
// it stands for no character, and encoding/json would put another in its place.
func halfPair(data []byte) bool {
	unit := func(at int) (rune, bool) {
		if at+6 > len(data) || data[at] != '\\' || data[at+1] != 'u' {
			return 0, false
		}
		value, err := strconv.ParseUint(string(data[at+2:at+6]), 16, 16)
		return rune(value), err == nil
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first, escaped := unit(i)
		if !escaped || !utf16.IsSurrogate(first) {
			i++
			continue
		}
		second, _ := unit(i + 6)
		if utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += 11
	}
	return false
}
