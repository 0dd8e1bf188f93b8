package clipboard

import (
	"fmt"
	"runtime"
	"strings"
)

// Place is where the program runs, as far as the environment says.
type Place struct {
	// SSH is true at the far end of an SSH connection: the person's clipboard is
	// at the other one.
	SSH bool
	// Tmux and Screen are true inside of one. Both are when one runs in the other.
	Tmux, Screen bool
	// Display is what this machine's clipboard belongs to: Wayland, X11, WSL,
	// Termux, macOS or Windows; "" when there is none.
	Display string
	// Term is the terminal's name (TERM). It begins with tmux or screen when one
	// of them is in between that the other variables do not tell of, such as
	// one at the person's end of an SSH connection.
	Term string
}

// failed says that this machine's clipboard did not take a text, and what to do.
func (p Place) failed(err error) string {
	whose, remedy := "", "Set clipboard: osc52 in the configuration to ask the terminal alone."
	if p.Display != "" {
		whose = " (" + p.Display + ")"
	}
	switch p.Display {
	case "X11":
		remedy = "Check DISPLAY, or set clipboard: osc52 in the configuration."
	case "Wayland":
		remedy = "Check WAYLAND_DISPLAY, or set clipboard: osc52 in the configuration."
	}
	return fmt.Sprintf("This machine's clipboard%s failed: %v. %s", whose, err, remedy)
}

// PlaceOf reads an environment, given as a lookup like os.Getenv.
func PlaceOf(env func(string) string) Place {
	p := Place{Tmux: env("TMUX") != "", Screen: env("STY") != "", Display: display(runtime.GOOS, env), Term: env("TERM")}
	for _, name := range []string{"SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"} {
		p.SSH = p.SSH || env(name) != ""
	}
	return p
}

func display(system string, env func(string) string) string {
	switch system {
	case "darwin":
		return "macOS"
	case "windows":
		return "Windows"
	}
	for _, known := range []struct{ variable, name string }{
		{"WAYLAND_DISPLAY", "Wayland"}, {"DISPLAY", "X11"}, {"WSL_DISTRO_NAME", "WSL"}, {"WSL_INTEROP", "WSL"}, {"TERMUX_VERSION", "Termux"},
	} {
		if env(known.variable) != "" {
			return known.name
		}
	}
	return ""
}

// String says the place in words.
func (p Place) String() string {
	var words []string
	if p.SSH {
		words = append(words, "over SSH")
	} else {
		words = append(words, "on this machine")
	}
	if p.Tmux {
		words = append(words, "inside tmux")
	}
	if p.Screen {
		words = append(words, "inside GNU screen")
	}
	if name := p.outOfReach(); name != "" {
		words = append(words, "from inside "+name)
	}
	if p.Display != "" {
		words = append(words, "with "+p.Display)
	}
	return strings.Join(words, ", ")
}

// outOfReach is the multiplexer that TERM alone tells of, "" for none.
func (p Place) outOfReach() string {
	if p.Tmux || p.Screen {
		return ""
	}
	return map[Path]string{Passthrough: "tmux", TmuxOrScreen: "screen or tmux"}[pathTo(p.Term)]
}
