// Package orgfile reads and writes the organization as a YAML file: the
// document of [api.PathOrganization] in the form that people edit and keep in
// version control. What is not understood is an error with its line, never
// passed over: a field that was misspelt would otherwise take something away.
package orgfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// File is an organization as it was read from a file.
type File struct {
	Organization api.Organization
	lines        map[string]int    // by location, from 1
	values       map[string]string // of texts, by location
}

// Problem is one mistake in a file. Line is 0 when it is about the file as a
// whole.
type Problem struct {
	Line    int
	Message string
}

// Problems are all mistakes of a file that were found, in the order of lines.
type Problems []Problem

// Error returns the first mistake, and how many others there are.
func (p Problems) Error() string {
	if len(p) == 0 {
		return "no mistake"
	}
	text := p[0].Message
	if p[0].Line > 0 {
		text = fmt.Sprintf("line %d: %s", p[0].Line, text)
	}
	if len(p) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(p)-1)
	}
	return text
}

// Locate finds the lines that a server's refusal is about: locations such as
// body.teams[2].members[0]. It returns nil when it is about none of them.
func (f File) Locate(fields []api.FieldProblem) Problems {
	var found Problems
	for _, field := range fields {
		location := strings.TrimPrefix(field.Location, "body.")
		if line := f.line(location); line > 0 {
			found = append(found, Problem{line, f.describe(location, field.Message)})
		}
	}
	return found.sorted()
}

// line is where a location stands, or the nearest part of the document around
// it.
func (f File) line(location string) int {
	for location != "" {
		if line, ok := f.lines[location]; ok {
			return line
		}
		location = location[:max(strings.LastIndexAny(location, ".["), 0)]
	}
	return 0
}

// describe says what is wrong at a location, with what stands there and what
// may have been meant.
func (f File) describe(location, message string) string {
	value, known := f.values[location]
	name := location[strings.LastIndex(location, ".")+1:]
	name, _, listed := strings.Cut(name, "[")
	switch {
	case !known:
		return name + " " + message
	case listed: // one of many: say which
		return fmt.Sprintf("%q in %s %s", value, name, message) + f.suggest(name, value)
	}
	return fmt.Sprintf("%s %q %s", name, value, message) + f.suggest(name, value)
}

// suggest is a question for what a reference may have meant, or "".
func (f File) suggest(name, value string) string {
	var names []string
	switch name {
	case "role":
		names = []string{api.RoleTenantAdmin, api.RoleDeveloper}
		for _, role := range f.Organization.Roles {
			names = append(names, role.Name)
		}
	case "members":
		for _, user := range f.Organization.Users {
			names = append(names, user.Email)
		}
	case "action", "permissions":
		for _, action := range api.Actions {
			names = append(names, string(action))
		}
	case "resources":
		for _, team := range f.Organization.Teams {
			names = append(names, team.Name)
		}
	}
	return question(value, names)
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int { return a.Line - b.Line })
	return p
}

// question asks for the name that is nearest to what was written, or is "" when
// none is near.
func question(written string, names []string) string {
	if near := config.Nearest(written, names); near != "" && near != written {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}
