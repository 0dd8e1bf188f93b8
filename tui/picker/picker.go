// Package picker is a short fuzzy-searchable list from which one item is
// taken: a line to type in and the matching items below it. It knows nothing
// of what the items are.
package picker

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
)

// Item is something to pick. Notes stand in columns behind the title; the
// first of them is searched too.
type Item struct {
	ID    string
	Title string
	Notes []string
}

// Styles are what a picker is drawn with.
type Styles struct {
	Input                         textinput.Styles
	Marker, Match, Muted, Warning lipgloss.Style
	MarkerGlyph, Ellipsis         string
}

// Model is a picker. It is a value; make one with [New].
type Model struct {
	input  textinput.Model
	items  []Item
	index  fuzzy.Index
	shown  []int32
	cursor int
	offset int
	height int
	styles Styles
}

// fields rank a hit in an item's title before one in its first note.
var fields = []fuzzy.Field{
	{Exact: 100, Prefix: 90, Word: 80, Inside: 70, Scattered: 40},
	{Exact: 60, Prefix: 55, Word: 50, Inside: 45},
}

// New makes an empty picker that shows height items at a time.
func New(styles Styles, placeholder string, height int) Model {
	input := textinput.New()
	input.Prompt = ""
	input.Placeholder = placeholder
	input.CharLimit = 128
	input.SetVirtualCursor(false)
	input.SetStyles(styles.Input)
	return Model{input: input, index: fuzzy.New(fields...), styles: styles, height: height}
}

// SetItems replaces the items; the one under the cursor keeps it by its id.
func (m *Model) SetItems(items []Item) {
	selected, had := m.Selected()
	m.items = items
	rows := make([]fuzzy.Row, len(items))
	for i, item := range items {
		rows[i].Texts = []string{item.Title, ""}
		if len(item.Notes) > 0 {
			rows[i].Texts[1] = item.Notes[0]
		}
	}
	m.index = fuzzy.New(fields...).Append(rows...)
	m.search()
	for i, row := range m.shown {
		if had && m.items[row].ID == selected.ID {
			m.move(i - m.cursor)
		}
	}
}

// SetWidth sets the width of the line to type in, in cells.
func (m *Model) SetWidth(width int) { m.input.SetWidth(max(width, 1)) }

// SetHeight sets how many items are shown at a time.
func (m *Model) SetHeight(height int) {
	m.height = max(height, 1)
	m.move(0)
}

// Focus and Blur say whether keys are typed here.
func (m *Model) Focus() tea.Cmd { return m.input.Focus() }

// Blur takes the focus away.
func (m *Model) Blur() { m.input.Blur() }

// Focused reports whether the picker has the focus.
func (m Model) Focused() bool { return m.input.Focused() }

// Query returns what was typed.
func (m Model) Query() string { return m.input.Value() }

// Selected returns the item under the cursor; false when nothing matches.
func (m Model) Selected() (Item, bool) {
	if m.cursor >= len(m.shown) {
		return Item{}, false
	}
	return m.items[m.shown[m.cursor]], true
}

// Shown returns the items that match, the best first.
func (m Model) Shown() []Item {
	shown := make([]Item, len(m.shown))
	for i, number := range m.shown {
		shown[i] = m.items[number]
	}
	return shown
}

// Counts returns how many items match and how many there are.
func (m Model) Counts() (shown, all int) { return len(m.shown), len(m.items) }

// Update moves with the arrow keys and types with all others.
func (m Model) Update(msg tea.Msg) (Model, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch press.String() {
		case "up", "ctrl+p":
			m.move(-1)
			return m, nil
		case "down", "ctrl+n":
			m.move(1)
			return m, nil
		case "pgup":
			m.move(-m.height)
			return m, nil
		case "pgdown":
			m.move(m.height)
			return m, nil
		}
	}
	before := m.input.Value()
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	if m.input.Value() != before {
		m.search()
	}
	return m, cmd
}

func (m *Model) search() {
	found, _ := m.index.Search(context.Background(), fuzzy.Query{Terms: fuzzy.Terms(m.input.Value())})
	m.shown, _ = found.Order(context.Background())
	m.cursor, m.offset = 0, 0
}

func (m *Model) move(rows int) {
	m.cursor = min(max(m.cursor+rows, 0), max(len(m.shown)-1, 0))
	m.offset = min(m.offset, m.cursor)
	m.offset = max(m.offset, m.cursor-m.height+1)
	m.offset = max(min(m.offset, len(m.shown)-m.height), 0)
}

// InputView renders the line to type in.
func (m Model) InputView() string { return m.input.View() }

// Cursor returns where the terminal's cursor stands in the line, or nil
// without the focus.
func (m Model) Cursor() *tea.Cursor { return m.input.Cursor() }

// ItemsView renders at most height lines of items, cut to width.
func (m Model) ItemsView(width int, measure ansi.Method) string {
	if len(m.shown) == 0 {
		return m.styles.Warning.Render(measure.Truncate("nothing matches "+m.input.Value(), width, m.styles.Ellipsis))
	}
	title := 0
	for _, item := range m.items {
		title = max(title, measure.StringWidth(item.Title))
	}
	title = min(title, max(width/2, 12))
	var lines []string
	for i := m.offset; i < min(m.offset+m.height, len(m.shown)); i++ {
		lines = append(lines, m.line(i, title, width, measure))
	}
	return strings.Join(lines, "\n")
}

func (m Model) line(i, title, width int, measure ansi.Method) string {
	item := m.items[m.shown[i]]
	marker := "  "
	if i == m.cursor {
		marker = m.styles.Marker.Render(m.styles.MarkerGlyph) + " "
	}
	positions := m.index.Positions(fuzzy.Terms(m.input.Value()), 0, item.Title)
	text := lipgloss.StyleRunes(item.Title, runes(item.Title, positions), m.styles.Match, lipgloss.NewStyle())
	text = measure.Truncate(text, title, m.styles.Ellipsis)
	text += strings.Repeat(" ", max(title-measure.StringWidth(text), 0))
	if len(item.Notes) > 0 {
		text += "  " + m.styles.Muted.Render(strings.Join(item.Notes, "  "))
	}
	return marker + measure.Truncate(text, width-2, m.styles.Ellipsis)
}

// runes turns byte offsets into the rune numbers that Lip Gloss counts by.
func runes(text string, positions []int) []int {
	var numbers []int
	number, next := 0, 0
	for at := range text {
		for next < len(positions) && positions[next] < at {
			next++
		}
		if next < len(positions) && positions[next] == at {
			numbers = append(numbers, number)
		}
		number++
	}
	return numbers
}
