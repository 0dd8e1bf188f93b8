package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/lifeguard-keys/lifeguard/tui"
)

// readKeys reads which keys actions have: a list, or one key alone.
func readKeys(r *reader, what string, node ast.Node, c *Config) {
	actions := tui.Actions()
	names := make([]string, len(actions))
	for i, action := range actions {
		names[i] = action.Name
	}
	c.Keys = tui.Keys{}
	r.entries(what, node, func(name string, key, value ast.Node) {
		for _, action := range names {
			if action == name {
				if keys, ok := r.keys(join(what, name), value); ok {
					c.Keys[name] = keys
				}
				return
			}
		}
		near := Nearest(name, names)
		if near == "" {
			r.fail(key, "there is no action %q: docs/keys.md and lifeguard config init list all", name)
			return
		}
		r.fail(key, "there is no action %q: did you mean %q?", name, near)
	})
	for _, problem := range c.Keys.Check() {
		at, text := r.lines[join(what, problem.Action)], problem.Text
		if other, ours := r.lines[join(what, problem.Other)]; ours && other > at {
			at, other = other, at
			text += fmt.Sprintf(" (the other is on line %d)", other)
		} else if ours {
			text += fmt.Sprintf(" (the other is on line %d)", other)
		}
		r.problem(at, text)
	}
}

// keys reads one action's keys.
func (r *reader) keys(what string, node ast.Node) ([]string, bool) {
	nodes := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		nodes = list.Values
	}
	keys := []string{}
	for _, node := range nodes {
		_, nothing := node.(*ast.NullNode)
		key, ok := scalar(node)
		if !ok || nothing && key != "~" {
			r.wrong(node, what, `a key such as "n", a list of keys, or [] for none`)
			return nil, false
		}
		keys = append(keys, key)
	}
	return keys, true
}

// keyExamples are all actions with their own keys, for the file that is written.
func keyExamples() string {
	var b strings.Builder
	for _, action := range tui.Actions() {
		quoted := make([]string, len(action.Keys))
		for i, key := range action.Keys {
			quoted[i] = fmt.Sprintf("%q", key)
		}
		fmt.Fprintf(&b, "#  %s: [%s] # %s: %s\n", action.Name, strings.Join(quoted, ", "), action.Where, action.Help)
	}
	return b.String()
}
