package config

import (
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// maxViewName is how long a view's name is at most, in characters: the palette
// has room for it.
const maxViewName = 40

// viewSettings are the names below a view.
var viewSettings = []setting[tui.View]{
	{
		name: "query", values: "query", fallback: "everything", example: "'used:>90d'",
		doc:  "What to search for, in the language of the search (docs/query.md).",
		read: readQuery,
	},
	{
		name: "sort", values: sortNames(), fallback: "the best match first", example: "-used",
		doc: "The column to sort by, with - before it for the reverse.",
		read: func(r *reader, what string, n ast.Node, v *tui.View) {
			if !r.text(what, n, &v.Sort) {
				return
			}
			if _, known := selection.ParseOrder(v.Sort); !known {
				r.fail(n, "%s cannot be %q: %s", what, v.Sort, oneOf(v.Sort, columnNames()))
			}
		},
	},
}

func columnNames() []string {
	var names []string
	for _, column := range selection.Columns {
		names = append(names, column.ID, "-"+column.ID)
	}
	return names
}

func sortNames() string {
	var names []string
	for _, column := range selection.Columns {
		names = append(names, column.ID)
	}
	return list(names, "or") + ", or with - before it"
}

func readQuery(r *reader, what string, node ast.Node, v *tui.View) {
	if !r.text(what, node, &v.Query) {
		return
	}
	for _, wrong := range selection.Fields(nil).Parse(v.Query).Errors {
		r.fail(node, "%s: %s", what, wrong.Sentence)
	}
}

func readViews(r *reader, what string, node ast.Node, c *Config) {
	r.entries(what, node, func(name string, key, value ast.Node) {
		if name == "" || utf8.RuneCountInString(name) > maxViewName || api.Clean(name) != name {
			r.fail(key, "a view cannot be called %q: at most %d characters, all of which can be seen", name, maxViewName)
			return
		}
		before := len(r.problems)
		v := tui.View{Name: name}
		readFields(r, join(what, name), value, viewSettings, &v)
		if v.Query == "" && v.Sort == "" && len(r.problems) == before {
			r.fail(key, "%s needs a query, a sort or both", join(what, name))
		}
		c.Views = append(c.Views, v)
	})
}

// View returns the view of that name.
func (c *Config) View(name string) (tui.View, error) {
	if i := slices.IndexFunc(c.Views, func(v tui.View) bool { return v.Name == name }); i >= 0 {
		return c.Views[i], nil
	}
	names := make([]string, len(c.Views))
	for i, v := range c.Views {
		names[i] = v.Name
	}
	return tui.View{}, notNamed("view", name, names)
}
