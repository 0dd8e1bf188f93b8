// Package clipboard brings a copied text to where a person can paste it: by
// this machine's own clipboard, through tmux, or with an escape sequence that
// asks the terminal to take it (OSC 52), wrapped where GNU screen is in between.
//
// A native copy is known to have happened. A terminal never acknowledges, so
// [Result.Words] promises no more than that the text was sent. The text is in no
// error, no argument of a program and no file.
package clipboard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Mode is what the person wants to be used.
type Mode string

// The modes there are.
const (
	Auto       Mode = "auto"   // what works where the program runs
	OnlyNative Mode = "native" // this machine's clipboard
	OnlyOSC52  Mode = "osc52"  // the terminal, asked without any wrapping
	OnlyTmux   Mode = "tmux"   // tmux, which asks its terminal
	Off        Mode = "off"    // nothing
)

// Modes are all modes, the default first.
func Modes() []Mode { return []Mode{Auto, OnlyNative, OnlyOSC52, OnlyTmux, Off} }

// Path is a way for a text to reach the person's clipboard.
type Path int

// The ways there are.
const (
	None Path = iota
	// Native is the clipboard of the machine that this program runs on.
	Native
	// OSC52 is the escape sequence that asks the terminal to copy.
	OSC52
	// Tmux is a buffer of tmux that is handed to its terminal and then deleted:
	// it arrives whatever set-clipboard and allow-passthrough are (measured on
	// tmux 3.3a; the flag -w wants 3.2).
	Tmux
	// Passthrough is OSC 52 both as it is and wrapped for tmux, for a tmux that
	// cannot be asked. It arrives where one of its two options lets it through.
	Passthrough
	// Screen is OSC 52 in pieces that GNU screen passes on.
	Screen
)

// Result is what became of a copy.
type Result struct {
	// Native reports whether this machine's clipboard has the text.
	Native bool
	// Terminal is the way that leads to the terminal, None for none. Sequence,
	// unless it is empty, has yet to be written to the terminal.
	Terminal Path
	Sequence string
	// Problem is a sentence about a way that failed, and what to do; "" for none.
	Problem string
}

// Words says what happened to the text, and never more than is known.
func (r Result) Words() string {
	switch {
	case r.Native && r.Terminal == Tmux:
		return "Copied to this machine's clipboard, and sent through tmux"
	case r.Native && r.Terminal != None:
		return "Copied to this machine's clipboard, and sent to the terminal"
	case r.Native:
		return "Copied to this machine's clipboard"
	}
	const look = "; if paste is empty, select it above"
	switch r.Terminal {
	case Tmux, Passthrough:
		return "Sent to your terminal through tmux" + look
	case Screen:
		return "Sent to your terminal through screen" + look
	case OSC52:
		return "Sent to the terminal" + look
	}
	return "Not copied: select it above, or write it to a file"
}

// Limit is how long one use of a program may take, the native clipboard's or
// tmux: one whose display is gone can hang for ever.
const Limit = time.Second

// screenChunk is how many bytes GNU screen passes on at once (measured: more is
// dropped).
const screenChunk = 76

// Errors of a native copy. None holds the text.
var (
	errSlow = errors.New("it did not answer within a second")
	errNone = errors.New("there is none to copy to")
)

// Board is a machine's clipboard. Its methods may block for as long as they
// like: a [Clipboard] stops waiting after [Limit].
type Board interface {
	// Available reports, without starting a program, whether there is a
	// clipboard to try in this environment.
	Available(env func(string) string) bool
	Write(text string) error
}

// Clipboard copies texts. It may be shared between goroutines.
type Clipboard struct {
	mode  Mode
	place Place
	board Board // nil where there is none to try
	tmux  tmux
	// turn holds one token. A call that was given up keeps it until its
	// program ends, so that hanging programs do not pile up.
	turn chan struct{}
}

// New finds out where the program runs, from an environment given as a lookup
// like os.Getenv. A nil board is for whoever sits elsewhere: no program of this
// machine is started then, neither its clipboard's nor tmux.
func New(mode Mode, env func(string) string, board Board) *Clipboard {
	c := &Clipboard{mode: mode, turn: make(chan struct{}, 1)}
	if board == nil {
		return c
	}
	c.place, c.tmux = PlaceOf(env), tmux{path: "tmux"}
	if board.Available(env) {
		c.board = board
	}
	return c
}

// Plan returns which ways a text takes here, if all goes well.
func (c *Clipboard) Plan() (native bool, terminal Path) {
	switch c.mode {
	case Off:
		return false, None
	case OnlyNative:
		return true, None
	case OnlyOSC52:
		return false, OSC52
	case OnlyTmux:
		return false, Tmux
	}
	native = c.board != nil && !c.place.SSH
	switch {
	case c.place.Tmux:
		return native, Tmux
	case c.place.Screen:
		return native, Screen
	case native:
		// Inside a multiplexer the person may sit elsewhere; here they do not.
		return true, None
	}
	return false, OSC52
}

// Copy takes the ways that work here. What is in [Result.Sequence] the caller
// writes to the terminal.
func (c *Clipboard) Copy(ctx context.Context, text string) Result {
	var r Result
	native, terminal := c.Plan()
	if native {
		if err := c.native(ctx, text); err != nil {
			r.Problem = fmt.Sprintf("This machine's clipboard failed: %v.", err)
			if terminal == None && c.mode == Auto {
				terminal = OSC52
			}
		} else {
			r.Native = true
		}
	}
	if terminal == Tmux {
		left, err := c.tmux.copy(ctx, text)
		if err != nil {
			r.Problem = fmt.Sprintf("tmux did not take it: %v.", err)
			terminal = Passthrough
			if c.mode == OnlyTmux {
				terminal = None
			}
		}
		if left != "" {
			r.Problem = fmt.Sprintf("tmux still has it in a buffer: run tmux delete-buffer -b %s.", left)
		}
	}
	r.Terminal = terminal
	r.Sequence = sequence(terminal, text)
	return r
}

// sequence is what a text that goes this way looks like to the terminal.
func sequence(path Path, text string) string {
	plain := ansi.SetSystemClipboard(text)
	switch path {
	case OSC52:
		return plain
	case Passthrough:
		return plain + ansi.TmuxPassthrough(plain)
	case Screen:
		return ansi.ScreenPassthrough(plain, screenChunk)
	}
	return ""
}

// native puts text on this machine's clipboard and returns once it is there.
func (c *Clipboard) native(ctx context.Context, text string) error {
	if c.board == nil {
		return errNone
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Limit, errSlow)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-c.turn }()
		done <- c.board.Write(text)
	}()
	select {
	case err := <-done:
		if err != nil {
			return errors.New(firstLine(err.Error()))
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// firstLine is what of a program's words fits into a sentence.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return ansi.Truncate(strings.TrimRight(ansi.Strip(line), ". \r\t"), 100, "…")
}
