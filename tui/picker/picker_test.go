package picker_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

func items(names ...string) []picker.Item {
	var list []picker.Item
	for _, name := range names {
		list = append(list, picker.Item{ID: "id-" + name, Title: name, Notes: []string{"role-" + name, "3 permissions"}})
	}
	return list
}

func typed(m picker.Model, keys ...string) picker.Model {
	codes := map[string]rune{"down": tea.KeyDown, "up": tea.KeyUp, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace}
	for _, key := range keys {
		msg := tea.KeyPressMsg{Code: codes[key]}
		if msg.Code == 0 {
			msg = tea.KeyPressMsg{Code: []rune(key)[0], Text: key}
		}
		m, _ = m.Update(msg)
	}
	return m
}

func TestPickerFindsAndMoves(t *testing.T) {
	t.Parallel()
	m := picker.New(picker.Styles{MarkerGlyph: ">"}, "search", 3)
	if _, ok := m.Selected(); ok {
		t.Error("something is selected among nothing")
	}
	m.SetItems(items("administrators", "data", "developers", "mobile", "platform"))
	_ = m.Focus()
	for _, test := range []struct {
		keys []string
		want string
	}{
		{nil, "administrators"},
		{[]string{"down", "down"}, "developers"},
		{[]string{"pgdown"}, "platform"},
		{[]string{"pgup"}, "data"},
		{[]string{"up", "up", "up"}, "administrators"},
		{[]string{"p", "l"}, "platform"},
		{[]string{"backspace", "backspace"}, "administrators"},
		{[]string{"r", "o", "l", "e", "-", "m"}, "mobile"},
	} {
		m = typed(m, test.keys...)
		if item, ok := m.Selected(); !ok || item.Title != test.want {
			t.Errorf("after %v %q is selected, want %q", test.keys, item.Title, test.want)
		}
	}
	m = typed(m, "z", "z")
	if _, ok := m.Selected(); ok {
		t.Error("something is selected though nothing matches")
	}
	if view := m.ItemsView(40, ansi.WcWidth); !strings.Contains(view, "nothing matches role-mzz") {
		t.Errorf("the view says %q", view)
	}
}

func TestNewItemsKeepTheSelection(t *testing.T) {
	t.Parallel()
	m := picker.New(picker.Styles{MarkerGlyph: ">"}, "", 3)
	m.SetItems(items("a", "b", "c"))
	_ = m.Focus()
	m = typed(m, "down", "down")
	m.SetItems(items("0", "a", "b", "bb", "c", "d"))
	if item, _ := m.Selected(); item.Title != "c" {
		t.Errorf("%q is selected", item.Title)
	}
	view := m.ItemsView(40, ansi.WcWidth)
	if strings.Count(view, "\n") != 2 || !strings.Contains(view, "> c") {
		t.Errorf("the cursor is not among three lines:\n%s", view)
	}
	for _, line := range strings.Split(m.ItemsView(12, ansi.WcWidth), "\n") {
		if ansi.StringWidthWc(line) > 12 {
			t.Errorf("%q is wider than 12", line)
		}
	}
	if shown, all := m.Counts(); fmt.Sprint(shown, all) != "6 6" {
		t.Errorf("%d of %d", shown, all)
	}
}
