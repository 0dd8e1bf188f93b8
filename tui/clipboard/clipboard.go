// Package clipboard decides which way a copied text goes, and carries it the
// native way. The other way, the terminal's own escape sequence OSC 52, is the
// caller's: Bubble Tea sends it with tea.SetClipboard.
//
// A native copy is known to have happened. A terminal never acknowledges OSC
// 52, so [Words] promises no more than that the text was sent.
package clipboard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Path is a way for a text to reach the person's clipboard.
type Path int

// The ways there are.
const (
	// Native is the clipboard of the machine that this program runs on.
	Native Path = iota + 1
	// OSC52 is the escape sequence that asks the terminal to copy.
	OSC52
)

// Words says what happened to a text that went this way, and never more than
// is known.
func Words(path Path) string {
	if path == Native {
		return "Copied to this machine's clipboard"
	}
	return "Sent to the terminal; if paste is empty, select it above"
}

// Limit is how long one use of the native clipboard may take: it is a program
// of its own, and one whose display is gone can hang for ever.
const Limit = time.Second

// Errors of [Clipboard.Copy] and [Clipboard.Clear]. None holds the text.
var (
	// ErrSlow means that the clipboard program did not answer within [Limit],
	// or that an earlier one still hangs.
	ErrSlow = errors.New("this machine's clipboard did not answer within a second")
	// ErrNotNative means that the text has to go another way.
	ErrNotNative = errors.New("there is no clipboard on this machine to copy to")
)

// Board is a machine's clipboard. Its methods may block for as long as they
// like: a [Clipboard] stops waiting after [Limit].
type Board interface {
	// Available reports, without starting a program, whether there is a
	// clipboard to try in this environment.
	Available(env func(string) string) bool
	Read() (string, error)
	Write(text string) error
}

// Detect chooses the way for an environment, given as a lookup like os.Getenv:
// the native clipboard when there is one and nobody is at the other end of an
// SSH connection, whose clipboard is elsewhere.
func Detect(env func(string) string, board Board) Path {
	for _, name := range []string{"SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"} {
		if env(name) != "" {
			return OSC52
		}
	}
	if board == nil || !board.Available(env) {
		return OSC52
	}
	return Native
}

// Clipboard copies texts the way that was detected. It may be shared between
// goroutines.
type Clipboard struct {
	path  Path
	board Board
	// turn holds one token. A call that was given up keeps it until its
	// program ends, so that hanging programs do not pile up.
	turn chan struct{}
}

// New detects the way once; see [Detect].
func New(env func(string) string, board Board) *Clipboard {
	return &Clipboard{path: Detect(env, board), board: board, turn: make(chan struct{}, 1)}
}

// Path returns the way that texts go.
func (c *Clipboard) Path() Path { return c.path }

// Copy puts text on the native clipboard and returns once it is there. On any
// error the caller sends the text the OSC 52 way and uses the words of that.
func (c *Clipboard) Copy(ctx context.Context, text string) error {
	return c.try(ctx, func() error { return c.board.Write(text) })
}

// Clear empties the native clipboard if it still holds text: what the person
// copied since is theirs.
func (c *Clipboard) Clear(ctx context.Context, text string) error {
	return c.try(ctx, func() error {
		held, err := c.board.Read()
		if err != nil || held != text || text == "" {
			return err
		}
		return c.board.Write("")
	})
}

func (c *Clipboard) try(ctx context.Context, use func() error) error {
	if c.path != Native {
		return ErrNotNative
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Limit, ErrSlow)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-c.turn }()
		done <- use()
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("this machine's clipboard failed: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
