package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// problem is an error as --json and --jsonl write it on standard error, one
// line of problem+json (RFC 9457). Status is left out where no server refused.
type problem struct {
	Type      string              `json:"type"`
	Title     string              `json:"title"`
	Status    int                 `json:"status,omitempty"`
	Detail    string              `json:"detail"`
	RequestID string              `json:"request_id,omitempty"`
	Errors    []api.FieldProblem  `json:"errors,omitempty"`
	Missing   []api.Permission    `json:"missing_permissions,omitempty"`
	Existing  *api.ServiceAccount `json:"existing,omitempty"`
	ExitCode  int                 `json:"exit_code"`
}

// wantsJSON reports whether a command line asks for JSON. It is asked of one
// that was not understood, too.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		return slices.Contains([]string{"--json", "--jsonl", "--json=true", "--jsonl=true"}, arg)
	})
}

// printProblem writes an error for a program.
func printProblem(w io.Writer, err error) {
	line := problem{Type: "about:blank", Title: "Failed", Detail: errorLine(err), ExitCode: exitCode(err)}
	var failure *api.Error
	var usage *usageError
	var wrong *queryError
	switch {
	case errors.As(err, &failure):
		line.Title, line.Status, line.RequestID = http.StatusText(failure.Status), failure.Status, failure.RequestID
		if failure.Status == 0 {
			line.Title = "No usable answer"
		}
		if failure.Code != "" {
			line.Type = api.ProblemTypePrefix + string(failure.Code)
		}
		line.Errors, line.Missing, line.Existing = failure.Fields, failure.Missing, failure.Existing
	case errors.Is(err, context.Canceled):
		line.Title = "Cancelled"
	case line.ExitCode == exitNeedsSignIn:
		line.Title = "Sign-in needed"
	case errors.As(err, &usage):
		line.Title = "The command line was not understood"
	case errors.As(err, &wrong):
		line.Title = "The query was not understood"
		for _, w := range wrong.wrong {
			line.Errors = append(line.Errors, api.FieldProblem{Location: fmt.Sprintf("query[%d:%d]", w.Start, w.End), Message: w.Sentence})
		}
	}
	text, _ := json.Marshal(line) // texts: it cannot fail
	_, _ = fmt.Fprintln(w, api.RedactKeys(string(text)))
}

// errorLine is an error as one line without a key.
func errorLine(err error) string {
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	var mistakes fileMistakes
	text := err.Error()
	if errors.As(err, &mistakes) {
		text = strings.Join(mistakes.Lines(), "; ")
	}
	// Joined errors come one a line.
	// A key that was given where none belongs is quoted by many an error.
	line := api.RedactKeys(api.Clean(strings.ReplaceAll(text, "\n", "; ")))
	var usage *usageError
	if errors.As(err, &usage) {
		line += "; see " + usage.command + " --help"
	}
	return line
}
