package config

import (
	"fmt"
	"strings"
)

// Reference is the list of all settings, as docs/configuration.md has it.
func Reference() string {
	var b strings.Builder
	b.WriteString("### The file\n\n")
	table(&b, "", settings)
	b.WriteString("\n### A context\n\n")
	table(&b, "contexts.NAME.", contextSettings)
	b.WriteString("\n### A view\n\n")
	table(&b, "views.NAME.", viewSettings)
	return b.String()
}

func table[T any](b *strings.Builder, before string, list []setting[T]) {
	b.WriteString("| setting | values | default | what it does |\n|---|---|---|---|\n")
	for _, s := range list {
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", before, s.name, s.values, s.fallback, s.doc)
	}
}
