// Package inherited takes the environment that the process was started with, before
// any library looks at it.
//
// Some libraries look at theirs while they are initialised: to count the colours
// they start tmux where TMUX says that there is one, and wait for ever for one that
// hangs. Packages are initialised in the order of their import paths, as soon as
// what they import is, and this one imports nothing but os and slices. So it comes
// before the package terminfo, without which no library here counts colours.
package inherited

import (
	"os"
	"slices"
)

// The variables that have a key.
const (
	APIKey      = "LIFEGUARD_API_KEY"
	PoolsideKey = "POOLSIDE_API_KEY"
)

// taken are the variables that the process itself has no more: whoever needs one
// gets it from [Environment], and what is started does not get it by itself.
var taken = []string{
	// Keys: the programs that the console starts have no business with them.
	APIKey, PoolsideKey,
	// Which tmux one is inside of.
	"TMUX",
}

var environ = take()

func take() []string {
	environ := os.Environ()
	for _, name := range taken {
		_ = os.Unsetenv(name) // it fails for no such name
	}
	return environ
}

// Environment is what the process was started with, as os.Environ gives it.
func Environment() []string { return slices.Clone(environ) }
