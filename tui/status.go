package tui

import (
	"fmt"
	"strings"
)

// statusLines tell what just happened, and what failed: in one line when that
// is all there is room for.
func (m *Model) statusLines(l layout) []string {
	s := m.styles
	g := s.Glyphs
	cut := func(text string) string { return m.measure.Truncate(text, l.width-2, g.Ellipsis) }
	happened := ""
	switch {
	case m.toast.text == "":
	case m.toast.kind == toastGood:
		happened = " " + s.Success.Render(cut(g.Good+" "+m.toast.text))
	case m.toast.kind == toastWarning:
		happened = " " + s.Warning.Render(cut(g.Warn+" "+m.toast.text))
	case m.toast.kind == toastBad:
		happened = " " + s.Danger.Render(cut(g.Bad+" "+m.toast.text))
	}
	f := m.current().failed()
	if f == nil {
		return []string{happened}
	}
	what := " " + s.Danger.Render(cut(g.Bad+" "+f.err.Detail))
	if happened != "" {
		what = happened
	}
	return []string{what, "   " + s.Danger.Render(m.measure.Truncate(m.failureNext(f), l.width-4, g.Ellipsis))}
}

// failureNext says what happens next, and the id of the request for the
// server's log.
func (m *Model) failureNext(f *failure) string {
	key := m.keys.Refresh.Help().Key
	next := key + " tries again"
	switch {
	case f.unauthorized():
		next = key + " to sign in"
	case f.trying:
		next = "trying again"
	case !f.retryAt.IsZero():
		next = fmt.Sprintf("again in %ds, %s now", max(int(f.retryAt.Sub(m.now).Seconds()+0.999), 0), key)
	}
	if f.err.RequestID != "" {
		next += " " + m.styles.Glyphs.Dot + " request " + f.err.RequestID
	}
	return next
}

// helpLine lists the keys that do something now, as many as there is room for.
// Help and quit keep their place at the right: who is lost looks there.
func (m *Model) helpLine(width int) string {
	var left, right []string
	bindings := m.bindings()
	room := width - 2
	for _, b := range bindings {
		if (b.name == m.keys.Help.name || b.name == m.keys.Quit.name) && len(b.Keys()) > 0 {
			text, cells := m.helpItem(b)
			right = append(right, text)
			room -= cells + 2
		}
	}
	for _, b := range bindings {
		if b.name == m.keys.Help.name || b.name == m.keys.Quit.name || b.name == m.keys.Interrupt.name || len(b.Keys()) == 0 {
			continue
		}
		if b.dangerous && m.options.ReadOnly {
			continue
		}
		text, cells := m.helpItem(b)
		if cells > room {
			break
		}
		room -= cells + 2
		left = append(left, text)
	}
	line := " " + strings.Join(left, "  ")
	if len(right) == 0 {
		return line
	}
	end := strings.Join(right, "  ") + " "
	return pad(line, width-m.measure.StringWidth(end), m.measure) + end
}

func (m *Model) helpItem(b binding) (text string, cells int) {
	s := m.styles
	help := b.Help()
	if m.options.ASCII {
		help.Key = strings.NewReplacer("↓", "down", "↑", "up").Replace(help.Key)
	}
	plain := help.Key + " " + help.Desc
	if b.off != "" {
		return s.KeyOff.Render(plain), m.measure.StringWidth(plain)
	}
	return s.Key.Render(help.Key) + " " + s.Muted.Render(help.Desc), m.measure.StringWidth(plain)
}
