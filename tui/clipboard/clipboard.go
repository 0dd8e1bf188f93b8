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
	// tmux 3.3a; the flag -w wants 3.2). A terminal that is a multiplexer again,
	// or that tmux does not know to have a clipboard, is written to directly.
	Tmux
	// OldTmux is OSC 52 wrapped for a tmux before 3.2, which lets it through.
	OldTmux
	// Passthrough is OSC 52 both as it is and wrapped for tmux, for a tmux that
	// cannot be asked. It arrives where one of its two options lets it through.
	Passthrough
	// Screen is OSC 52 in pieces that GNU screen passes on.
	Screen
	// TmuxOrScreen is the same and OSC 52 as it is, for whichever of the two
	// calls its terminal "screen".
	TmuxOrScreen
)

// String is the name of the way, as it is written to a report.
func (p Path) String() string {
	return [...]string{"none", "native", "osc52", "tmux", "old-tmux", "tmux-passthrough", "screen", "screen-or-tmux"}[p]
}

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
	case r.Native && (r.Terminal == Tmux || r.Terminal == OldTmux):
		return "Copied to this machine's clipboard, and sent through tmux"
	case r.Native && r.Terminal != None:
		return "Copied to this machine's clipboard, and sent to the terminal"
	case r.Native:
		return "Copied to this machine's clipboard"
	}
	const look = "; if paste is empty, select it above"
	switch r.Terminal {
	case Tmux, OldTmux:
		return "Sent to your terminal through tmux" + look
	case Screen:
		return "Sent to your terminal through screen" + look
	case OSC52, Passthrough, TmuxOrScreen:
		return "Sent to the terminal" + look
	}
	return "Not copied: select it above"
}

// Limit is how long one use of a program may take, the native clipboard's or
// tmux: one whose display is gone can hang for ever.
const Limit = time.Second

// Errors of a native copy. None holds the text.
var (
	errSlow = errors.New("it did not answer within a second")
	errNone = errors.New("there is no display or no program for it")
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
// machine is started then, neither its clipboard's nor tmux, and TERM alone
// counts.
func New(mode Mode, env func(string) string, board Board) *Clipboard {
	c := &Clipboard{mode: mode, turn: make(chan struct{}, 1)}
	if board == nil {
		c.place.Term = env("TERM")
		return c
	}
	c.place, c.tmux = PlaceOf(env), tmuxOf(env)
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
	return false, pathTo(c.place.Term)
}

// Copy takes the ways that work here. What is in [Result.Sequence] the caller
// writes to the terminal.
func (c *Clipboard) Copy(ctx context.Context, text string) Result {
	var r Result
	native, terminal := c.Plan()
	if native {
		if err := c.native(ctx, text); err != nil {
			r.Problem = c.place.failed(err)
			if terminal == None && c.mode == Auto {
				terminal = pathTo(c.place.Term)
			}
		} else {
			r.Native = true
		}
	}
	r.Terminal = terminal
	if terminal == Tmux {
		var problem string
		r.Terminal, problem = c.tmux.copy(ctx, text)
		if problem != "" && (!r.Native || r.Terminal != None) {
			r.Problem = problem
		}
		if c.mode == OnlyTmux && r.Terminal == Passthrough {
			r.Terminal = None
		}
	}
	r.Sequence = sequence(r.Terminal, text)
	return r
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
