package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// commentWidth is how long a line of a comment is at most.
const commentWidth = 100

// Document is the file that `config init` writes: every setting with what it
// means, commented out, so that the file changes nothing until it is edited.
func Document() string {
	var b strings.Builder
	b.WriteString("# The configuration of lifeguard. Every setting is here, commented out, with its default or an example.\n" +
		"# Check what you changed with: lifeguard config check\n" +
		"# A key does not belong here: a context says where its key is.\n")
	for _, s := range settings {
		b.WriteByte('\n')
		writeComment(&b, "# ", s.doc)
		writeComment(&b, "# ", "Values: "+s.values+". Default: "+s.fallback+".")
		switch s.name {
		case "keys":
			b.WriteString("#keys:\n" + keyExamples())
			continue
		case "views":
			b.WriteString("#views:\n#  forgotten:\n")
			writeBelow(&b, viewSettings)
			continue
		case "contexts":
			b.WriteString("#contexts:\n#  production:\n")
			writeBelow(&b, contextSettings)
			continue
		default:
			fmt.Fprintf(&b, "#%s: %s\n", s.name, s.example)
		}
	}
	return b.String()
}

// writeBelow writes the settings that stand below a name of a person's own.
func writeBelow[T any](b *strings.Builder, settings []setting[T]) {
	for _, s := range settings {
		writeComment(b, "#    # ", s.doc+" Values: "+s.values+".")
		mark := ""
		if s.name == "key_file" { // instead of key_env, which the example has
			mark = "#"
		}
		fmt.Fprintf(b, "#    %s%s: %s\n", mark, s.name, s.example)
	}
}

func writeComment(b *strings.Builder, mark, text string) {
	line := mark
	for _, word := range strings.Fields(text) {
		if line != mark && len(line)+len(word) > commentWidth {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = mark
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

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
