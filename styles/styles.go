// Package styles turns a palette into the styles of the console. It is the
// only place where a colour is written. State is never told by colour alone:
// each style that means something also has a weight, an underline or a glyph,
// so the console reads the same with NO_COLOR and to a colour-blind person.
package styles

import "charm.land/lipgloss/v2"

// Theme is a choice of colours by a person.
type Theme string

// The themes. Auto is Dark or Light by the background, and Sixteen on terminals
// that have no more colours.
const (
	Auto         Theme = "auto"
	Dark         Theme = "dark"
	Light        Theme = "light"
	HighContrast Theme = "high-contrast"
	Sixteen      Theme = "16-color"
)

// Themes are all themes, in the order in which they are listed to people.
func Themes() []Theme { return []Theme{Auto, Dark, Light, HighContrast, Sixteen} }

// Options say what a person chose, and what kind of terminal the styles are for.
type Options struct {
	Theme        Theme  // "" is Auto
	Light        bool   // the background is light
	FewColors    bool   // the terminal has sixteen colours
	ASCII        bool   // the terminal cannot show UTF-8: glyphs are plain ASCII
	ContextColor string // one of ContextColors, "" for none
}

// palette chooses the colours.
func (o Options) palette() Palette {
	pick := func(dark, light func() Palette) Palette {
		if o.Light {
			return light()
		}
		return dark()
	}
	switch {
	case o.Theme == Dark:
		return DarkPalette()
	case o.Theme == Light:
		return LightPalette()
	case o.Theme == HighContrast:
		return pick(HighContrastDark, HighContrastLight)
	case o.Theme == Sixteen, o.FewColors:
		return pick(SixteenDark, SixteenLight)
	}
	return pick(DarkPalette, LightPalette)
}

// Styles are all styles and glyphs of the console. The zero value is not
// useful; make one with [New].
type Styles struct {
	Brand       lipgloss.Style // the program's name
	Title       lipgloss.Style // the page's path, a dialog's title
	Context     lipgloss.Style // the name of the context
	Production  lipgloss.Style // the name of a production context
	Text        lipgloss.Style
	Strong      lipgloss.Style
	Muted       lipgloss.Style
	Scrim       lipgloss.Style // what lies behind a dialog
	Rule        lipgloss.Style
	Heading     lipgloss.Style // the table's header
	Marker      lipgloss.Style // the bar before the selected row
	Match       lipgloss.Style // matched letters
	Wrong       lipgloss.Style // a term of a query that is not understood
	Success     lipgloss.Style
	Warning     lipgloss.Style
	Danger      lipgloss.Style
	Key         lipgloss.Style // a key in the help line
	KeyOff      lipgloss.Style // a key that does nothing now
	Secret      lipgloss.Style // the key that is shown once
	Button      lipgloss.Style
	ButtonOn    lipgloss.Style // the button with the focus
	ButtonRisk  lipgloss.Style // a button that cannot be undone, with the focus
	Placeholder lipgloss.Style

	Glyphs Glyphs
}

// Glyphs are the characters that the console draws with.
type Glyphs struct {
	Marker    string // one cell, before the selected row
	Path      string // between the parts of a page's path
	Ellipsis  string
	Up, Down  string // sort order
	Dot       string // between parts of a line
	Rule      string
	Pane      string // the line beside the details pane
	Good, Bad string // before what went well, and what did not
	Warn      string
	Mark      string // one cell, before a marked row
	Live      string // what is shown is what there is
	Bullet    string
	Focus     string // before the button with the focus
	Spinner   []string
	Border    lipgloss.Border
}

// New makes the styles for a kind of terminal.
func New(options Options) Styles {
	palette := options.palette()
	plain := lipgloss.NewStyle()
	s := Styles{
		Brand:       plain.Bold(true).Foreground(palette.Accent),
		Title:       plain.Bold(true),
		Context:     plain.Foreground(palette.Muted),
		Production:  plain.Bold(true).Foreground(palette.OnFill).Background(palette.Danger),
		Text:        plain,
		Strong:      plain.Bold(true),
		Muted:       plain.Foreground(palette.Muted),
		Scrim:       plain.Foreground(palette.Faint),
		Rule:        plain.Foreground(palette.Faint),
		Heading:     plain.Foreground(palette.Muted),
		Marker:      plain.Bold(true).Foreground(palette.Accent),
		Wrong:       plain.Foreground(palette.Warning).Underline(true),
		Match:       plain.Bold(true).Foreground(palette.Match).Underline(true),
		Success:     plain.Foreground(palette.Success),
		Warning:     plain.Foreground(palette.Warning),
		Danger:      plain.Foreground(palette.Danger),
		Key:         plain.Bold(true).Foreground(palette.Accent),
		KeyOff:      plain.Foreground(palette.Faint),
		Secret:      plain.Bold(true),
		Button:      plain.Foreground(palette.Muted),
		ButtonOn:    plain.Bold(true).Foreground(palette.OnFill).Background(palette.Accent),
		ButtonRisk:  plain.Bold(true).Foreground(palette.OnFill).Background(palette.Danger),
		Placeholder: plain.Foreground(palette.Muted),
		Glyphs:      unicodeGlyphs(),
	}
	if c, chosen := palette.Contexts[options.ContextColor]; chosen {
		s.Context = plain.Bold(true).Foreground(c)
		s.Production = s.Production.Background(c)
	}
	if options.ASCII {
		s.Glyphs = asciiGlyphs()
	}
	return s
}

func unicodeGlyphs() Glyphs {
	return Glyphs{
		Marker: "▌", Path: "›", Ellipsis: "…", Up: "▲", Down: "▼", Dot: "·", Rule: "─", Pane: "│",
		Good: "✓", Bad: "✗", Warn: "!", Mark: "◆", Live: "●", Bullet: "•", Focus: "▸",
		Spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
		Border:  lipgloss.RoundedBorder(),
	}
}

func asciiGlyphs() Glyphs {
	return Glyphs{
		Marker: ">", Path: ">", Ellipsis: "~", Up: "^", Down: "v", Dot: "-", Rule: "-", Pane: "|",
		Good: "ok", Bad: "x", Warn: "!", Mark: "+", Live: "*", Bullet: "*", Focus: ">",
		Spinner: []string{"|", "/", "-", "\\"},
		Border:  lipgloss.ASCIIBorder(),
	}
}
