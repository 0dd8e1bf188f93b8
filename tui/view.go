package tui

import (
	"cmp"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/styles"
)

// View draws the screen. It reads the state and changes none.
func (m Model) View() tea.View {
	v := m.draw()
	if m.options.ASCII {
		// The server's hints have it too.
		v.Content = strings.ReplaceAll(v.Content, "…", m.styles.Glyphs.Ellipsis)
	}
	return v
}

func (m *Model) draw() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	if m.options.WindowTitle {
		v.WindowTitle = "lifeguard " + m.styles.Glyphs.Dot + " " + m.contextWords()
	}
	if m.options.ProgressBar {
		v.ProgressBar = m.accounts.progressBar()
	}
	if m.pointing() {
		v.MouseMode = tea.MouseModeCellMotion
	}
	l := m.layout()
	if l.small {
		v.Content = m.tooSmall()
		return v
	}
	base, cursor := m.whole(l)
	top := m.topDialog()
	if top == nil {
		v.Content, v.Cursor = base, cursor
		return v
	}
	p := top.view(m.environment())
	if p.bare {
		v.Content, v.Cursor = m.bare(p, l), p.cursor
		return v
	}
	v.Content, v.Cursor = m.overlay(base, p, l)
	return v
}

func (m *Model) tooSmall() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	sentence := fmt.Sprintf("lifeguard needs %d by %d cells; here are %d by %d.", minWidth, minHeight, m.width, m.height)
	switch {
	case m.showsKey():
		sentence = "A new key waits: make the terminal larger. " + sentence
	case len(m.dialogs) > 0:
		sentence += " Your dialog is kept."
	}
	lines := strings.Split(ansi.Wrap(sentence, m.width, ""), "\n")
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// whole draws the page in sight and what is around it, as exactly one line for
// each line of the screen.
func (m *Model) whole(l layout) (string, *tea.Cursor) {
	e := m.environment()
	v := m.current().draw(l, e)
	summary := m.styles.Muted.Render(v.summary)
	if v.follows {
		summary += m.liveness()
	}
	path := e.spread(" "+m.styles.Title.Render(v.title)+m.elsewhere(), summary+" ", l.width)
	lines := append([]string{m.headerLine(l.width, e), path}, v.lines...)
	lines = append(lines, m.statusLines(l)...)
	lines = append(lines, m.helpLine(l.width))
	return strings.Join(lines, "\n"), v.cursor
}

// elsewhere names the other pages with the keys that lead there.
func (m *Model) elsewhere() string {
	text := "  "
	for id, b := range m.keys.pages() {
		if pageID(id) != m.at {
			text += "  " + m.styles.Key.Render(b.Help().Key) + " " + m.styles.Muted.Render(m.page(pageID(id)).name())
		}
	}
	return text
}

// contextWords name the context and, before it, what it is.
func (m *Model) contextWords() string {
	word := m.options.ContextWord
	if m.options.Production {
		word = cmp.Or(word, "PRODUCTION") // never colour alone
	}
	return strings.TrimSpace(word + " " + m.options.ContextName)
}

func (m *Model) headerLine(width int, e environment) string {
	s := m.styles
	words := m.contextWords()
	name := s.Context.Render(words)
	if m.options.Production {
		name = s.Production.Render(" " + words + " ")
	}
	left := " " + s.Brand.Render("lifeguard") + "  " + name
	if m.options.Address != "" && m.options.Address != m.options.ContextName {
		left += s.Muted.Render(" " + s.Glyphs.Dot + " " + m.options.Address)
	}
	right := ""
	if m.caller != nil {
		right = callerName(*m.caller)
		if roles := callerRoles(*m.caller); roles != "" {
			right += " " + s.Glyphs.Dot + " " + roles
		}
	}
	if m.options.ReadOnly {
		right = "read-only  " + right
	}
	return e.spread(left, s.Muted.Render(right)+" ", width)
}

// bare draws a dialog that has the screen to itself, with the help line.
func (m *Model) bare(p panel, l layout) string {
	lines := strings.Split(p.content, "\n")
	room := l.height - 1
	lines = lines[:min(len(lines), room)]
	for len(lines) < room {
		lines = append(lines, "")
	}
	for i, line := range lines {
		lines[i] = m.measure.Truncate(line, l.width, "")
	}
	return strings.Join(append(lines, m.helpLine(l.width)), "\n")
}

// overlay draws a dialog over the page, which stays in sight as a faint scrim.
// The lines are joined by the renderer's own measure: a canvas measures by
// grapheme clusters and bends lines where the terminal does not.
func (m *Model) overlay(base string, p panel, l layout) (string, *tea.Cursor) {
	border := m.styles.Rule.GetForeground()
	if p.danger {
		border = m.styles.Danger.GetForeground()
	}
	inner := min(dialogWidth, l.width-4) - 4
	content := strings.Split(p.content, "\n")
	content = content[:min(len(content), l.height-4)]
	for i, line := range content {
		content[i] = pad(m.measure.Truncate(line, inner, m.styles.Glyphs.Ellipsis), inner, m.measure)
	}
	box := lipgloss.NewStyle().Border(m.styles.Glyphs.Border).BorderForeground(border).Padding(0, 1).
		Render(strings.Join(content, "\n"))
	boxLines := strings.Split(box, "\n")
	x := (l.width - inner - 4) / 2
	y := max((l.height-1-len(boxLines))/2, 1)
	lines := strings.Split(base, "\n")
	for i, line := range lines {
		if i == l.help.Min.Y {
			continue
		}
		plain := ansi.Strip(line)
		if i < y || i >= y+len(boxLines) {
			lines[i] = m.styles.Scrim.Render(plain)
			continue
		}
		left := pad(m.measure.Truncate(plain, x, ""), x, m.measure)
		right := m.measure.TruncateLeft(plain, x+inner+4, "")
		lines[i] = m.styles.Scrim.Render(left) + boxLines[i-y] + m.styles.Scrim.Render(right)
	}
	cursor := p.cursor
	if cursor != nil {
		cursor.X += x + 2
		cursor.Y += y + 1
	}
	return strings.Join(lines, "\n"), cursor
}

// spread puts one text at the left of a line and one at the right. When both
// do not fit, the left one is cut.
func (e environment) spread(left, right string, width int) string {
	room := width - e.measure.StringWidth(right)
	if room < 8 {
		return e.measure.Truncate(left, width, e.styles.Glyphs.Ellipsis)
	}
	return pad(e.measure.Truncate(left, room-1, e.styles.Glyphs.Ellipsis), room, e.measure) + right
}

func pad(text string, width int, measure ansi.Method) string {
	return text + strings.Repeat(" ", max(width-measure.StringWidth(text), 0))
}

// inputCursor places the terminal's own cursor in a text field whose text
// begins at x, y: screen readers and input methods follow it.
func inputCursor(input textinput.Model, measure ansi.Method, x, y int) *tea.Cursor {
	if !input.Focused() {
		return nil
	}
	before := string([]rune(input.Value())[:input.Position()])
	offset := measure.StringWidth(before)
	if input.EchoMode == textinput.EchoPassword {
		offset = input.Position()
	}
	cursor := tea.NewCursor(x+min(offset, input.Width()), y)
	cursor.Shape = tea.CursorBar
	cursor.Blink = false
	return cursor
}

func inputStyles(s *styles.Styles) textinput.Styles {
	state := textinput.StyleState{Text: s.Text, Placeholder: s.Placeholder, Suggestion: s.Placeholder, Prompt: s.Key}
	return textinput.Styles{Focused: state, Blurred: state}
}
