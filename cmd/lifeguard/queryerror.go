package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// queryError is a query that was not understood.
type queryError struct {
	text  string
	wrong []query.Error
}

func (e *queryError) Error() string { return e.wrong[0].Sentence }

// checkQuery returns what is wrong with a query as an error that underlines it.
// A key has no business in a query, and an error no business with a key.
func checkQuery(text string, wrong []query.Error) error {
	if api.FindKey(text) != "" {
		return &exitError{exitWrongQuery, errKeyInQuery}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &exitError{exitWrongQuery, &queryError{text: text, wrong: wrong}}
}

// Cells of a query that are shown around what is wrong with it.
const (
	queryBefore = 30
	queryWrong  = 60
	queryAfter  = 10
)

// underlined is the whole message: for each term that is wrong a sentence, and
// below it the query with the term underlined.
func (e *queryError) underlined() string {
	var b strings.Builder
	var measure ansi.Method
	for _, wrong := range e.wrong {
		before := api.Clean(e.text[max(wrong.Start-4*queryBefore, 0):wrong.Start])
		if cells := measure.StringWidth(before); cells > queryBefore {
			before = measure.TruncateLeft(before, cells-queryBefore+1, "…")
		}
		term := measure.Truncate(api.Clean(e.text[wrong.Start:min(wrong.End, wrong.Start+4*queryWrong)]), queryWrong, "…")
		after := measure.Truncate(api.Clean(e.text[wrong.End:min(wrong.End+4*queryAfter, len(e.text))]), queryAfter, "…")
		b.WriteString("lifeguard: " + wrong.Sentence + "\n")
		b.WriteString("  " + before + term + after + "\n")
		b.WriteString("  " + strings.Repeat(" ", measure.StringWidth(before)) + strings.Repeat("^", max(measure.StringWidth(term), 1)) + "\n")
	}
	return b.String()
}

var errKeyInQuery = keyIn("the query")
