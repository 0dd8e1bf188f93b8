package clipboard

import "github.com/atotto/clipboard"

// Machine returns the clipboard of the machine that this program runs on.
func Machine() Board { return machine{} }

type machine struct{}

// Available wants a display on a Unix: without one, xclip is there and fails, or
// hangs.
func (machine) Available(env func(string) string) bool {
	return !clipboard.Unsupported && PlaceOf(env).Display != ""
}

// Write gives the text to the clipboard's program on its standard input.
func (machine) Write(text string) error { return clipboard.WriteAll(text) }
