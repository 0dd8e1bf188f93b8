package tui

import (
	"fmt"
	"slices"
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
	head := []string{" " + s.Title.Render(cut("New API Key "+g.Dot+" "+account.Name)) + s.Muted.Render("  Team "+account.Team.Name)}
	var lines []string
	blank := func(to *[]string) {
		if d.sealTo == nil || e.height >= 16 { // a sealed key has more to say
			*to = append(*to, "")
		}
	}
	blank(&head)
	if d.sealTo != nil {
		head = append(head, d.sealedWords(e)...)
	} else {
		head = append(head, " "+s.Warning.Render(cut(g.Warn+" This key is shown only once; nobody can show it again.")))
	}
	blank(&head)
	p := panel{bare: true}
	blank(&lines)
	lines = append(lines, d.delivery(e)...)
	cursorLine := -1
	switch {
	case d.leaving:
		blank(&lines)
		question := "Leave without the key? It was not copied here and not written to a file."
		if e.noFiles {
			question = "Leave without the key? Nothing tells whether your terminal took it."
		}
		if d.sealTo != nil {
			question = strings.Replace(question, "the key", "the sealed key", 1)
		}
		lines = append(lines, d.said(question, s.Danger.Render, e)...)
		lines = append(lines, d.said("Its key can never be had again: y leaves, n stays.", s.Text.Render, e)...)
	case d.writing:
		blank(&lines)
		lines = append(lines, " "+s.Key.Render("File   ")+d.path.View())
		cursorLine = len(lines) - 1
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
	handed := d.handedOver(e, e.height+3-len(head)-len(lines))
	if cursorLine >= 0 {
		p.cursor = inputCursor(d.path, e.measure, 8, len(head)+len(handed)+cursorLine)
	}
	p.content = strings.Join(slices.Concat(head, handed, lines), "\n")
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
	case d.copies > 0:
		say := func(text string, render func(...string) string) {
			for _, line := range wrapped(text, e.screen-1, render, e) {
				lines = append(lines, " "+line)
			}
		}
		if d.copied.Problem != "" {
			say(g.Warn+" "+api.RedactKeys(api.Clean(d.copied.Problem)), s.Warning.Render)
		}
		words := d.copied.Words() + "."
		switch {
		case d.copied.Native:
			say(g.Good+" "+words, s.Success.Render)
		case d.copied.Terminal == clipboard.None && !e.noFiles:
			say(g.Warn+" "+d.copied.Words()+", or write it to a file.", s.Warning.Render)
		case d.copied.Terminal == clipboard.None:
			say(g.Warn+" "+words, s.Warning.Render)
		case d.copies > 1:
			say(fmt.Sprintf("%s %s (%d times)", g.Bullet, words, d.copies), s.Text.Render)
		default:
			say(g.Bullet+" "+words, s.Text.Render)
		}
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
