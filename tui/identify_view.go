package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/identify"
)

// identifyRest is how many lines of the dialog are no keys: the title and the
// space around the list, what is said of the key under the cursor and of the rest.
const identifyRest = 9

// rows is how many keys are shown at a time.
func (d identifyDialog) rows(e environment) int {
	return max(min(len(d.owners), e.height-identifyRest), 1)
}

func (d identifyDialog) view(e environment) panel {
	s := e.styles
	lines := []string{s.Title.Render("Identify keys")}
	switch {
	case d.reading:
		lines = append(lines, "", e.spinner()+" Looking through the pasted text.")
	case !d.read:
		lines = append(lines, "")
		lines = append(lines, wrapped("Paste a key, or a log with keys in it.", e.width, s.Text.Render, e)...)
		lines = append(lines, wrapped("Each is hashed on this machine and asked for by its hash: none is shown, sent or kept.", e.width, s.Muted.Render, e)...)
		lines = append(lines, "")
		lines = append(lines, wrapped("A log that is too long to paste: lifeguard identify < build.log", e.width, s.Muted.Render, e)...)
	default:
		lines = append(lines, wrapped(d.summary(), e.width, s.Muted.Render, e)...)
		if len(d.owners) > 0 {
			lines = append(lines, "")
			lines = append(lines, d.list(e)...)
			lines = append(lines, "")
			lines = append(lines, d.details(e)...)
		}
	}
	return panel{content: strings.Join(lines, "\n")}
}

// summary says what the text holds.
func (d identifyDialog) summary() string {
	words := "No API key in " + plural(d.found.Lines, "line") + "."
	if n := len(d.found.Keys); n > 0 {
		words = plural(n, "key") + " in " + plural(d.found.Lines, "line") + "."
	}
	if d.found.Damaged.Count > 0 {
		words += fmt.Sprintf(" Cut off or mistyped: %s, %s.", plural(d.found.Damaged.Count, "text"), places(d.found.Damaged))
	}
	if d.problem != nil {
		words += " The rest could not be read: " + d.problem.Error() + "."
	}
	return words
}

// list is one line for each key in sight.
func (d identifyDialog) list(e environment) []string {
	rows := d.rows(e)
	from := max(min(d.cursor-rows/2, len(d.owners)-rows), 0)
	var lines []string
	wide := 11 // also where lines have more digits the names stand below each other
	for _, key := range d.found.Keys[from : from+rows] {
		wide = max(wide, e.measure.StringWidth(lineNumber(key))+2)
	}
	for i := from; i < from+rows; i++ {
		marker := "  "
		if i == d.cursor {
			marker = e.styles.Marker.Render(e.styles.Glyphs.Marker) + " "
		}
		key := d.found.Keys[i]
		line := marker + key.Hint + "  " + pad(lineNumber(key), wide, e.measure) + d.owners[i].inAWord(e)
		lines = append(lines, e.measure.Truncate(line, e.width, e.styles.Glyphs.Ellipsis))
	}
	return lines
}

// lineNumber says where a key was found first.
func lineNumber(key identify.Key) string { return "line " + count(key.Lines[0]) }

// inAWord says whose a key is where there is little room.
func (o keyOwner) inAWord(e environment) string {
	s := e.styles
	switch {
	case !o.known:
		return s.Muted.Render("asking " + s.Glyphs.Ellipsis)
	case o.Err != nil:
		return s.Danger.Render("not looked up")
	case o.Account == nil:
		return s.Muted.Render("no such key")
	}
	return o.Account.Name + s.Muted.Render(" "+s.Glyphs.Dot+" "+o.Account.Team.Name)
}

// details tells all about the key under the cursor, in as many lines each time:
// the dialog stays where it is.
func (d identifyDialog) details(e environment) []string {
	s := e.styles
	owner := d.current()
	words := []string{"", ""}
	render := s.Text.Render
	switch {
	case !owner.known:
		words[0] = e.spinner() + " Asking whose it is."
	case owner.Err != nil:
		words[0], render = s.Glyphs.Bad+" "+owner.Err.Error(), s.Danger.Render
		if d.stopped {
			words[1] = e.keys.Retry.Help().Key + " asks again."
		}
	case owner.Account == nil:
		words[0] = "No service account has this key: it is deleted, a person's own, or another organization's."
	default:
		a := owner.Account
		words[0] = a.Name + ", team " + a.Team.Name + ", " + usedWords(*a, e)
		words[1] = "id " + a.ID
	}
	lines := []string{s.Muted.Render(e.measure.Truncate(d.found.Keys[d.cursor].Hint+" in "+places(d.found.Keys[d.cursor].Seen), e.width, s.Glyphs.Ellipsis))}
	lines = append(lines, wrapped(words[0], e.width, render, e)...)
	if words[1] != "" {
		lines = append(lines, s.Muted.Render(e.measure.Truncate(words[1], e.width, s.Glyphs.Ellipsis)))
	}
	const height = 4
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

// places says in words where something was found.
func places(seen identify.Seen) string {
	numbers := make([]string, len(seen.Lines))
	for i, line := range seen.Lines {
		numbers[i] = count(line)
	}
	words := "line " + strings.Join(numbers, ", ")
	if len(numbers) > 1 {
		words = "lines " + strings.Join(numbers, ", ")
	}
	if seen.Count > len(numbers) {
		words += fmt.Sprintf(" (%s times in all)", count(seen.Count))
	}
	return words
}
