package clipboard

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// tmux is the program of that name, which finds its server by the variable TMUX.
type tmux struct{ path string }

var (
	errNoTmux  = errors.New("the program tmux is not found: add it to PATH")
	errOldTmux = errors.New("it is older than 3.2: a newer one takes it")
)

// copy has tmux hand a text to the terminal of whoever is attached, by way of a
// buffer of its own that is deleted again. left is the buffer's name where that
// failed.
func (t tmux) copy(ctx context.Context, text string) (left string, err error) {
	buffer := "lifeguard-" + strings.ToLower(rand.Text()[:8])
	err = t.run(ctx, text, "load-buffer", "-b", buffer, "-w", "-")
	// Also when it seems to have failed: it may have been too slow to say so.
	deleted := t.run(context.WithoutCancel(ctx), "", "delete-buffer", "-b", buffer)
	if err == nil && deleted != nil {
		left = buffer
	}
	return left, err
}

// run runs tmux for [Limit] at most. The input is in none of its arguments.
func (t tmux) run(ctx context.Context, input string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Stdin = strings.NewReader(input)
	// A child that keeps the pipes open must not keep us.
	cmd.WaitDelay = 100 * time.Millisecond
	var said bytes.Buffer
	cmd.Stderr = &said
	switch err := cmd.Run(); {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return errNoTmux
	case ctx.Err() != nil:
		return errSlow
	case strings.Contains(said.String(), "-w") || strings.Contains(said.String(), "usage: load-buffer"):
		return errOldTmux
	case said.Len() > 0:
		return errors.New(firstLine(said.String()))
	default:
		return err
	}
}
