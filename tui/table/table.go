// Package table is a windowed table: it knows how many rows there are, where
// the cursor is and how wide the columns are, and asks for the text of the
// visible rows only. A frame costs the same for a thousand rows and for a
// million. It keeps no rows and knows nothing of what they are.
package table

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Paint is a style taken apart once into what it writes before and after a
// text. Rendering a style for each cell of each frame was half of the frame's
// cost; two short strings cost nothing.
type Paint struct{ before, after string }

// NewPaint takes a style apart. Only its colours and attributes count: widths,
// borders and margins have no place in a cell.
func NewPaint(style lipgloss.Style) *Paint {
	before, after, _ := strings.Cut(style.Render("x"), "x")
	return &Paint{before: before, after: after}
}

func (p *Paint) write(b *strings.Builder, text string) {
	if p == nil || text == "" {
		b.WriteString(text)
		return
	}
	b.WriteString(p.before)
	b.WriteString(text)
	b.WriteString(p.after)
}

// Styles are what a table is drawn with.
type Styles struct {
	Heading, Marker, Match *Paint
	MarkerGlyph, Ellipsis  string
	MarkGlyph              string // before a row that is marked, one cell
}

// Cell is one field of a row. Matches are the byte offsets of the letters to
// highlight; offsets beyond what is visible are ignored. A nil Paint is the
// terminal's default, which costs no escape sequence.
type Cell struct {
	Text    string
	Matches []int
	Paint   *Paint
}

// Model is where a person is in a table. It is a value: methods that change
// it have a pointer receiver and cost no allocation. The zero value is an
// empty table.
type Model struct {
	width, height int
	length        int
	cursor        int
	offset        int
	measure       ansi.Method
}

// SetSize sets the room of the rows in cells; the heading is not in it.
func (m *Model) SetSize(width, height int) {
	m.width, m.height = max(width, 0), max(height, 0)
	m.follow()
}

// SetMeasure sets how wide text is on this terminal: by wcwidth, or by
// grapheme clusters where the terminal said so. It must be the renderer's
// own, or the columns bend at emoji.
func (m *Model) SetMeasure(measure ansi.Method) { m.measure = measure }

// SetLength sets how many rows there are. The cursor stays where it is as far
// as it can.
func (m *Model) SetLength(length int) {
	m.length = max(length, 0)
	m.follow()
}

// Length returns how many rows there are.
func (m Model) Length() int { return m.length }

// Height returns how many rows are visible at most.
func (m Model) Height() int { return m.height }

// Cursor returns the selected row, or -1 when there are none.
func (m Model) Cursor() int {
	if m.length == 0 {
		return -1
	}
	return m.cursor
}

// Select puts the cursor on a row, or on the nearest there is.
func (m *Model) Select(row int) {
	m.cursor = row
	m.follow()
}

// Move moves the cursor by some rows and stops at the ends.
func (m *Model) Move(rows int) { m.Select(m.cursor + rows) }

// Page moves by pages, keeping the cursor's place on the screen.
func (m *Model) Page(pages float64) {
	rows := int(pages * float64(max(m.height-1, 1)))
	m.offset += rows
	m.Select(m.cursor + rows)
}

// Top and Bottom go to the first and last row.
func (m *Model) Top() { m.Select(0) }

// Bottom goes to the last row.
func (m *Model) Bottom() { m.Select(m.length - 1) }

// Visible returns the rows on the screen as a half-open range.
func (m Model) Visible() (from, to int) {
	return m.offset, min(m.offset+m.height, m.length)
}

// follow brings cursor and window back into their bounds.
func (m *Model) follow() {
	m.cursor = min(max(m.cursor, 0), max(m.length-1, 0))
	m.offset = min(m.offset, m.cursor)
	m.offset = max(m.offset, m.cursor-max(m.height-1, 0))
	m.offset = min(m.offset, max(m.length-m.height, 0))
	m.offset = max(m.offset, 0)
}

// Heading renders the line of column titles.
func (m Model) Heading(columns []Column, s Styles) string {
	var b strings.Builder
	b.WriteString("  ")
	for i, column := range columns {
		if i > 0 {
			b.WriteString(gap)
		}
		b.WriteString(m.fit(column.Title, column.Width, s.Ellipsis, i == len(columns)-1))
	}
	var heading strings.Builder
	s.Heading.write(&heading, m.measure.Truncate(b.String(), m.width, ""))
	return heading.String()
}

// View renders exactly Height lines: the visible rows, built by calling row
// for each, and empty lines below them. Only the marker tells the selected
// row, so that moving it writes a few bytes (a whole highlighted row was
// measured at 274).
func (m Model) View(columns []Column, s Styles, row func(index int) []Cell) string {
	return m.ViewMarked(columns, s, func(int) bool { return false }, row)
}

// ViewMarked is View with a glyph before each row that is marked.
func (m Model) ViewMarked(columns []Column, s Styles, marked func(index int) bool, row func(index int) []Cell) string {
	var b strings.Builder
	from, to := m.Visible()
	for i := range m.height {
		if i > 0 {
			b.WriteByte('\n')
		}
		index := from + i
		if index >= to {
			continue
		}
		if index == m.cursor {
			s.Marker.write(&b, s.MarkerGlyph)
		} else {
			b.WriteByte(' ')
		}
		if marked(index) {
			s.Marker.write(&b, s.MarkGlyph)
		} else {
			b.WriteByte(' ')
		}
		m.line(&b, columns, s, row(index))
	}
	return b.String()
}

func (m Model) line(b *strings.Builder, columns []Column, s Styles, cells []Cell) {
	for i, column := range columns {
		if i >= len(cells) {
			return
		}
		if i > 0 {
			b.WriteString(gap)
		}
		cell := cells[i]
		text := m.fit(cell.Text, column.Width, s.Ellipsis, i == len(columns)-1)
		if len(cell.Matches) > 0 {
			highlight(b, text, cell, s.Match)
		} else {
			cell.Paint.write(b, text)
		}
	}
}

// fit cuts text to a width and pads it up to it; the last column is not
// padded.
func (m Model) fit(text string, width int, ellipsis string, last bool) string {
	have := m.measure.StringWidth(text)
	if have > width {
		text = m.measure.Truncate(text, width, ellipsis)
		have = m.measure.StringWidth(text)
	}
	if last {
		return text
	}
	return text + strings.Repeat(" ", max(width-have, 0))
}

// highlight writes text with its matched letters in the match style, run by
// run. A match inside a character that takes several bytes, or beyond the
// cut, highlights nothing.
func highlight(b *strings.Builder, text string, cell Cell, match *Paint) {
	limit := commonPrefix(text, cell.Text)
	at, next := 0, 0
	for at < limit {
		for next < len(cell.Matches) && cell.Matches[next] < at {
			next++
		}
		if next == len(cell.Matches) || cell.Matches[next] >= limit {
			break
		}
		if start := cell.Matches[next]; start > at {
			cell.Paint.write(b, text[at:start])
			at = start
		}
		end := at
		for next < len(cell.Matches) && cell.Matches[next] <= end && end < limit {
			end += clusterLength(text[end:])
			for next < len(cell.Matches) && cell.Matches[next] < end {
				next++
			}
		}
		match.write(b, text[at:end])
		at = end
	}
	cell.Paint.write(b, text[at:])
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// clusterLength returns the length in bytes of the first grapheme cluster, so
// that a letter and its combining marks are highlighted together.
func clusterLength(text string) int {
	cluster, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
	return max(len(cluster), 1)
}
