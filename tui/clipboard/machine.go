package clipboard

import (
	"runtime"
	"strings"

	"github.com/atotto/clipboard"
)

// Machine returns the clipboard of the machine that this program runs on.
func Machine() Board { return machine{} }

type machine struct{}

// displays are the variables of which a Unix has at least one when its
// clipboard programs have anything to talk to: Wayland, X11, Windows under
// WSL, and Termux. Without one, xclip is there and fails, or hangs.
var displays = []string{"WAYLAND_DISPLAY", "DISPLAY", "WSL_DISTRO_NAME", "WSL_INTEROP", "TERMUX_VERSION"}

func (machine) Available(env func(string) string) bool {
	if clipboard.Unsupported {
		return false
	}
	switch runtime.GOOS {
	case "darwin", "windows", "plan9":
		return true
	}
	for _, name := range displays {
		if env(name) != "" {
			return true
		}
	}
	return false
}

// Read returns the clipboard's text without the line end that some clipboard
// programs put behind it.
func (machine) Read() (string, error) {
	text, err := clipboard.ReadAll()
	return strings.TrimRight(text, "\r\n"), err
}

func (machine) Write(text string) error { return clipboard.WriteAll(text) }
