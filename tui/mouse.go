package tui

import (
	"image"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// What a mouse can do: it moves, and presses no button of a dialog. Everything
// that changes something is done with keys.
type (
	// wheeledMsg moves by some rows, down or, below zero, up.
	wheeledMsg struct{ rows int }
	// pointedMsg selects a row of the table by its place on the screen.
	pointedMsg struct{ row int }
)

// wheelRows is how far one notch of the wheel goes.
const wheelRows = 3

// point routes the mouse: to the top dialog, which it can only scroll, or to
// the page in sight.
func (m *Model) point(msg tea.MouseMsg) tea.Cmd {
	l := m.layout()
	if !m.pointing() || l.small {
		return nil
	}
	var moved tea.Msg
	mouse := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch mouse.Button {
		case tea.MouseWheelDown:
			moved = wheeledMsg{wheelRows}
		case tea.MouseWheelUp:
			moved = wheeledMsg{-wheelRows}
		}
	case tea.MouseClickMsg:
		if mouse.Button == tea.MouseLeft && len(m.dialogs) == 0 && (image.Point{X: mouse.X, Y: mouse.Y}).In(l.table) {
			moved = pointedMsg{mouse.Y - l.table.Min.Y}
		}
	}
	switch {
	case moved == nil:
		return nil
	case len(m.dialogs) > 0:
		return m.updateDialog(moved)
	}
	return m.toPage(m.at, moved)
}

// pointing reports whether the terminal is to send the mouse. While a new key
// is shown it is not: then the mouse selects text.
func (m *Model) pointing() bool { return m.mouse && !m.showsKey() }

// toggleMouse gives the mouse to the console, or back to the terminal.
func (m *Model) toggleMouse() {
	m.mouse = !m.mouse
	if m.mouse {
		m.say(toastGood, "The mouse is on: a click selects, the wheel moves. Most terminals select text with shift held.")
		return
	}
	m.say(toastGood, "The mouse is off: the terminal selects text with it.")
}

// follow moves a table's cursor after the mouse and reports whether it did.
func follow(t *table.Model, msg tea.Msg) bool {
	before := t.Cursor()
	switch msg := msg.(type) {
	case wheeledMsg:
		t.Move(msg.rows)
	case pointedMsg:
		if from, to := t.Visible(); from+msg.row < to {
			t.Select(from + msg.row)
		}
	}
	return t.Cursor() != before
}
