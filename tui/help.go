package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// keySection is a part of the help page and of docs/keys.md.
type keySection struct {
	title    string
	bindings []binding
}

// sections are all bindings there are, by where they do something.
func (k keyMap) sections() []keySection {
	return []keySection{
		{"API Keys", []binding{k.New, k.Delete, k.Details, k.Search, k.ClearSearch, k.Sort, k.Reverse, k.Refresh, k.Help, k.Quit, k.Interrupt}},
		{"Moving", []binding{k.Down, k.Up, k.PageDown, k.PageUp, k.HalfDown, k.HalfUp, k.Top, k.Bottom}},
		{"Search", []binding{k.KeepSearch, k.LeaveSearch}},
		{"Forms and dialogs", []binding{k.Take, k.Next, k.Previous, k.Back}},
		{"The new key", []binding{k.Copy, k.Write, k.Have}},
		{"Leaving without the key", []binding{k.StayWithKey, k.LeaveKey}},
		{"Sign in again", []binding{k.SignIn, k.Retry}},
	}
}

// helpDialog lists every key. What does not fit is scrolled.
type helpDialog struct {
	keys   keyMap
	offset int
}

func newHelpDialog(keys keyMap) helpDialog { return helpDialog{keys: keys} }

func (d helpDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil, nil
	}
	last := max(len(d.lines(e))-e.height, 0)
	switch {
	case e.keys.Back.matches(press), e.keys.Help.matches(press), e.keys.Quit.matches(press):
		return d, nil, closeDialog{}
	case e.keys.Down.matches(press):
		d.offset = min(d.offset+1, last)
	case e.keys.Up.matches(press):
		d.offset = max(d.offset-1, 0)
	case e.keys.PageDown.matches(press):
		d.offset = min(d.offset+e.height, last)
	case e.keys.PageUp.matches(press):
		d.offset = max(d.offset-e.height, 0)
	}
	return d, nil, nil
}

func (d helpDialog) lines(e environment) []string {
	s := e.styles
	lines := []string{s.Title.Render("Keys")}
	for _, section := range d.keys.sections() {
		lines = append(lines, "", s.Muted.Render(section.title))
		for _, b := range section.bindings {
			keys := strings.Join(b.Keys(), " ")
			lines = append(lines, s.Key.Render(fmt.Sprintf("  %-18s", keys))+b.Help().Desc)
		}
	}
	return append(lines, "", s.Muted.Render("A pasted text never presses a key. Paste a whole key to find its owner."))
}

func (d helpDialog) view(e environment) panel {
	lines := d.lines(e)
	from := min(d.offset, max(len(lines)-e.height, 0))
	return panel{content: strings.Join(lines[from:min(from+e.height, len(lines))], "\n")}
}

func (d helpDialog) bindings(e environment) []binding {
	return []binding{e.keys.Back, e.keys.Down, e.keys.Up, e.keys.Interrupt}
}

func (d helpDialog) restyle(environment) dialog { return d }

// KeysDocument is docs/keys.md: every key of the console, from the bindings
// themselves.
func KeysDocument() string {
	var b strings.Builder
	b.WriteString("# Keys\n\nEvery key of the console, written from its bindings by `go test ./tui -update`.\n" +
		"A key marked ! changes something: `--read-only` turns it off.\n")
	for _, section := range defaultKeyMap().sections() {
		fmt.Fprintf(&b, "\n## %s\n\n| keys | what they do |\n|---|---|\n", section.title)
		for _, binding := range section.bindings {
			mark := ""
			if binding.dangerous {
				mark = " !"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s |\n", strings.Join(binding.Keys(), "` `"), binding.Help().Desc, mark)
		}
	}
	return b.String()
}
