package tui

import (
	"cmp"
	"fmt"
	"slices"
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
		{"API Keys", []binding{k.New, k.Delete, k.Details, k.Mark, k.MarkRange, k.MarkAll, k.InvertMarks, k.Unmark, k.Search, k.ClearSearch, k.Sort, k.Reverse, k.Refresh, k.Views}},
		{"Audit log", []binding{k.ShowAccount, k.Inspect, k.Search, k.ClearSearch, k.Follow, k.Refresh}},
		{"Teams", []binding{k.NewTeam, k.ShowKeys, k.Inspect, k.Search, k.ClearSearch, k.Refresh}},
		{"Everywhere", append(k.pages(), k.NextPage, k.PreviousPage, k.Return, k.Palette, k.Identify, k.Help, k.Mouse, k.Quit, k.Interrupt)},
		{"Moving", []binding{k.Down, k.Up, k.PageDown, k.PageUp, k.HalfDown, k.HalfUp, k.Top, k.Bottom}},
		{"Search", []binding{k.KeepSearch, k.LeaveSearch}},
		{"Forms and dialogs", []binding{k.Take, k.Next, k.Previous, k.Back}},
		{"The new key", []binding{k.Copy, k.Write, k.Have}},
		{"Leaving without the key", []binding{k.StayWithKey, k.LeaveKey}},
		{"Sign in again", []binding{k.SignIn, k.Retry}},
	}
}

// helpDialog lists every key, those of the page in sight first, with the reason
// where one does nothing now. What does not fit is scrolled.
type helpDialog struct {
	scroll
	sections []keySection
	off      map[string]string // by the name of the binding
}

// newHelpDialog makes the help for a page, by its name, with its bindings.
func newHelpDialog(keys keyMap, page string, bindings []binding) helpDialog {
	d := helpDialog{sections: keys.sections(), off: map[string]string{}}
	// The sections of the pages come first; those of the others go to the end.
	pages := slices.Clone(d.sections[:pageCount])
	others := slices.DeleteFunc(slices.Clone(pages), func(s keySection) bool { return s.title == page })
	here := slices.DeleteFunc(pages, func(s keySection) bool { return s.title != page })
	d.sections = slices.Concat(here, d.sections[pageCount:], others)
	for _, b := range bindings {
		if b.off != "" {
			d.off[b.name] = b.off
		}
	}
	return d
}

func (d helpDialog) update(msg tea.Msg, e environment) (dialog, tea.Cmd, action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		d.scroll = d.wheeled(msg, len(d.lines(e)), e)
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
	for i, section := range d.sections {
		lines = append(lines, "", s.Muted.Render(section.title))
		for _, b := range section.bindings {
			keys := cmp.Or(strings.Join(b.Keys(), " "), noKey)
			line := s.Key.Render(fmt.Sprintf("  %-18s", keys)) + b.Help().Desc
			if off := d.off[b.name]; i == 0 && off != "" {
				line += s.Muted.Render("  " + off)
			}
			lines = append(lines, line)
		}
	}
	lines = append(lines, "", s.Muted.Render("What to search for"))
	for _, form := range queryHelp() {
		lines = append(lines, e.measure.Truncate(s.Key.Render(fmt.Sprintf("  %-24s", form[0]))+form[1], e.width, s.Glyphs.Ellipsis))
	}
	return append(lines, "", s.Muted.Render("A pasted text never presses a key. Paste a key, or a log with keys in it, to find whose they are."))
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
