package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Palette names the colours of the console by what they say. Every colour of
// the program is written here and nowhere else.
type Palette struct {
	Muted color.Color // secondary text, still easy to read
	// Faint is for rules, borders and what lies behind a dialog: the most
	// frequent colour, so it is one of the 256 of every terminal, which takes
	// half the bytes.
	Faint   color.Color
	Accent  color.Color // where the person is: marker, focus, title
	Match   color.Color // letters that a search matched
	Success color.Color // done
	Warning color.Color // look twice
	Danger  color.Color // cannot be undone, or failed
	OnFill  color.Color // text on a filled Accent, Danger or context colour
	// Contexts are the colours that a context's name can have, by the names of
	// [ContextColors].
	Contexts map[string]color.Color
}

// ContextColors are the names of the colours that a context can have, in the
// order in which they are listed to people.
func ContextColors() []string {
	return []string{"red", "orange", "yellow", "green", "cyan", "blue", "magenta"}
}

// contexts gives colours, in the order of [ContextColors], their names.
func contexts(colors ...string) map[string]color.Color {
	named := map[string]color.Color{}
	for i, name := range ContextColors() {
		named[name] = lipgloss.Color(colors[i])
	}
	return named
}

// DarkPalette is the palette for dark backgrounds. Each colour keeps a contrast of at
// least 4.5:1 against black, but for Faint, which carries no words.
func DarkPalette() Palette {
	return Palette{
		Muted:   lipgloss.Color("#9AA3AF"),
		Faint:   lipgloss.Color("241"),
		Accent:  lipgloss.Color("#5FB3FF"),
		Match:   lipgloss.Color("#FFC66D"),
		Success: lipgloss.Color("#5FD787"),
		Warning: lipgloss.Color("#FFB454"),
		Danger:  lipgloss.Color("#FF6B68"),
		OnFill:  lipgloss.Color("#101418"),

		Contexts: contexts("#FF6B68", "#FFB454", "#F0E070", "#5FD787", "#5FD7D7", "#5FB3FF", "#E08CFF"),
	}
}

// LightPalette is the palette for light backgrounds, with the same contrast against
// white.
func LightPalette() Palette {
	return Palette{
		Muted:   lipgloss.Color("#59616B"),
		Faint:   lipgloss.Color("248"),
		Accent:  lipgloss.Color("#0057B8"),
		Match:   lipgloss.Color("#9A4A00"),
		Success: lipgloss.Color("#00693E"),
		Warning: lipgloss.Color("#8A4B00"),
		Danger:  lipgloss.Color("#B3001B"),
		OnFill:  lipgloss.Color("#FFFFFF"),

		Contexts: contexts("#B3001B", "#8A4B00", "#6B5900", "#00693E", "#00646E", "#0057B8", "#8A1FA8"),
	}
}

// HighContrastDark is the palette for dark backgrounds with a contrast of at
// least 7:1 against black, Faint included.
func HighContrastDark() Palette {
	return Palette{
		Muted:   lipgloss.Color("#E0E0E0"),
		Faint:   lipgloss.Color("251"),
		Accent:  lipgloss.Color("#8CD2FF"),
		Match:   lipgloss.Color("#FFE066"),
		Success: lipgloss.Color("#7CFFA4"),
		Warning: lipgloss.Color("#FFD24D"),
		Danger:  lipgloss.Color("#FFA29E"),
		OnFill:  lipgloss.Color("#000000"),

		Contexts: contexts("#FFA29E", "#FFC080", "#FFF27A", "#7CFFA4", "#7CFFF4", "#8CD2FF", "#F2B8FF"),
	}
}

// HighContrastLight is the palette for light backgrounds with a contrast of at
// least 7:1 against white, Faint included.
func HighContrastLight() Palette {
	return Palette{
		Muted:   lipgloss.Color("#2B2F33"),
		Faint:   lipgloss.Color("239"),
		Accent:  lipgloss.Color("#003E85"),
		Match:   lipgloss.Color("#6B2E00"),
		Success: lipgloss.Color("#00482A"),
		Warning: lipgloss.Color("#5E3200"),
		Danger:  lipgloss.Color("#850014"),
		OnFill:  lipgloss.Color("#FFFFFF"),

		Contexts: contexts("#850014", "#5E3200", "#4A3D00", "#00482A", "#00464D", "#003E85", "#62127A"),
	}
}

// SixteenDark is the palette of the terminal's own colours for dark
// backgrounds. What they look like is the terminal's choice; the contrast is
// right for xterm's.
func SixteenDark() Palette {
	return Palette{
		Muted:   lipgloss.Color("7"),
		Faint:   lipgloss.Color("8"),
		Accent:  lipgloss.Color("14"),
		Match:   lipgloss.Color("11"),
		Success: lipgloss.Color("10"),
		Warning: lipgloss.Color("11"),
		Danger:  lipgloss.Color("9"),
		OnFill:  lipgloss.Color("0"),

		Contexts: contexts("9", "3", "11", "10", "14", "6", "13"),
	}
}

// SixteenLight is the palette of the terminal's own colours for light
// backgrounds. Green, yellow and cyan cannot be read there, so words that mean
// well are blue, and those that warn are magenta; their glyphs say the rest.
func SixteenLight() Palette {
	return Palette{
		Muted:   lipgloss.Color("0"),
		Faint:   lipgloss.Color("8"),
		Accent:  lipgloss.Color("4"),
		Match:   lipgloss.Color("5"),
		Success: lipgloss.Color("4"),
		Warning: lipgloss.Color("5"),
		Danger:  lipgloss.Color("1"),
		OnFill:  lipgloss.Color("15"),

		Contexts: contexts("1", "1", "5", "4", "4", "4", "5"),
	}
}
