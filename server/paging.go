package server

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
)

// PageInput are the parameters that every list takes. Huma reads and bounds
// them; it looks into embedded structs only when their names are exported.
type PageInput struct {
	PageSize      int    `query:"page_size" minimum:"1" maximum:"300" default:"20" doc:"Rows on a page."`
	StartToken    string `query:"start_token" minLength:"4" maxLength:"4096" doc:"Opaque, from links.next. Excludes page."`
	Page          int    `query:"page" minimum:"1" maximum:"10000000" doc:"Number of the page, from 1. Excludes start_token."`
	IncludeTotals bool   `query:"include_totals" doc:"Also count all rows that match, as total."`
}

// query is the page that is asked for.
func (p PageInput) query() (PageQuery, error) {
	query := PageQuery{Limit: p.PageSize, Total: p.IncludeTotals}
	switch {
	case p.StartToken != "" && p.Page > 0:
		return PageQuery{}, invalid("query.start_token", errors.New("start_token and page exclude each other"))
	case p.StartToken != "":
		cursor, err := parseStartToken(p.StartToken)
		if err != nil {
			return PageQuery{}, invalid("query.start_token", err)
		}
		query.After = &cursor
	case p.Page > 0:
		query.Offset = (p.Page - 1) * p.PageSize
	}
	return query, nil
}

// links tells where the next page is, in the way of paging that this page was
// asked for with. Clients follow it as it is, so all that narrows the list is
// in it.
func (p PageInput) links(path string, filters map[string]string, more bool, last Cursor) api.Links {
	return p.linksTo(path, filters, more, startToken(last))
}

// linksTo is links for a list with a token of its own.
func (p PageInput) linksTo(path string, filters map[string]string, more bool, token string) api.Links {
	if !more {
		return api.Links{}
	}
	values := url.Values{"page_size": {strconv.Itoa(p.PageSize)}}
	for name, value := range filters {
		if value != "" {
			values.Set(name, value)
		}
	}
	if p.IncludeTotals {
		values.Set("include_totals", "true")
	}
	if p.Page > 0 {
		values.Set("page", strconv.Itoa(p.Page+1))
	} else {
		values.Set("start_token", token)
	}
	return api.Links{Next: path + "?" + values.Encode()}
}

// total is the count as a list carries it: only when it was asked for.
func (p PageInput) total(count int) *int {
	if !p.IncludeTotals {
		return nil
	}
	return &count
}

// A start token is a row's place in the order by name and id: a version, the
// id, which has 36 characters, and the name, in URL-safe base 64. It says
// nothing that its holder has not just been shown.
const (
	tokenVersion = "1"
	idLength     = 36
)

var errStartToken = errors.New("is not a token of this server; start again from the first page")

func startToken(after Cursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenVersion + after.ID + after.Name))
}

func parseStartToken(token string) (Cursor, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return Cursor{}, errStartToken
	}
	rest, ok := strings.CutPrefix(string(raw), tokenVersion)
	if !ok || len(rest) < idLength {
		return Cursor{}, errStartToken
	}
	cursor := Cursor{ID: rest[:idLength], Name: rest[idLength:]}
	if !isID(cursor.ID) || !isText(cursor.Name) {
		return Cursor{}, errStartToken
	}
	return cursor, nil
}

// isID reports whether text is a UUID as this API writes it: 36 characters,
// in either case.
func isID(text string) bool { return len(text) == idLength && uuid.Validate(text) == nil }

var errNoText = errors.New("must be UTF-8 without zero bytes")

// isText reports whether every database can compare with text: PostgreSQL
// takes neither broken UTF-8 nor a zero byte.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
