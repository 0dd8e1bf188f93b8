package tui

import (
	"fmt"
	"strings"
)

func (d deleteDialog) view(e environment) panel {
	s := e.styles
	if d.goneBy != "" {
		return d.viewGone(e)
	}
	airy := e.height >= 14
	lines := []string{s.Danger.Bold(true).Render("Delete Service Account")}
	blank := func() {
		if airy {
			lines = append(lines, "")
		}
	}
	blank()
	// The whole name, because it may have to be typed.
	named := len(lines)
	lines = append(lines, strings.Split(s.Strong.Render(e.measure.Hardwrap(d.account.Name, e.width, true)), "\n")...)
	named = len(lines) - named + 1
	where := "in " + d.account.Team.Name + "  " + d.account.Key.Hint
	if airy {
		where += "  " + d.account.ID
	}
	lines = append(lines, s.Muted.Render(where))
	lines = append(lines, wrapped(d.weight(e), e.width, d.weightStyle(e), e)...)
	if d.stale != "" {
		lines = append(lines, wrapped(d.stale, e.width, s.Warning.Render, e)...)
	}
	blank()
	if airy {
		lines = append(lines, "Whatever uses its key is refused at once.")
	}
	lines = append(lines, s.Strong.Render("This cannot be undone."))
	p := panel{danger: true}
	if d.checked && d.weighty(e.now) {
		blank()
		const label = "Type its name  "
		p.cursor = inputCursor(d.name, e.measure, len(label), len(lines))
		style := s.Muted
		if d.focus == focusTyped {
			style = s.Key
		}
		lines = append(lines, style.Render(label)+harmless(d.name).View())
	}
	blank()
	buttons := button("Cancel", d.focus == focusKeep, false, e) + "  " + button("Delete Service Account", d.focus == focusDelete, true, e)
	lines = append(lines, buttons)
	// What is being done, or stood in the way, must be seen: on a low screen
	// it takes the place of the weight.
	status := d.status(e)
	for len(lines)+len(status) > e.height && len(lines) > named+4 {
		lines = append(lines[:named:named], lines[named+1:]...)
		if p.cursor != nil {
			p.cursor.Y--
		}
	}
	p.content = strings.Join(append(lines, status...), "\n")
	return p
}

// viewGone says that there is nothing left to ask.
func (d deleteDialog) viewGone(e environment) panel {
	s := e.styles
	lines := []string{s.Danger.Bold(true).Render("Delete Service Account"), ""}
	lines = append(lines, wrapped(d.account.Name, e.width, s.Strong.Render, e)...)
	lines = append(lines, s.Muted.Render(d.account.ID), "")
	lines = append(lines, wrapped("It was deleted by "+d.goneBy+" while this was asked. Its key is refused.", e.width, s.Text.Render, e)...)
	lines = append(lines, "", button("Close", true, false, e))
	return panel{content: strings.Join(lines, "\n")}
}

// weight says what hangs on the key.
func (d deleteDialog) weight(e environment) string {
	used := d.account.Key.LastUsedAt
	switch {
	case used == nil && d.stale != "":
		return "No use is known."
	case used == nil:
		return "Never used."
	case e.now.Sub(*used) < inUse:
		return e.styles.Glyphs.Warn + " Used " + lastUseWords(d.account, e) + ": something depends on it."
	}
	return "Last used " + lastUseWords(d.account, e) + "."
}

func (d deleteDialog) weightStyle(e environment) func(...string) string {
	if used := d.account.Key.LastUsedAt; used != nil && e.now.Sub(*used) < inUse {
		return e.styles.Warning.Render
	}
	return e.styles.Text.Render
}

func (d deleteDialog) status(e environment) []string {
	s := e.styles
	switch {
	case d.deleting:
		words := e.spinner() + " Deleting."
		if d.note != "" {
			words += " " + d.note
		}
		return []string{words}
	case !d.retryAt.IsZero():
		wait := max(int(d.retryAt.Sub(e.now).Seconds()+0.999), 0)
		return wrapped(fmt.Sprintf("%s Trying again in %ds. %s", s.Glyphs.Warn, wait, d.problem), e.width, s.Warning.Render, e)
	case d.problem != "":
		return wrapped(s.Glyphs.Bad+" "+d.problem, e.width, s.Danger.Render, e)
	case d.note != "":
		return []string{s.Muted.Render(d.note)}
	case !d.checked:
		return []string{s.Muted.Render(e.spinner() + " Looking up when it was last used.")}
	}
	return []string{""}
}
