package tuitest

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"regexp"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// output is the terminal as the program writes to it.
type output Terminal

// Write draws p on the screen.
func (o *output) Write(p []byte) (int, error) {
	t := (*Terminal)(o)
	t.mu.Lock()
	t.raw = append(t.raw, p...)
	// To an output that is no TTY the renderer sends bare line feeds and counts
	// on the driver to return the carriage.
	_, err := t.emulator.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	t.mu.Unlock()
	select {
	case t.written <- struct{}{}:
	default:
	}
	return len(p), err
}

// copied takes an OSC 52: "52;SELECTION;BASE64". What is no Base64 clears the
// clipboard, as xterm does; a query is not answered, as hardly a terminal does.
func (t *Terminal) copied(data []byte) bool {
	parts := strings.SplitN(string(data), ";", 3)
	if len(parts) != 3 || parts[2] == "?" {
		return true
	}
	text, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		text = nil
	}
	t.copies = append(t.copies, Copy{Selection: parts[1], Text: string(text)})
	return true
}

// Screen returns the text on the screen: rows joined by line breaks, without
// trailing spaces and without empty rows at the end.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := make([]string, t.emulator.Height())
	for y := range rows {
		rows[y] = t.row(y)
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

// Row returns the text of one row, from 0 at the top, without trailing spaces.
func (t *Terminal) Row(y int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row(y)
}

func (t *Terminal) row(y int) string {
	var b strings.Builder
	for x := 0; x < t.emulator.Width(); {
		cell := t.emulator.CellAt(x, y)
		if cell == nil || cell.Content == "" {
			b.WriteByte(' ')
			x++
			continue
		}
		b.WriteString(cell.Content)
		x += max(cell.Width, 1)
	}
	return strings.TrimRight(b.String(), " ")
}

// Find returns where text begins on the screen, in cells, and whether it is
// there at all.
func (t *Terminal) Find(text string) (x, y int, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for y := range t.emulator.Height() {
		row := t.row(y)
		at := strings.Index(row, text)
		if at < 0 {
			continue
		}
		// The column is where as many bytes have been drawn.
		for x, drawn := 0, 0; ; {
			if drawn >= at {
				return x, y, true
			}
			cell := t.emulator.CellAt(x, y)
			if cell == nil || cell.Content == "" {
				x, drawn = x+1, drawn+1
				continue
			}
			x, drawn = x+max(cell.Width, 1), drawn+len(cell.Content)
		}
	}
	return 0, 0, false
}

// Cell is one cell of the screen.
type Cell struct {
	// Text is one character as a person sees it; empty in the second cell of a
	// wide one.
	Text string
	// Width is 2 for a wide character, and 0 in its second cell.
	Width int
	// Fg and Bg are nil where the terminal's own colour shows.
	Fg, Bg                                                        color.Color
	Bold, Faint, Italic, Underline, Blink, Reverse, Strikethrough bool
	// Link is where a hyperlink of the cell leads.
	Link string
}

// Cell returns the cell at column x and row y, both from 0. Outside of the
// screen it is the zero Cell.
func (t *Terminal) Cell(x, y int) Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	cell := t.emulator.CellAt(x, y)
	if cell == nil {
		return Cell{}
	}
	has := func(attribute uint8) bool { return cell.Style.Attrs&attribute != 0 }
	return Cell{
		Text: cell.Content, Width: cell.Width, Fg: cell.Style.Fg, Bg: cell.Style.Bg,
		Bold: has(uv.AttrBold), Faint: has(uv.AttrFaint), Italic: has(uv.AttrItalic), Blink: has(uv.AttrBlink),
		Reverse: has(uv.AttrReverse), Strikethrough: has(uv.AttrStrikethrough),
		Underline: cell.Style.Underline != uv.UnderlineNone, Link: cell.Link.URL,
	}
}

// Size returns the terminal's columns and rows.
func (t *Terminal) Size() (width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emulator.Width(), t.emulator.Height()
}

// Cursor returns where the cursor is, and whether it is visible.
func (t *Terminal) Cursor() (x, y int, visible bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	position := t.emulator.CursorPosition()
	return position.X, position.Y, !t.hidden
}

// AltScreen reports whether the program shows the alternate screen.
func (t *Terminal) AltScreen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emulator.IsAltScreen()
}

// Title returns the window's title, as the program last set it.
func (t *Terminal) Title() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.title
}

// Bells returns how often the program rang the bell.
func (t *Terminal) Bells() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bells
}

// Clipboard returns the clipboard's text, as the program last sent it by OSC
// 52: empty when it sent none, or cleared it.
func (t *Terminal) Clipboard() string {
	copies := t.Copies()
	for i := len(copies) - 1; i >= 0; i-- {
		if copies[i].Selection != "p" {
			return copies[i].Text
		}
	}
	return ""
}

// Copies returns everything that the program sent by OSC 52, in order.
func (t *Terminal) Copies() []Copy {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Copy(nil), t.copies...)
}

// BytesWritten returns how many bytes the program has written. The difference
// between two calls is what a key press costs on a slow link.
func (t *Terminal) BytesWritten() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.raw)
}

// Raw returns a copy of all that the program has written, to look for what must
// not be in it.
func (t *Terminal) Raw() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.raw)
}

// longWord matches what may be a key or a token.
var longWord = regexp.MustCompile(`[0-9A-Za-z]{40,}`)

// dump returns the screen for the log of a failed test, where no secret belongs.
func (t *Terminal) dump() string {
	return longWord.ReplaceAllString(t.Screen(), "[long word]")
}
