package clipboard

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
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

// TmuxState is what a tmux says of itself. What it does not say is "".
type TmuxState struct {
	Version          string `json:"version"`
	SetClipboard     string `json:"set_clipboard"`
	AllowPassthrough string `json:"allow_passthrough"`
	// Term is the terminal's name to tmux, "" while none is attached, and
	// TakesClipboard whether tmux knows how to hand it a text.
	Term           string `json:"term"`
	TakesClipboard bool   `json:"takes_clipboard"`
}

// Diagnose looks at an environment. It starts tmux, if one is inside of one.
func Diagnose(ctx context.Context, env func(string) string) Diagnosis {
	d := Diagnosis{Place: PlaceOf(env), Terminal: terminalName(env)}
	if d.Place.Tmux {
		d.Tmux = askTmux(ctx)
		d.Advice = append(d.Advice, d.Tmux.advice()...)
	}
	if d.Place.Tmux && d.Place.Screen {
		d.Advice = append(d.Advice, "tmux and GNU screen are one inside of the other: when screen is the outer one, it drops what tmux sends. Use one of them.")
	}
	if d.Place.Display != "" && !d.Place.SSH && !Machine().Available(env) {
		d.Advice = append(d.Advice, fmt.Sprintf("There is a display (%s) and no program for its clipboard: install %s.", d.Place.Display, programFor[d.Place.Display]))
	}
	if !d.Place.Tmux || d.Tmux.Version == "" || d.Tmux.TakesClipboard {
		d.Advice = append(d.Advice, terminalAdvice[d.Terminal]...)
	}
	return d
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

// oldestTmux is the first version with load-buffer -w.
const oldestTmux = 3.2

func (t *TmuxState) advice() []string {
	version, err := strconv.ParseFloat(strings.TrimRight(strings.TrimPrefix(t.Version, "next-"), "abcdefghijklmnopqrstuvwxyz"), 64)
	switch {
	case t.Version == "":
		return []string{"tmux does not answer: is it another user's, or gone? Detach and attach again."}
	case err == nil && version < oldestTmux:
		return []string{"tmux " + t.Version + " cannot be asked to copy; 3.2 and newer can. Until then this in ~/.tmux.conf lets a copy through, and leaves it in a buffer of tmux:", "    set -s set-clipboard on"}
	case t.Term == "":
		return []string{"No terminal is attached to this tmux, so there is none to copy to."}
	case !t.TakesClipboard:
		return []string{"tmux does not know that your terminal takes a clipboard. If it does, put this into ~/.tmux.conf:", "    set -as terminal-features '," + t.Term + ":clipboard'"}
	}
	return nil
}

// askTmux asks the tmux of this environment about itself.
func askTmux(ctx context.Context) *TmuxState {
	ask := func(args ...string) string {
		ctx, cancel := context.WithTimeout(ctx, Limit)
		defer cancel()
		output, err := exec.CommandContext(ctx, "tmux", args...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(output))
	}
	t := &TmuxState{Version: ask("display-message", "-p", "#{version}"), Term: ask("display-message", "-p", "#{client_termname}")}
	t.SetClipboard = ask("show-options", "-gsv", "set-clipboard")
	t.AllowPassthrough = ask("show-options", "-gv", "allow-passthrough")
	for line := range strings.SplitSeq(ask("info"), "\n") {
		if _, capability, found := strings.Cut(line, ": Ms: "); found {
			t.TakesClipboard = !strings.Contains(capability, "[missing]")
		}
	}
	return t
}
