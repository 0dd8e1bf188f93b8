package orgfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Parse reads a file. Its error is [Problems]: all that could be found, with
// their lines. Names are not checked here; the server does that, and
// [File.Locate] finds the lines that it means.
func Parse(data []byte) (File, error) {
	r := &reader{file: File{lines: map[string]int{}, values: map[string]string{}}}
	r.read(data)
	if len(r.problems) == 0 { // else half of it is missing, and missed
		for _, problem := range r.file.Organization.Problems() {
			r.problems = append(r.problems, Problem{r.file.line(problem.Location), r.file.describe(problem.Location, problem.Message)})
		}
	}
	if len(r.problems) > 0 {
		return r.file, r.problems.sorted()
	}
	return r.file, nil
}

// maxProblems is how many mistakes are looked for.
const maxProblems = 100

// reader walks a document and notes what it finds and what is wrong.
type reader struct {
	file     File
	problems Problems
}

func (r *reader) report(node ast.Node, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{lineOf(node), fmt.Sprintf(format, args...)})
	}
}

func lineOf(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

func (r *reader) read(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // some editors begin a file with it
	if !utf8.Valid(data) {
		r.problems = Problems{{0, "it is not text in UTF-8"}}
		return
	}
	// Names that stand twice are found here, to be told in our own words.
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	var broken yaml.Error
	switch {
	case errors.As(err, &broken):
		line := 0
		if token := broken.GetToken(); token != nil && token.Position != nil {
			line = token.Position.Line
		}
		message, _, _ := strings.Cut(broken.GetMessage(), "\n")
		r.problems = Problems{{line, "this is not YAML: " + api.Clean(message)}}
		return
	case err != nil:
		r.problems = Problems{{0, "it is not YAML"}}
		return
	}
	var bodies []ast.Node
	for _, document := range tree.Docs {
		if document.Body != nil && document.Body.Type() != ast.CommentType {
			bodies = append(bodies, document.Body)
		}
	}
	if len(bodies) == 0 {
		r.problems = Problems{{0, "it is empty: lifeguard org export writes what there is"}}
		return
	}
	for _, further := range bodies[1:] {
		r.report(further, "a second document begins here: everything must be in one")
	}
	r.organization(bodies[0])
}

// organization reads the whole document. All three lists must be there: what
// is left out would otherwise be taken away.
func (r *reader) organization(node ast.Node) {
	o := &r.file.Organization
	r.mapping(node, "", []field{
		{"roles", true, func(node ast.Node, at string) { o.Roles = list(r, node, at, r.role) }},
		{"teams", true, func(node ast.Node, at string) { o.Teams = list(r, node, at, r.team) }},
		{"users", true, func(node ast.Node, at string) { o.Users = list(r, node, at, r.user) }},
	})
}

func (r *reader) role(node ast.Node, at string) (role api.DeclaredRole) {
	r.mapping(node, at, []field{
		{"name", true, r.into(&role.Name)},
		{"previously", false, r.into(&role.Previously)},
		{"permissions", true, func(node ast.Node, at string) { role.Permissions = list(r, node, at, r.permission) }},
	})
	return role
}

func (r *reader) team(node ast.Node, at string) (team api.DeclaredTeam) {
	team.Members = []string{}
	r.mapping(node, at, []field{
		{"name", true, r.into(&team.Name)},
		{"previously", false, r.into(&team.Previously)},
		{"role", false, r.into(&team.Role)},
		{"members", false, func(node ast.Node, at string) { team.Members = list(r, node, at, r.text) }},
	})
	return team
}

func (r *reader) user(node ast.Node, at string) (user api.DeclaredUser) {
	r.mapping(node, at, []field{
		{"email", true, r.into(&user.Email)},
		{"previously", false, r.into(&user.Previously)},
		{"name", false, r.into(&user.Name)},
		{"suspended", false, func(node ast.Node, _ string) {
			value, ok := node.(*ast.BoolNode)
			if !ok {
				r.report(node, "suspended must be true or false")
				return
			}
			user.Suspended = value.Value
		}},
		{"ssh_keys", false, func(node ast.Node, at string) { user.SSHKeys = list(r, node, at, r.text) }},
	})
	return user
}

// permission reads a permission: its name alone grants it on everything, and a
// mapping on the resources that it names.
func (r *reader) permission(node ast.Node, at string) (permission api.Permission) {
	if _, short := node.(*ast.StringNode); short {
		permission.Action, permission.Scope = api.Action(r.text(node, at)), api.ScopeAll
		r.file.lines[at+".action"], r.file.values[at+".action"] = lineOf(node), string(permission.Action)
		return permission
	}
	permission.Scope = api.ScopeSpecific
	r.mapping(node, at, []field{
		{"action", true, func(node ast.Node, at string) { permission.Action = api.Action(r.text(node, at)) }},
		{"resources", true, func(node ast.Node, at string) {
			if permission.Resources = list(r, node, at, r.text); len(permission.Resources) == 0 {
				r.report(node, "resources must name at least one: a permission for all of them is written as its name alone")
			}
		}},
	})
	return permission
}

// shorthand reports what stands for something else, and would not be seen to
// do so by whoever reads the file.
func (r *reader) shorthand(node ast.Node) bool {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.report(node, "&, * and ! are not taken here: write it out")
		return true
	}
	return false
}

