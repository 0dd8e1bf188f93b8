package tui

import (
	"maps"
	"slices"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// What pages draw in the same way.

// rule is the line of a page that has nothing to say there.
func (e environment) rule(width int) string {
	return " " + e.styles.Rule.Render(strings.Repeat(e.styles.Glyphs.Rule, max(width-2, 0)))
}

// beside joins the lines of a table with those of its details, where the
// layout has room for them: beside it with the pane's edge between, or below it
// under a rule.
func (e environment) beside(left, details []string, l layout) []string {
	if l.details.Empty() {
		return left
	}
	if l.details.Min.X == 0 {
		lines := append(left, e.rule(l.width))
		for i := range l.details.Dy() - 1 {
			line := ""
			if i < len(details) {
				line = "  " + details[i]
			}
			lines = append(lines, line)
		}
		return lines
	}
	edge := e.styles.Rule.Render(e.styles.Glyphs.Pane)
	lines := make([]string, len(left))
	for i, line := range left {
		lines[i] = pad(line, l.table.Dx(), e.measure) + edge
		if i < len(details) {
			lines[i] += " " + details[i]
		}
	}
	return lines
}

// drifted moves details, but for their title, up by some lines, or down, as the
// rows beside them were moved. A terminal moves whole lines: with details that
// stay where they are, each row that scrolls by would have to be written again
// (2,200 bytes instead of 170). When the cursor rests, others take their place.
func drifted(details []string, by int) []string {
	if len(details) < 2 || by == 0 {
		return details
	}
	title, lines := details[:1], details[1:]
	if by > 0 {
		return slices.Concat(title, lines[min(by, len(lines)):])
	}
	return slices.Concat(title, make([]string, -by), lines)
}

// field is a line of details: a label and a value, wrapped beside it.
func (e environment) field(name, value string, width int) []string {
	const indent = 11
	var lines []string
	for i, part := range strings.Split(e.measure.Wrap(value, max(width-indent, 8), ""), "\n") {
		label := strings.Repeat(" ", indent)
		if i == 0 {
			label = pad(e.measure.Truncate(name, indent-1, e.styles.Glyphs.Ellipsis), indent, e.measure)
		}
		lines = append(lines, e.styles.Muted.Render(label)+part)
	}
	return lines
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func (e environment) failureParagraph(f *failure) []string {
	words := []string{f.err.Detail}
	switch f.err.Code {
	case api.CodeForbidden:
		for _, p := range f.err.Missing {
			words = append(words, e.styles.Glyphs.Bullet+" "+p.Action.Words()+" ("+string(p.Action)+")")
		}
	case api.CodeNoSuchEndpoint:
		words = append(words, "Service accounts are an extension that Lifeguard's own server offers.")
	}
	if f.err.RequestID != "" {
		words = append(words, "Request "+f.err.RequestID+", for the server's log.")
	}
	return words
}

// paragraph sets lines a little below the top of an area, exactly as high.
func (e environment) paragraph(words []string, width, height int) string {
	var lines []string
	lines = append(lines, "")
	for i, text := range words {
		style := e.styles.Muted
		if i == 0 {
			style = e.styles.Strong
		}
		for _, line := range strings.Split(e.measure.Wrap(text, max(width-6, 1), ""), "\n") {
			lines = append(lines, "   "+style.Render(line))
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines[:height], "\n")
}
