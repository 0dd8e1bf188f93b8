package styles_test

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"

	"github.com/lifeguard-keys/lifeguard/styles"
)

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// xterm is what xterm shows for the sixteen colours.
var xterm = []string{
	"#000000", "#CD0000", "#00CD00", "#CDCD00", "#0000EE", "#CD00CD", "#00CDCD", "#E5E5E5",
	"#7F7F7F", "#FF0000", "#00FF00", "#FFFF00", "#5C5CFF", "#FF00FF", "#00FFFF", "#FFFFFF",
}

// seen is the colour that a person sees.
func seen(t *testing.T, c color.Color) color.Color {
	t.Helper()
	for i, shown := range xterm {
		if lipgloss.Color(fmt.Sprint(i)) == c {
			return lipgloss.Color(shown)
		}
	}
	return c
}

// Words must be readable on the backgrounds that terminals have: 4.5:1 is what
// WCAG asks of text, 7:1 of text with enhanced contrast.
func TestWordsHaveContrast(t *testing.T) {
	t.Parallel()
	dark := []string{"#000000", "#1E1E1E", "#282C34"}  // plain, VS Code, One Dark
	light := []string{"#FFFFFF", "#FAFAFA", "#FDF6E3"} // plain, One Light, Solarized
	for name, theme := range map[string]struct {
		palette     styles.Palette
		backgrounds []string
		ratio       float64
		faint       bool // Faint carries words too
	}{
		"dark":                {styles.DarkPalette(), dark, 4.5, false},
		"light":               {styles.LightPalette(), light, 4.5, false},
		"high contrast dark":  {styles.HighContrastDark(), dark, 7, true},
		"high contrast light": {styles.HighContrastLight(), light, 7, true},
		"16 colours dark":     {styles.SixteenDark(), dark[:1], 4.5, false},
		"16 colours light":    {styles.SixteenLight(), light[:1], 4.5, false},
	} {
		p := theme.palette
		words := map[string]color.Color{
			"muted": p.Muted, "accent": p.Accent, "match": p.Match, "success": p.Success, "warning": p.Warning, "danger": p.Danger,
		}
		if theme.faint {
			words["faint"] = p.Faint
		}
		fills := map[string]color.Color{"accent": p.Accent, "danger": p.Danger}
		for _, context := range styles.ContextColors() {
			c, ok := p.Contexts[context]
			if !ok {
				t.Errorf("%s has no %s for a context", name, context)
				continue
			}
			words["context "+context], fills["context "+context] = c, c
		}
		for what, c := range words {
			for _, background := range theme.backgrounds {
				if got := contrast(seen(t, c), lipgloss.Color(background)); got < theme.ratio {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, what, background, got, theme.ratio)
				}
			}
		}
		for what, fill := range fills {
			if got := contrast(seen(t, p.OnFill), seen(t, fill)); got < theme.ratio {
				t.Errorf("%s: text on %s has a contrast of %.2f, want %.1f", name, what, got, theme.ratio)
			}
		}
		for what, c := range words {
			if what != "muted" && what != "faint" && seen(t, c) == seen(t, p.OnFill) {
				t.Errorf("%s: %s is the colour of the background", name, what)
			}
		}
	}
}

// The theme follows the terminal as far as a person did not choose.
func TestThemesFollowTheTerminal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options styles.Options
		want    styles.Palette
	}{
		"dark terminal":                  {styles.Options{}, styles.DarkPalette()},
		"light terminal":                 {styles.Options{Light: true}, styles.LightPalette()},
		"few colours":                    {styles.Options{FewColors: true}, styles.SixteenDark()},
		"few colours, light":             {styles.Options{Theme: styles.Auto, FewColors: true, Light: true}, styles.SixteenLight()},
		"dark, on a light one":           {styles.Options{Theme: styles.Dark, Light: true}, styles.DarkPalette()},
		"light, on a dark one":           {styles.Options{Theme: styles.Light}, styles.LightPalette()},
		"high contrast":                  {styles.Options{Theme: styles.HighContrast}, styles.HighContrastDark()},
		"high contrast, light":           {styles.Options{Theme: styles.HighContrast, Light: true}, styles.HighContrastLight()},
		"sixteen where there are many":   {styles.Options{Theme: styles.Sixteen}, styles.SixteenDark()},
		"high contrast, on few, is kept": {styles.Options{Theme: styles.HighContrast, FewColors: true}, styles.HighContrastDark()},
	} {
		if got := styles.New(test.options).Match.GetForeground(); got != test.want.Match {
			t.Errorf("%s: %v, want %v", name, got, test.want.Match)
		}
	}
}
