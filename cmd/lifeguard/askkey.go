package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/lifeguard-keys/lifeguard/api"
)

// askKey asks for a key at the terminal, where it is not shown, or takes the
// line on standard input. What it returns is whole: a slip is found before
// anything is sent.
func (p process) askKey(ctx context.Context, server string) (api.Secret, error) {
	type read struct {
		line string
		err  error
	}
	lines := make(chan read, 1)
	if isTerminal(p.stdin) {
		terminal := int(p.stdin.(*os.File).Fd())
		// Before the prompt: whoever sees it may paste before ReadPassword hides
		// what is typed.
		restore, err := hideTyping(terminal)
		if err != nil {
			return api.Secret{}, fmt.Errorf("the terminal cannot be told to hide the key (%w): give it on standard input", err)
		}
		defer restore()
		if _, err := fmt.Fprintf(p.stderr, "Developer API key for %s (it is not shown): ", server); err != nil {
			return api.Secret{}, err
		}
		go func() {
			line, err := term.ReadPassword(terminal)
			lines <- read{string(line), err}
			clear(line)
		}()
	} else {
		go func() {
			// As much as tells a key from what is none.
			line, err := bufio.NewReader(io.LimitReader(p.stdin, 4<<10)).ReadString('\n')
			lines <- read{line, err}
		}()
	}
	// A read of the terminal cannot be ended: whoever interrupts leaves it behind.
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.stderr)
		return api.Secret{}, ctx.Err()
	case answer := <-lines:
		if isTerminal(p.stdin) {
			_, _ = fmt.Fprintln(p.stderr) // the line break was hidden too
		}
		text := strings.TrimSpace(answer.line)
		if text == "" && answer.err != nil && !errors.Is(answer.err, io.EOF) {
			return api.Secret{}, fmt.Errorf("read the key: %w", plainPathError(answer.err))
		}
		if err := api.CheckKey(text); err != nil {
			return api.Secret{}, &exitError{exitNeedsSignIn, fmt.Errorf("nothing was sent and nothing was kept: %w", err)}
		}
		return api.NewSecret(text), nil
	}
}
