package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// view draws the key on a screen of its own.
func (d keyDialog) view(e environment) panel {
	s := e.styles
	g := s.Glyphs
	account := d.created.ServiceAccount
	cut := func(text string) string { return e.measure.Truncate(text, max(e.screen-2, 1), g.Ellipsis) }
	lines := []string{
		" " + s.Title.Render(cut("New API Key "+g.Dot+" "+account.Name)) + s.Muted.Render("  Team "+account.Team.Name),
		"",
		" " + s.Warning.Render(cut(g.Warn+" This key is shown only once; nobody can show it again.")),
		"",
		s.Secret.Render(d.created.APIKey.Reveal()),
		"",
	}
	p := panel{bare: true}
	lines = append(lines, d.delivery(e)...)
	switch {
	case d.leaving:
		lines = append(lines, "")
		question := "Leave without the key? It was not copied here and not written to a file."
		if e.noFiles {
			question = "Leave without the key? Nothing tells whether your terminal took it."
		}
		lines = append(lines, d.said(question, s.Danger.Render, e)...)
		lines = append(lines, d.said("Its key can never be had again: y leaves, n stays.", s.Text.Render, e)...)
	case d.writing:
		lines = append(lines, "", " "+s.Key.Render("File   ")+d.path.View())
		p.cursor = inputCursor(d.path, e.measure, 8, len(lines)-1)
		if d.problem == "" && !d.saving {
			lines = append(lines, d.said("A new file that only you can read (mode 0600); never overwrites.", s.Muted.Render, e)...)
		}
		if d.saving {
			lines = append(lines, d.said(e.spinner()+" Writing", s.Muted.Render, e)...)
		}
	}
	if d.problem != "" {
		lines = append(lines, d.said(g.Bad+" "+d.problem, s.Danger.Render, e)...)
	}
	if d.created.Replayed && !d.leaving && !d.writing {
		lines = append(lines, "")
		lines = append(lines, d.said("An answer was lost on the way: same account, with a fresh key.", s.Muted.Render, e)...)
	}
	p.content = strings.Join(lines, "\n")
	return p
}

// delivery says what became of the key, and never more than is known.
func (d keyDialog) delivery(e environment) []string {
	s := e.styles
	g := s.Glyphs
	var lines []string
	switch {
	case d.copying:
		lines = append(lines, " "+s.Muted.Render(e.spinner()+" Copying"))
	case d.words != "" && d.delivered && d.words == clipboard.Words(clipboard.Native):
		lines = append(lines, " "+s.Success.Render(g.Good+" "+d.words+"."))
	case d.words != "":
		if d.failed {
			lines = append(lines, " "+s.Warning.Render(g.Warn+" This machine's clipboard failed."))
		}
		again := ""
		if d.copies > 1 {
			again = fmt.Sprintf(" (%d times)", d.copies)
		}
		lines = append(lines, " "+g.Bullet+" "+d.words+"."+again)
	}
	if d.written != "" {
		lines = append(lines, wrapped(fmt.Sprintf(" %s Written to %s, for you alone.", g.Good, api.Clean(d.written)), e.screen-1, s.Success.Render, e)...)
	}
	return lines
}

// said wraps a sentence onto the screen, a little off its edge.
func (d keyDialog) said(text string, render func(...string) string, e environment) []string {
	lines := wrapped(text, e.screen-2, render, e)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}
