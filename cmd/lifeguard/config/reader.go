package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// reader goes through the file's tree and gathers what is wrong with it, so
// that a person can mend all of it at once.
type reader struct {
	folder   string // of the file
	problems []Problem
	lines    map[string]int // where settings stand, by their full name
}

func (r *reader) problem(line int, text string) {
	r.problems = append(r.problems, Problem{Line: line, Text: text})
}

func (r *reader) fail(node ast.Node, format string, args ...any) {
	r.problem(line(node), fmt.Sprintf(format, args...))
}

// clip keeps what a problem quotes to what a person still reads.
func clip(text string) string {
	const most = 60
	if characters := []rune(text); len(characters) > most {
		return string(characters[:most]) + "…"
	}
	return text
}

// entries calls each for the entries of a mapping, and reports names that
// stand twice. An empty value is an empty mapping.
func (r *reader) entries(what string, node ast.Node, each func(name string, key, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	case *ast.NullNode, *ast.CommentGroupNode:
		return
	default:
		r.wrong(node, what, "names with values below it")
		return
	}
	seen := map[string]int{}
	for _, entry := range values {
		name, ok := scalar(entry.Key)
		if !ok {
			r.fail(entry.Key, "%s cannot have a name like this", orFile(what))
			continue
		}
		full := join(what, name)
		if first, twice := seen[name]; twice {
			r.fail(entry.Key, "%s stands on line %d already: keep one of them", full, first)
			continue
		}
		seen[name] = line(entry.Key)
		if r.lines == nil {
			r.lines = map[string]int{}
		}
		r.lines[full] = line(entry.Key)
		each(name, entry.Key, entry.Value)
	}
}

// readFields reads a mapping whose names are settings into a T.
func readFields[T any](r *reader, what string, node ast.Node, known []setting[T], into *T) {
	r.entries(what, node, func(name string, key, value ast.Node) {
		i := slices.IndexFunc(known, func(s setting[T]) bool { return s.name == name })
		if i < 0 {
			names := make([]string, len(known))
			for i, s := range known {
				names[i] = s.name
			}
			r.fail(key, "there is no setting %q: %s", clip(join(what, name)), oneOf(name, names))
			return
		}
		known[i].read(r, join(what, name), value, into)
	})
}

// text reads a text that is not empty.
func (r *reader) text(what string, node ast.Node, into *string) bool {
	value, ok := node.(*ast.StringNode)
	if !ok || strings.TrimSpace(value.Value) == "" {
		r.wrong(node, what, "a text")
		return false
	}
	*into = value.Value
	return true
}

// path reads a file's path: ~ is the home folder, and what is relative begins
// at the folder of the configuration.
func (r *reader) path(what string, node ast.Node, into *string) {
	if r.text(what, node, into) {
		r.locate(what, node, into)
	}
}

func (r *reader) locate(what string, node ast.Node, into *string) {
	if rest, home := strings.CutPrefix(*into, "~/"); home {
		folder, err := os.UserHomeDir()
		if err != nil {
			r.fail(node, "%s begins with ~, and this machine does not know your home folder: write it out", what)
			return
		}
		*into = filepath.Join(folder, rest)
	}
	if !filepath.IsAbs(*into) {
		*into = filepath.Join(r.folder, *into)
	}
}

func (r *reader) truth(what string, node ast.Node, into *bool) {
	value, ok := node.(*ast.BoolNode)
	if !ok {
		r.wrong(node, what, "true or false")
		return
	}
	*into = value.Value
}

// choice reads one of a few words.
func choice[T ~string](r *reader, what string, node ast.Node, words []T, into *T) {
	value, ok := scalar(node)
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = string(word)
	}
	if !ok {
		r.wrong(node, what, list(names, "or"))
		return
	}
	if !slices.Contains(names, value) {
		r.fail(node, "%s cannot be %q: %s", what, clip(value), oneOf(value, names))
		return
	}
	*into = T(value)
}

// wrong reports a value of the wrong type.
func (r *reader) wrong(node ast.Node, what, want string) {
	have := "this"
	switch node := node.(type) {
	case nil, *ast.NullNode:
		have = "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		have = "names with values"
	case *ast.SequenceNode:
		have = "a list"
	case *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode:
		have = "a reference (& and * are not used here)"
	case *ast.TagNode:
		have = "a tag"
	case *ast.StringNode:
		if have = fmt.Sprintf("%q", clip(node.Value)); strings.TrimSpace(node.Value) == "" {
			have = "an empty text"
		}
	default:
		if text, ok := scalar(node); ok {
			have = text
		}
	}
	r.fail(node, "%s must be %s, not %s", orFile(what), want, have)
}

// scalar returns a simple value as it is written: names of keys such as 1 or
// true are texts too.
func scalar(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return "", false
}

func join(what, name string) string {
	if what == "" {
		return name
	}
	return what + "." + name
}

func orFile(what string) string {
	if what == "" {
		return "the file"
	}
	return what
}
