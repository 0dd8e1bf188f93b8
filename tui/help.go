package tui

import (
	"cmp"
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
		{"Audit log", []binding{k.ShowAccount, k.Inspect, k.Refresh}},
		{"Teams", []binding{k.NewTeam, k.ShowKeys, k.Inspect, k.Search, k.ClearSearch, k.Refresh}},
		{"Pages", append(k.pages(), k.NextPage, k.PreviousPage)},
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
	scroll
	keys keyMap
}

func newHelpDialog(keys keyMap) helpDialog { return helpDialog{keys: keys} }

func (d helpDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil, nil
	}
	if e.keys.Back.matches(press) || e.keys.Help.matches(press) || e.keys.Quit.matches(press) {
		return d, nil, closeDialog{}
	}
	d.scroll = d.moved(press, len(d.lines(e)), e)
	return d, nil, nil
}

func (d helpDialog) lines(e environment) []string {
	s := e.styles
	lines := []string{s.Title.Render("Keys")}
	for _, section := range d.keys.sections() {
		lines = append(lines, "", s.Muted.Render(section.title))
		for _, b := range section.bindings {
			keys := cmp.Or(strings.Join(b.Keys(), " "), noKey)
			lines = append(lines, s.Key.Render(fmt.Sprintf("  %-18s", keys))+b.Help().Desc)
		}
	}
	lines = append(lines, "", s.Muted.Render("What to search for"))
	for _, form := range queryHelp() {
		lines = append(lines, e.measure.Truncate(s.Key.Render(fmt.Sprintf("  %-24s", form[0]))+form[1], e.width, s.Glyphs.Ellipsis))
	}
	return append(lines, "", s.Muted.Render("A pasted text never presses a key. Paste a whole key to find its owner."))
}

func (d helpDialog) view(e environment) panel {
	return panel{content: strings.Join(d.window(d.lines(e), e), "\n")}
}

func (d helpDialog) bindings(e environment) []binding {
	return d.scroll.bindings(len(d.lines(e)), e)
}

func (d helpDialog) restyle(environment) dialog { return d }

// KeysDocument is docs/keys.md: every key of the console, from the bindings
// themselves.
func KeysDocument() string {
	var b strings.Builder
	b.WriteString("# Keys\n\nEvery key of the console, written from its bindings by `go test ./tui -update`.\n" +
		"A key marked ! changes something: `--read-only` turns it off. The configuration can give every action other keys, by\n" +
		"its name: see [configuration.md](configuration.md#keys).\n")
	for _, section := range defaultKeyMap().sections() {
		fmt.Fprintf(&b, "\n## %s\n\n| keys | what they do | action |\n|---|---|---|\n", section.title)
		for _, binding := range section.bindings {
			mark := ""
			if binding.dangerous {
				mark = " !"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | `%s` |\n", strings.Join(binding.Keys(), "` `"), binding.Help().Desc, mark, binding.name)
		}
	}
	return b.String()
}
