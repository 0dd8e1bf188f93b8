package config

import (
	"fmt"
	"slices"
	"strings"
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
		if s.name != keySources[0] && slices.Contains(keySources, s.name) { // instead of the first, which the example has
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
