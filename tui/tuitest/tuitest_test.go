package tuitest_test

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/tuitest"
)

// toy shows what happens to it.
type toy struct {
	keys   []string
	pasted string
	size   string
	dark   string
	ticks  int
	typed  string
}

type tickMsg struct{}

func tick() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} }) }

func (m toy) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, tick()) }

func (m toy) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tickMsg:
		m.ticks++
		return m, tick()
	case tea.BackgroundColorMsg:
		m.dark = fmt.Sprint(msg.IsDark())
	case tea.WindowSizeMsg:
		m.size = fmt.Sprintf("%d×%d", msg.Width, msg.Height)
	case tea.PasteMsg:
		m.pasted = fmt.Sprintf("%q", msg.Content)
	case tea.KeyPressMsg:
		m.keys = append(slices.Clone(m.keys), msg.String())
		m.typed += msg.Text
		switch msg.String() {
		case "q":
			return m, tea.Quit
		case "c":
			return m, tea.SetClipboard("sécret")
		case "x":
			return m, tea.SetClipboard("")
		}
	}
	return m, nil
}

func (m toy) View() tea.View {
	view := tea.NewView(strings.Join([]string{
		"\x1b[1;38;2;255;0;0mred\x1b[m 日本 é ok", "size " + m.size, "dark " + m.dark, fmt.Sprintf("ticks %d", m.ticks),
		"keys " + strings.Join(m.keys, " "), "pasted " + m.pasted, "typed " + m.typed,
	}, "\n"))
	view.AltScreen = true
	view.WindowTitle = "toy"
	view.Cursor = tea.NewCursor(3, 1)
	return view
}

// inBubble runs test against a toy in a synctest bubble.
func inBubble(t *testing.T, options tuitest.Options, test func(t *testing.T, terminal *tuitest.Terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, tuitest.Start(t, toy{}, options)) })
}

func TestFirstScreen(t *testing.T) {
	inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
		want := "red 日本 é ok\nsize 80×24\ndark true\nticks 0\nkeys\npasted\ntyped"
		if got := terminal.Screen(); got != want {
			t.Errorf("the screen is\n%s\nwant\n%s", got, want)
		}
		if !terminal.AltScreen() || terminal.Title() != "toy" {
			t.Errorf("alternate screen %t, title %q", terminal.AltScreen(), terminal.Title())
		}
		if x, y, visible := terminal.Cursor(); x != 3 || y != 1 || !visible {
			t.Errorf("cursor at %d,%d, visible %t", x, y, visible)
		}
		if width, height := terminal.Size(); width != 80 || height != 24 {
			t.Errorf("size %d×%d", width, height)
		}
	})
}

func TestCells(t *testing.T) {
	inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
		if cell := terminal.Cell(0, 0); cell.Text != "r" || !cell.Bold || cell.Faint || !sameColor(cell.Fg, color.RGBA{R: 255, A: 255}) {
			t.Errorf("the first cell is %+v", cell)
		}
		if wide, behind := terminal.Cell(4, 0), terminal.Cell(5, 0); wide.Text != "日" || wide.Width != 2 || behind.Text != "" {
			t.Errorf("a wide character is %+v and then %+v", wide, behind)
		}
		if x, y, found := terminal.Find("ok"); x != 11 || y != 0 || !found {
			t.Errorf("ok is at %d,%d, found %t", x, y, found)
		}
		if _, _, found := terminal.Find("nowhere"); found {
			t.Error("what is not there was found")
		}
		if cell := terminal.Cell(500, 500); cell != (tuitest.Cell{}) {
			t.Errorf("a cell outside is %+v", cell)
		}
	})
}

func sameColor(a, b color.Color) bool {
	if a == nil {
		return false
	}
	r, g, blue, _ := a.RGBA()
	r2, g2, blue2, _ := b.RGBA()
	return r == r2 && g == g2 && blue == blue2
}

func TestNoColor(t *testing.T) {
	env := []string{"TERM=xterm-256color", "NO_COLOR=1"}
	inBubble(t, tuitest.Options{Env: env}, func(t *testing.T, terminal *tuitest.Terminal) {
		if cell := terminal.Cell(0, 0); cell.Text != "r" || cell.Fg != nil || !cell.Bold {
			t.Errorf("the first cell is %+v, want bold and no colour", cell)
		}
	})
}

