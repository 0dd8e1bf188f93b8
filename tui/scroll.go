package tui

import tea "charm.land/bubbletea/v2"

// scroll is how far a dialog that only shows lines has been moved down.
type scroll struct{ offset int }

// moved follows a movement key over so many lines.
func (s scroll) moved(press tea.KeyPressMsg, lines int, e environment) scroll {
	k := e.keys
	switch {
	case k.Down.matches(press):
		s.offset++
	case k.Up.matches(press):
		s.offset--
	case k.PageDown.matches(press):
		s.offset += e.height
	case k.PageUp.matches(press):
		s.offset -= e.height
	case k.Top.matches(press):
		s.offset = 0
	case k.Bottom.matches(press):
		s.offset = lines
	}
	s.offset = max(min(s.offset, lines-e.height), 0)
	return s
}

// wheeled follows the wheel of a mouse, and no other message.
func (s scroll) wheeled(msg tea.Msg, lines int, e environment) scroll {
	if wheel, ok := msg.(wheeledMsg); ok {
		s.offset = max(min(s.offset+wheel.rows, lines-e.height), 0)
	}
	return s
}

// window cuts the lines to those that are in sight. When there are more below,
// the last one says so.
func (s scroll) window(lines []string, e environment) []string {
	from := max(min(s.offset, len(lines)-e.height), 0)
	to := min(from+e.height, len(lines))
	shown := lines[from:to:to]
	if to < len(lines) && len(shown) > 1 {
		shown = append(shown[:len(shown)-1:len(shown)-1], e.styles.Muted.Render(e.styles.Glyphs.Down+" "+plural(len(lines)-to+1, "more line")))
	}
	return shown
}

// bindings are those of a dialog that only shows lines.
func (s scroll) bindings(lines int, e environment) []binding {
	k := e.keys
	if lines <= e.height {
		return []binding{k.Back, k.Interrupt}
	}
	return []binding{k.Back, k.Down, k.Up, k.PageDown, k.PageUp, k.Top, k.Bottom, k.Interrupt}
}
