package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// UseContext returns the text of a file with another context in it. Nothing
// else changes: comments, order and line ends stay.
func UseContext(path string, text []byte, name string) ([]byte, error) {
	before, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	if _, known := before.ByName(name); !known {
		return nil, before.NoContext(name)
	}
	lines := strings.SplitAfter(string(text), "\n")
	at := contextLine(text)
	entry := "context: " + name
	if at == 0 {
		lines = append([]string{entry + "\n"}, lines...)
	} else {
		end := ""
		old := strings.TrimRight(lines[at-1], "\r\n")
		if i := strings.Index(old, " #"); i >= 0 { // a comment behind it stays
			end = old[i:]
		}
		lines[at-1] = entry + end + lines[at-1][len(old):]
	}
	changed := []byte(strings.Join(lines, ""))
	// A way of writing it that is not understood here must not break the file.
	if after, err := Parse(path, changed); err != nil || after.Context != name {
		return nil, fmt.Errorf("the context is written in %s in an unusual way: set context: %s in it by hand", path, name)
	}
	return changed, nil
}

// contextLine is the line on which the file has its context, or 0.
func contextLine(text []byte) int {
	file, err := tree(text)
	if err != nil || len(file.Docs) == 0 {
		return 0
	}
	r := &reader{}
	r.entries("", file.Docs[0].Body, func(string, ast.Node, ast.Node) {})
	return r.lines["context"]
}

// Entry is one setting of a context with its value.
type Entry struct{ Name, Value string }

// yaml is the value as the file has it, in quotes where it needs them.
func (e Entry) yaml() string {
	if file, err := tree([]byte(e.Value)); err == nil && len(file.Docs) == 1 {
		if text, ok := file.Docs[0].Body.(*ast.StringNode); ok && text.Value == e.Value && !strings.ContainsAny(e.Value, "\n\r") {
			return e.Value
		}
	}
	return strconv.Quote(e.Value)
}

// PutContext returns the text of a file in which a context has these settings:
// the context is added if there is none of that name, and its other settings
// stay. Nothing else changes: comments, order and line ends stay. The text of a
// file that does not exist yet is empty.
//
// It fails, and says what to write by hand, where the file is written in a way
// in which lines cannot be added, such as {a: {server: …}}.
func PutContext(path string, text []byte, name string, entries ...Entry) ([]byte, error) {
	before, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	_, known := before.ByName(name)
	e := newEditor(text)
	switch {
	case known:
		e.change(name, entries)
	default:
		e.add(name, entries)
	}
	changed := []byte(strings.Join(e.lines, ""))
	// A way of writing it that is not understood here must not break the file.
	after, err := Parse(path, changed)
	if err != nil || !onlyContextChanged(before, after, name, entries) {
		var words []string
		for _, entry := range entries {
			words = append(words, entry.Name+": "+entry.yaml())
		}
		return nil, fmt.Errorf("the contexts are written in %s in an unusual way: write %s into contexts.%s by hand", path, list(words, "and"), name)
	}
	return changed, nil
}

// onlyContextChanged reports whether two configurations differ in nothing but
// the settings of a context that were given.
func onlyContextChanged(before, after Config, name string, entries []Entry) bool {
	old, known := before.ByName(name)
	got, there := after.ByName(name)
	if !there || !known && len(after.Contexts) != len(before.Contexts)+1 {
		return false
	}
	r := &reader{folder: filepath.Dir(before.Path)}
	for _, entry := range entries {
		i := slices.IndexFunc(contextSettings, func(s setting[Context]) bool { return s.name == entry.Name })
		if i < 0 {
			return false
		}
		value, err := tree([]byte(entry.yaml()))
		if err != nil || len(value.Docs) != 1 {
			return false
		}
		contextSettings[i].read(r, entry.Name, value.Docs[0].Body, &old)
	}
	old.Name, old.Line, got.Line = name, 0, 0
	if !reflect.DeepEqual(old, got) {
		return false
	}
	rest := func(c Config) Config {
		var others []Context
		for _, context := range c.Contexts {
			if context.Name != name {
				context.Line = 0
				others = append(others, context)
			}
		}
		c.Contexts = others
		return c
	}
	return reflect.DeepEqual(rest(before), rest(after))
}

