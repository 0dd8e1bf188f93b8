package tuitest

import (
	"io"
	"strings"
	"sync"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// input is what the program reads: a queue without a bound, so that neither
// the test nor the emulator ever waits for the program to read.
type input struct {
	mu     sync.Mutex
	filled *sync.Cond
	queue  []byte
	closed bool
}

func newInput() *input {
	i := &input{}
	i.filled = sync.NewCond(&i.mu)
	return i
}

// Read waits for the next bytes.
func (i *input) Read(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.queue) == 0 && !i.closed {
		i.filled.Wait()
	}
	if len(i.queue) == 0 {
		return 0, io.EOF
	}
	n := copy(p, i.queue)
	i.queue = i.queue[n:]
	return n, nil
}

func (i *input) write(p []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.queue = append(i.queue, p...)
	i.filled.Signal()
}

func (i *input) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.filled.Broadcast()
}

// CloseInput ends the program's input, as when the terminal goes away.
func (t *Terminal) CloseInput() {
	t.t.Helper()
	t.input.close()
	t.settle()
}

// SendBytes sends input exactly as given, in one piece.
func (t *Terminal) SendBytes(p []byte) {
	t.t.Helper()
	t.input.write(p)
	t.settle()
}

// Type types text, character by character, without waiting between them.
func (t *Terminal) Type(text string) {
	t.t.Helper()
	if strings.ContainsFunc(text, unicode.IsControl) {
		t.t.Fatal("Type takes printable text: use Press for keys and Paste for lines")
	}
	t.SendBytes([]byte(text))
}

// Press presses keys, one after another, each named as Bubble Tea names it:
// "a", "D", "enter", "esc", "space", "ctrl+c", "shift+tab", "alt+x", "pgdown",
// "shift+up", "f5".
func (t *Terminal) Press(keys ...string) {
	t.t.Helper()
	for _, key := range keys {
		sequence, ok := encode(key)
		if !ok {
			t.t.Fatalf("there is no key %q", key)
		}
		if key == "esc" && t.options.RealTime {
			// A bare escape becomes a key only by what does not follow in time.
			sequence = "\x1b[27u"
		}
		t.SendBytes([]byte(sequence))
	}
}

// Paste pastes text as terminals do: bracketed if the program asked for that,
// line feeds as carriage returns, and without other control characters, so
// that no text can end its own bracket.
func (t *Terminal) Paste(text string) {
	t.t.Helper()
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return '\r'
		case r == '\t' || r == '\r' || !unicode.IsControl(r):
			return r
		}
		return -1
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	t.mu.Lock()
	bracket := t.bracket
	t.mu.Unlock()
	if bracket {
		text = ansi.BracketedPasteStart + text + ansi.BracketedPasteEnd
	}
	t.SendBytes([]byte(text))
}

// Resize changes the terminal's size, first on the screen and then, as the
// signal comes after, for the program. The program is told any size; the
// emulator itself has at least one cell.
func (t *Terminal) Resize(width, height int) {
	t.t.Helper()
	t.mu.Lock()
	t.emulator.Resize(max(width, 1), max(height, 1))
	t.mu.Unlock()
	t.Send(tea.WindowSizeMsg{Width: width, Height: height})
}
