package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// different are the parts of an output that differ from run to run, and what
// stands for them in a golden file. Ids are numbered as they appear, so that it
// is seen which are the same.
var different = []struct {
	what *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`ps-[0-9A-Za-z]{49}`), "KEY"},
	{regexp.MustCompile(`ps-[0-9A-Za-z]{4}…[0-9A-Za-z]{4}`), "HINT"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HASH"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "SERVER"},
	{regexp.MustCompile(`"user_agent":"lifeguard/[^"]*"`), `"user_agent":"PROGRAM"`},
	{regexp.MustCompile(`-----BEGIN AGE ENCRYPTED FILE-----(\\n[A-Za-z0-9+/=]+)+\\n-----END AGE ENCRYPTED FILE-----`), "ARMOR"},
}

// normal is an output with names for what differs from run to run.
func normal(text string) string {
	for _, part := range different {
		seen := map[string]string{}
		text = part.what.ReplaceAllStringFunc(text, func(found string) string {
			if part.name != "ID" {
				return part.name
			}
			if seen[found] == "" {
				seen[found] = fmt.Sprintf("ID-%d", len(seen)+1)
			}
			return seen[found]
		})
	}
	return text
}

// golden is a script's command: golden stdout|stderr FILE. It compares what the
// last command printed with a golden file.
func golden(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: golden stdout|stderr FILE")
	}
	got := normal(ts.ReadFile(args[0]))
	if want := ts.ReadFile(args[1]); strings.TrimSpace(got) != strings.TrimSpace(want) {
		ts.Fatalf("%s is\n%s\nand %s has\n%s", args[0], got, args[1], want)
	}
}
