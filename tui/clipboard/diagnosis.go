package clipboard

import (
	"context"
	"fmt"
)

// Diagnosis is what was found out about the way to the clipboard.
type Diagnosis struct {
	Place Place
	// Terminal is the terminal's name, as far as the environment tells.
	Terminal string
	// Tmux is the version and what is set, of the tmux that one is inside of.
	Tmux *TmuxState
	// Advice are sentences about what to set up. A line that begins with four
	// spaces is to be put into a file as it is.
	Advice []string
}

// Diagnose looks at an environment. It starts tmux, if one is inside of one.
func Diagnose(ctx context.Context, env func(string) string) Diagnosis {
	d := Diagnosis{Place: PlaceOf(env), Terminal: terminalName(env)}
	around := d.Place.Term
	if d.Place.Tmux {
		program := tmuxOf(env)
		state, err := program.state(ctx)
		if err == nil {
			program.options(ctx, &state)
			d.Tmux = &state
			d.Advice = append(d.Advice, state.advice()...)
		} else {
			d.Advice = append(d.Advice, fmt.Sprintf("tmux cannot be asked: %v.", err))
		}
		around = state.Term
	}
	if !d.Place.Screen || d.Place.Tmux {
		d.Advice = append(d.Advice, outOfReach(around, d.Place.Screen)...)
	}
	if d.Place.Display != "" && !d.Place.SSH && !Machine().Available(env) {
		d.Advice = append(d.Advice, fmt.Sprintf("There is a display (%s) and no program for its clipboard: install %s.", d.Place.Display, programFor[d.Place.Display]))
	}
	d.Advice = append(d.Advice, terminalAdvice[d.Terminal]...)
	return d
}

func (t TmuxState) advice() []string {
	switch {
	case t.old():
		return []string{"This tmux is older than 3.2 and cannot be asked to copy; what is sent past it arrives all the same. A newer one is surer."}
	case t.Term == "":
		return []string{"No terminal is attached to this tmux, so there is none to copy to."}
	case !t.TakesClipboard && pathTo(t.Term) == OSC52:
		return []string{"tmux does not know that your terminal takes a clipboard: the console writes past tmux. If it does take one, put this into ~/.tmux.conf:", "    set -as terminal-features '," + t.Term + ":clipboard'"}
	}
	return nil
}

// outOfReach is advice about a multiplexer that is known by its terminal's name
// alone, at the other end of SSH or around another one.
func outOfReach(term string, screen bool) []string {
	switch pathTo(term) {
	case Passthrough:
		return []string{"There is a tmux around this that cannot be asked from here. From 3.3 on it lets a copy through with this in its ~/.tmux.conf:", "    set -g allow-passthrough on"}
	case TmuxOrScreen:
		if screen {
			return nil
		}
		return []string{"There is a GNU screen or a tmux around this that cannot be asked from here. screen needs nothing; tmux lets a copy through, and keeps it in a buffer, with this in its ~/.tmux.conf:", "    set -s set-clipboard on"}
	}
	return nil
}

var programFor = map[string]string{"Wayland": "wl-clipboard", "X11": "xclip", "Termux": "termux-api"}

// terminalName is that of a terminal that says who it is. Inside of tmux most
// variables are those of wherever tmux was started.
func terminalName(env func(string) string) string {
	switch {
	case env("LC_TERMINAL") != "":
		return env("LC_TERMINAL")
	case env("WT_SESSION") != "":
		return "Windows Terminal"
	case env("KITTY_WINDOW_ID") != "":
		return "kitty"
	case env("VTE_VERSION") != "":
		return "VTE"
	case env("XTERM_VERSION") != "":
		return "xterm"
	case env("TERM_PROGRAM") != "" && env("TERM_PROGRAM") != "tmux":
		return env("TERM_PROGRAM")
	}
	return ""
}

// terminalAdvice is for terminals that take no text by themselves, or never.
var terminalAdvice = map[string][]string{
	"VTE":            {"This terminal (VTE: GNOME Terminal and others) takes no text from programs: select the key, or write it to a file."},
	"Apple_Terminal": {"Apple's Terminal takes no text from programs: select the key, or write it to a file."},
	"iTerm2":         {"iTerm2 asks for leave once: Settings › General › Selection › Applications in terminal may access clipboard."},
	"iTerm.app":      {"iTerm2 asks for leave once: Settings › General › Selection › Applications in terminal may access clipboard."},
	"xterm":          {"xterm takes no text from programs until this is in ~/.Xresources:", "    XTerm*disallowedWindowOps: 20,21,SetXprop"},
}