func TestLightTerminal(t *testing.T) {
	inBubble(t, tuitest.Options{Light: true}, func(_ *testing.T, terminal *tuitest.Terminal) {
		terminal.WaitFor("dark false")
	})
}

func TestEveryKeyArrivesByItsName(t *testing.T) {
	keys := []string{
		"a", "D", "é", "/", "+", "enter", "esc", "tab", "shift+tab", "space", "backspace", "delete", "insert",
		"up", "down", "left", "right", "home", "end", "pgup", "pgdown", "f1", "f4", "f5", "f12",
		"ctrl+c", "ctrl+d", "ctrl+u", "ctrl+space", "alt+x", "alt+enter", "ctrl+up", "shift+up", "shift+down", "shift+enter", "ctrl+pgdown",
	}
	inBubble(t, tuitest.Options{Width: 400}, func(t *testing.T, terminal *tuitest.Terminal) {
		terminal.Press(keys...)
		model, ok := terminal.Quit().(toy)
		if !ok || !slices.Equal(model.keys, keys) {
			t.Errorf("pressed %v\narrived %v", keys, model.keys)
		}
	})
}

func TestTypeAndPaste(t *testing.T) {
	inBubble(t, tuitest.Options{}, func(_ *testing.T, terminal *tuitest.Terminal) {
		terminal.Type("héllo wörld")
		terminal.WaitFor("typed héllo wörld")
		terminal.Paste("qqq\nd\x1b[201~n")
		terminal.WaitFor(`pasted "qqq\rd[201~n"`)
		terminal.WaitFor("typed héllo wörld")
	})
}

func TestResize(t *testing.T) {
	inBubble(t, tuitest.Options{Width: 40, Height: 10}, func(t *testing.T, terminal *tuitest.Terminal) {
		for _, size := range [][2]int{{120, 40}, {20, 3}, {0, 0}, {1, 1}, {500, 200}, {80, 24}} {
			terminal.Resize(size[0], size[1])
			if width, height := terminal.Size(); width != max(size[0], 1) || height != max(size[1], 1) {
				t.Errorf("size %d×%d after a resize to %v", width, height, size)
			}
		}
		terminal.WaitFor("size 80×24")
		if !strings.HasPrefix(terminal.Screen(), "red 日本 é ok\nsize 80×24\n") {
			t.Errorf("the screen after all that:\n%s", terminal.Screen())
		}
	})
}

func TestClipboard(t *testing.T) {
	inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
		if got := terminal.Clipboard(); got != "" {
			t.Errorf("clipboard %q before anything", got)
		}
		terminal.Press("c")
		if got := terminal.Clipboard(); got != "sécret" {
			t.Errorf("clipboard %q", got)
		}
		if bytes.Contains(terminal.Raw(), []byte("sécret")) {
			t.Error("the text went over the wire unencoded")
		}
		terminal.Press("x")
		want := []tuitest.Copy{{Selection: "c", Text: "sécret"}, {Selection: "c"}}
		if got := terminal.Copies(); !slices.Equal(got, want) || terminal.Clipboard() != "" {
			t.Errorf("copies %v, want %v", got, want)
		}
	})
}

func TestFakeTime(t *testing.T) {
	inBubble(t, tuitest.Options{}, func(t *testing.T, terminal *tuitest.Terminal) {
		before := terminal.BytesWritten()
		terminal.Settle()
		if written := terminal.BytesWritten() - before; written != 0 {
			t.Errorf("%d bytes were written while nothing happened", written)
		}
		terminal.Advance(9 * time.Second)
		terminal.WaitFor("ticks 9")
		if terminal.BytesWritten() == before {
			t.Error("no byte was written for 9 ticks")
		}
	})
}

func TestRealTime(t *testing.T) {
	terminal := tuitest.Start(t, toy{}, tuitest.Options{RealTime: true})
	terminal.WaitFor("dark true")
	terminal.Press("esc", "a")
	terminal.WaitFor("keys esc a")
	terminal.Paste("two\nlines")
	terminal.WaitFor(`pasted "two\rlines"`)
	terminal.Resize(100, 30)
	terminal.WaitFor("size 100×30")
	terminal.Quit()
}