// editor adds lines to a file. Where the lines belong is known from the tree;
// whether they did what was meant is seen by parsing the result.
type editor struct {
	lines []string // each with its end
	end   string   // of the lines that are added
	root  []*ast.MappingValueNode
}

func newEditor(text []byte) *editor {
	e := &editor{lines: strings.SplitAfter(string(text), "\n"), end: "\n"}
	if e.lines[len(e.lines)-1] == "" {
		e.lines = e.lines[:len(e.lines)-1]
	}
	if strings.Contains(string(text), "\r\n") {
		e.end = "\r\n"
	}
	if file, err := tree(text); err == nil && len(file.Docs) > 0 {
		e.root = below(file.Docs[0].Body)
	}
	return e
}

// below returns the entries of a mapping.
func below(node ast.Node) []*ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	return nil
}

func find(entries []*ast.MappingValueNode, name string) *ast.MappingValueNode {
	for _, entry := range entries {
		if got, ok := scalar(entry.Key); ok && got == name {
			return entry
		}
	}
	return nil
}

// indent is the white space before an entry.
func indent(entry *ast.MappingValueNode) string {
	return strings.Repeat(" ", max(entry.Key.GetToken().Position.Column-1, 0))
}

// add adds a context behind the others.
func (e *editor) add(name string, entries []Entry) {
	contexts := find(e.root, "contexts")
	if contexts == nil {
		if len(e.lines) > 0 {
			if last := &e.lines[len(e.lines)-1]; !strings.HasSuffix(*last, "\n") {
				*last += e.end
			}
			e.insert(len(e.lines), "")
		}
		e.insert(len(e.lines), "contexts:")
		e.insert(len(e.lines), block("  ", name, entries)...)
		return
	}
	at, before := line(contexts.Key), "  "
	if others := below(contexts.Value); len(others) > 0 {
		before = indent(others[0])
		at = e.lastLine(others[len(others)-1], at)
	}
	e.insert(at, block(before, name, entries)...)
}

// block is a context as lines.
func block(before, name string, entries []Entry) []string {
	lines := []string{before + name + ":"}
	for _, entry := range entries {
		lines = append(lines, before+"  "+entry.Name+": "+entry.yaml())
	}
	return lines
}

// change sets settings of a context that is there: in the place of what they
// were, or behind its name.
func (e *editor) change(name string, entries []Entry) {
	context := find(below(find(e.root, "contexts").Value), name)
	settings := below(context.Value)
	before := indent(context) + "  "
	if len(settings) > 0 {
		before = indent(settings[0])
	}
	var added []string
	for _, entry := range entries {
		text := before + entry.Name + ": " + entry.yaml()
		set := find(settings, entry.Name)
		if set == nil {
			added = append(added, text)
			continue
		}
		at := line(set.Key) - 1
		old := strings.TrimRight(e.lines[at], "\r\n")
		comment := ""
		if i := strings.Index(old, " #"); i >= 0 {
			comment = old[i:]
		}
		e.lines[at] = text + comment + e.lines[at][len(old):]
	}
	e.insert(line(context.Key), added...)
}

// lastLine is the last line of an entry: as far as lines go on deeper than it,
// or are empty with such a one below.
func (e *editor) lastLine(entry *ast.MappingValueNode, atLeast int) int {
	last := max(line(entry.Key), atLeast)
	before := len(indent(entry))
	for i := last; i < len(e.lines); i++ {
		text := strings.TrimRight(e.lines[i], " \r\n")
		if text == "" {
			continue
		}
		if len(text)-len(strings.TrimLeft(text, " ")) <= before {
			break
		}
		last = i + 1
	}
	return last
}

// insert adds lines behind the line at.
func (e *editor) insert(at int, lines ...string) {
	if at > 0 && at <= len(e.lines) && !strings.HasSuffix(e.lines[at-1], "\n") {
		e.lines[at-1] += e.end
	}
	for i := range lines {
		lines[i] += e.end
	}
	e.lines = slices.Insert(e.lines, at, lines...)
}
