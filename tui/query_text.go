package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// queryText is the text of a search as it stands on the screen: the terms that
// are not understood are underlined, and a text that is wider than the box is
// shown around the cursor.
type queryText struct {
	shown  string
	cursor int   // its cell
	starts []int // the cell of each error, -1 when it is out of sight
	cells  int   // that are taken
}

// drawQuery draws what is typed in a box of so many cells.
func drawQuery(input textinput.Model, wrong []query.Error, width int, e environment) queryText {
	value := input.Value()
	caret := len(string([]rune(value)[:input.Position()]))
	if !input.Focused() {
		caret = 0
	}
	from := max(e.measure.StringWidth(value[:caret])-width+1, 0)
	var t queryText
	t.starts = make([]int, len(wrong))
	for i := range t.starts {
		t.starts[i] = -1
	}
	var b, run strings.Builder
	marked := false
	flush := func() {
		text := run.String()
		if marked {
			// Rendered whole: a style that underlines takes every letter apart.
			before, after, _ := strings.Cut(e.styles.Wrong.Render("x"), "x")
			text = before + text + after
		}
		b.WriteString(text)
		run.Reset()
	}
	at := 0
	for start, next := 0, 0; start < len(value); start = next {
		cluster, _ := ansi.FirstGraphemeCluster(value[start:], ansi.GraphemeWidth)
		next = start + max(len(cluster), 1)
		cells := e.measure.StringWidth(value[start:next])
		if at+cells > from+width {
			break
		}
		if at >= from {
			w := errorAt(wrong, start)
			if w >= 0 && t.starts[w] < 0 {
				t.starts[w] = at - from
			}
			if (w >= 0) != marked && run.Len() > 0 {
				flush()
			}
			marked = w >= 0
			run.WriteString(value[start:next])
			t.cells = at + cells - from
		}
		at += cells
	}
	if run.Len() > 0 {
		flush()
	}
	t.shown = b.String()
	t.cursor = e.measure.StringWidth(value[:caret]) - from
	return t
}

func errorAt(wrong []query.Error, at int) int {
	for i, w := range wrong {
		if at >= w.Start && at < w.End {
			return i
		}
	}
	return -1
}

// explain says below the box what is wrong with the first term that is not
// understood: behind a mark that points at it, or, where there is no room for
// that, behind the term itself.
func (t queryText) explain(value string, wrong []query.Error, indent, width int, e environment) string {
	w := wrong[0]
	sentence := w.Sentence
	if len(wrong) > 1 {
		sentence += " (" + plural(len(wrong)-1, "more term") + " not understood)"
	}
	term := value[w.Start:w.End]
	mark := strings.Repeat("^", max(min(e.measure.StringWidth(term), t.cells-t.starts[0]), 1))
	left := strings.Repeat(" ", indent+max(t.starts[0], 0)) + mark + " "
	if t.starts[0] < 0 || e.measure.StringWidth(left+sentence) > width {
		left = " " + e.styles.Glyphs.Warn + " " + e.measure.Truncate(term, 20, e.styles.Glyphs.Ellipsis) + ": "
	}
	return e.styles.Warning.Render(e.measure.Truncate(left+sentence, width, e.styles.Glyphs.Ellipsis))
}

// at places the terminal's cursor, in a box whose text begins at x, y.
func (t queryText) at(x, y int) *tea.Cursor {
	cursor := tea.NewCursor(x+t.cursor, y)
	cursor.Shape = tea.CursorBar
	cursor.Blink = false
	return cursor
}