// field is one field of a mapping.
type field struct {
	name     string
	required bool
	read     func(node ast.Node, at string)
}

// mapping reads the fields of a mapping, each at most once.
func (r *reader) mapping(node ast.Node, at string, fields []field) {
	r.file.lines[at] = lineOf(node)
	names := make([]string, 0, len(fields))
	for _, field := range fields {
		names = append(names, field.name)
	}
	if r.shorthand(node) {
		return
	}
	pairs, ok := node.(ast.MapNode)
	if !ok {
		r.report(node, "%s must be a list of fields, such as %s: …", placeName(at), names[0])
		return
	}
	first := map[string]int{}
	for pair := pairs.MapRange(); pair.Next(); {
		key := pair.Key()
		name := key.GetToken().Value
		i := slices.Index(names, name)
		switch line, twice := first[name]; {
		case key.IsMergeKey() || key.Type() != ast.StringType || i < 0:
			r.report(key, "there is no field %q%s", api.Clean(name), meantOr(name, names))
			continue
		case twice:
			r.report(key, "%s stands in line %d already", name, line)
			continue
		}
		first[name] = lineOf(key)
		place := strings.TrimPrefix(at+"."+name, ".")
		r.file.lines[place] = lineOf(key)
		fields[i].read(pair.Value(), place)
	}
	for _, field := range fields {
		if _, there := first[field.name]; field.required && !there {
			r.report(node, "%s lacks %s%s", placeName(at), field.name, map[bool]string{true: "; write [] for none", false: ""}[at == ""])
		}
	}
}

// meantOr asks for the name that was meant, or tells what there is to choose
// from.
func meantOr(name string, names []string) string {
	return cmp.Or(question(name, names), ": there are "+strings.Join(names, ", "))
}

// placeName is how a mistake names the mapping that it is in.
func placeName(at string) string {
	kind := at[strings.LastIndex(at, ".")+1:]
	kind, _, _ = strings.Cut(kind, "[")
	if kind == "" {
		return "the file"
	}
	return "this " + strings.TrimSuffix(kind, "s")
}

// list reads a list, never as nil.
func list[T any](r *reader, node ast.Node, at string, read func(node ast.Node, at string) T) []T {
	rows := []T{}
	if r.shorthand(node) {
		return rows
	}
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.report(node, "%s must be a list; write [] for none", at[strings.LastIndex(at, ".")+1:])
		return rows
	}
	for i, value := range sequence.Values {
		place := fmt.Sprintf("%s[%d]", at, i)
		r.file.lines[place] = lineOf(value)
		rows = append(rows, read(value, place))
	}
	return rows
}

// into reads a text into its place.
func (r *reader) into(text *string) func(node ast.Node, at string) {
	return func(node ast.Node, at string) { *text = r.text(node, at) }
}

func (r *reader) text(node ast.Node, at string) string {
	if r.shorthand(node) {
		return ""
	}
	value, ok := node.(*ast.StringNode)
	if !ok {
		r.report(node, "%s must be text: put it in quotes", strings.TrimRight(at[strings.LastIndex(at, ".")+1:], "[]0123456789"))
		return ""
	}
	r.file.lines[at], r.file.values[at] = lineOf(node), value.Value
	return value.Value
}
