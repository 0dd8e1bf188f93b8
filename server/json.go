package server

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// A field is known by its exact name alone. Huma, like encoding/json, would
// take NAME for name, and whoever checks the request in front of the server
// might see one of them and the server act on the other.
func init() { huma.ValidateStrictCasing = true }

var errNotJSON = errors.New("is not valid JSON in UTF-8 with each name once")

// jsonFormat is encoding/json, except that a body which is not UTF-8 or names
// a field twice is refused and not mended, and that no error quotes what was
// sent.
var jsonFormat = huma.Format{
	Marshal: marshal,
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) || json.Unmarshal(data, v) != nil {
			return errNotJSON
		}
		// Huma decodes each body twice: to check it, and then into its type.
		if document, ok := v.(*any); ok && members(*document) != colons(data) {
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
