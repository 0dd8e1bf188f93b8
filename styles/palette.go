package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Palette names the colours of the console by what they say. Every colour of
// the program is written here and nowhere else.
type Palette struct {
	Muted   color.Color // secondary text, still easy to read
	Faint   color.Color // rules, borders and what lies behind a dialog
	Accent  color.Color // where the person is: marker, focus, title
	Match   color.Color // letters that a search matched
	Success color.Color // done
	Warning color.Color // look twice
	Danger  color.Color // cannot be undone, or failed
	OnFill  color.Color // text on a filled Accent or Danger
}

// Dark is the palette for dark backgrounds. Each colour keeps a contrast of at
// least 4.5:1 against black, but for Faint, which carries no words.
func Dark() Palette {
	return Palette{
		Muted:   lipgloss.Color("#9AA3AF"),
		Faint:   lipgloss.Color("#5B6470"),
		Accent:  lipgloss.Color("#5FB3FF"),
		Match:   lipgloss.Color("#FFC66D"),
		Success: lipgloss.Color("#5FD787"),
		Warning: lipgloss.Color("#FFB454"),
		Danger:  lipgloss.Color("#FF6B68"),
		OnFill:  lipgloss.Color("#101418"),
	}
}

// Light is the palette for light backgrounds, with the same contrast against
// white.
func Light() Palette {
	return Palette{
		Muted:   lipgloss.Color("#59616B"),
		Faint:   lipgloss.Color("#A3ABB5"),
		Accent:  lipgloss.Color("#0057B8"),
		Match:   lipgloss.Color("#9A4A00"),
		Success: lipgloss.Color("#00693E"),
		Warning: lipgloss.Color("#8A4B00"),
		Danger:  lipgloss.Color("#B3001B"),
		OnFill:  lipgloss.Color("#FFFFFF"),
	}
}
