package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// keyCommandLimit is how long a program may take to print a key. Vaults ask
// for a password or a touch first, in a window or on the terminal itself.
const keyCommandLimit = 30 * time.Second

// commandKey runs the program that prints a context's key. What it prints is in
// no error, and what it says on standard error is shown, cleaned.
func (p process) commandKey(ctx context.Context, c config.Context, secrets []string, limit time.Duration) (api.Secret, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoKeyInTime)
	defer cancel()
	words := &cleanWriter{to: p.stderr}
	output := &firstBytes{limit: api.KeyLength + 3} // a key and its line end, and one more to tell what is longer
	defer func() { clear(output.kept) }()
	cmd := exec.CommandContext(ctx, c.KeyCommand[0], c.KeyCommand[1:]...)
	cmd.Env = p.env.without(secrets...)
	cmd.Stdout, cmd.Stderr = output, words
	cmd.WaitDelay = time.Second // for what it started and left behind with our pipes
	err := cmd.Run()
	words.flush()
	failed := func(format string, args ...any) (api.Secret, error) {
		return api.Secret{}, &exitError{exitNeedsSignIn, fmt.Errorf("the key_command of the context "+c.Name+" "+format, args...)}
	}
	name := api.Clean(c.KeyCommand[0])
	var exit *exec.ExitError
	switch {
	case errors.Is(context.Cause(ctx), errNoKeyInTime):
		return failed("did not end within %v: run %s by hand to see what it waits for", limit, name)
	case ctx.Err() != nil:
		return api.Secret{}, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return failed("cannot be run: there is no program %s in PATH; install it, or write where it is", name)
	case errors.As(err, &exit):
		return failed("failed (%s %s): run it by hand to see why", name, exit.ProcessState)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return failed("cannot be run (%s: %w): check its name and permissions", name, plainPathError(err))
	}
	text := strings.TrimRight(string(output.kept), "\r\n")
	if err := api.CheckKey(text); err != nil {
		return failed("printed no API key (%w): it must print the key alone", err)
	}
	return api.NewSecret(text), nil
}

var errNoKeyInTime = errors.New("no key in time")

// firstBytes keeps the first bytes that are written to it.
type firstBytes struct {
	limit int
	kept  []byte
}

func (b *firstBytes) Write(p []byte) (int, error) {
	if b.kept == nil {
		b.kept = make([]byte, 0, b.limit) // never grows, so there is one copy to clear
	}
	b.kept = append(b.kept, p[:min(len(p), b.limit-len(b.kept))]...)
	return len(p), nil
}

// cleanWriter passes on lines without anything in them that could harm a
// terminal or be a key.
type cleanWriter struct {
	to   io.Writer
	line []byte
	sent int
}

// What a program may say before it is taken for one that has gone mad, in bytes.
const (
	maxProgramLine  = 4 << 10
	maxProgramWords = 64 << 10
)

func (w *cleanWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		before, after, ended := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, before[:min(len(before), max(maxProgramLine-len(w.line), 0))]...)
		if rest = after; ended {
			w.flush()
		}
	}
	return len(p), nil
}

// flush passes on what has not ended with a line break.
func (w *cleanWriter) flush() {
	text := bytes.TrimRight(w.line, "\r")
	if w.line = w.line[:0]; len(text) == 0 || w.sent > maxProgramWords {
		return
	}
	w.sent += len(text)
	_, _ = fmt.Fprintln(w.to, api.RedactKeys(api.Clean(string(text))))
}
