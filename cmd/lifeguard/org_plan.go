package main

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
)

// planWriter writes a plan as a diff.
type planWriter struct {
	out       *bufio.Writer
	signs     map[string]lipgloss.Style // nil without colours
	becomes   string
	counts    map[api.ChangeAction]int
	suspended int
}

// printPlan prints what an organization's change is made of, and its sum.
func (p process) printPlan(plan api.OrganizationPlan, flags connectFlags) error {
	out, coloured := p.colours()
	w := &planWriter{out: bufio.NewWriter(out), becomes: " → ", counts: map[api.ChangeAction]int{}}
	if p.env.otherCharset() {
		w.becomes = " -> "
	}
	if coloured {
		s := styles.New(styles.Options{Theme: styles.Theme(flags.theme)})
		w.signs = map[string]lipgloss.Style{"+": s.Success, "~": s.Warning, "-": s.Danger}
	}
	if len(plan.Changes) == 0 {
		w.line("No changes.")
		return w.out.Flush()
	}
	for _, change := range plan.Changes {
		w.change(change)
	}
	w.line("")
	w.line(w.sum())
	return w.out.Flush()
}

// line writes a line. An error of the writer is kept until it is flushed.
func (w *planWriter) line(text string) { _, _ = w.out.WriteString(text + "\n") }

func (w *planWriter) signed(indent, sign, text string) {
	line := sign + " " + text
	if style, ok := w.signs[sign]; ok {
		line = style.Render(line)
	}
	w.line(indent + line)
}

var changeSigns = map[api.ChangeAction]string{api.ChangeCreate: "+", api.ChangeUpdate: "~", api.ChangeDelete: "-"}

func (w *planWriter) change(change api.OrganizationChange) {
	w.counts[change.Action]++
	if change.Suspends() {
		w.suspended++
	}
	w.signed("", cmp.Or(changeSigns[change.Action], "?"), change.Type+" "+change.Name)
	for _, field := range change.Fields {
		one := strings.TrimSuffix(field.Field, "s")
		switch {
		case field.From != "" && field.To != "":
			w.signed("    ", "~", field.Field+": "+field.From+w.becomes+field.To)
		case field.To != "":
			w.signed("    ", "+", field.Field+": "+field.To)
		case field.From != "":
			w.signed("    ", "-", field.Field+": "+field.From)
		}
		for _, text := range field.Added {
			w.signed("    ", "+", one+" "+text)
		}
		for _, text := range field.Removed {
			w.signed("    ", "-", one+" "+text)
		}
	}
}

// sum is how many changes there are of each kind.
func (w *planWriter) sum() string {
	text := fmt.Sprintf("%d to create, %d to change, %d to delete",
		w.counts[api.ChangeCreate], w.counts[api.ChangeUpdate], w.counts[api.ChangeDelete])
	if w.suspended > 0 {
		text += fmt.Sprintf("; users to suspend: %d", w.suspended)
	}
	return text + "."
}
