package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

var errNobodyToAsk = errors.New("nothing was changed: there is nobody to ask here, so say --yes")

// canAsk reports whether there is a person to ask, who wants to be asked.
func (p process) canAsk(flags connectFlags) bool {
	return !flags.noInput && isTerminal(p.stdin) && isTerminal(p.stderr)
}

// agree asks a question and goes on with a yes alone. Where there is nobody to
// ask it is an error that names --yes.
func (p process) agree(ctx context.Context, flags connectFlags, question string) error {
	if !p.canAsk(flags) {
		return errNobodyToAsk
	}
	yes, err := p.confirm(ctx, question)
	if err == nil && !yes {
		err = errNothingChanged
	}
	return err
}

var errNothingChanged = &exitError{exitCancelled, errors.New("nothing was changed")}

// confirm asks a question at the terminal. Only y and yes are yes.
func (p process) confirm(ctx context.Context, question string) (bool, error) {
	answer, err := p.ask(ctx, question+" [y/N] ")
	if errors.Is(err, errNothingChanged) {
		return false, nil
	}
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// ask asks for a line at the terminal. Without one, at the end of the input, it
// is errNothingChanged.
func (p process) ask(ctx context.Context, question string) (string, error) {
	if _, err := fmt.Fprint(p.stderr, question); err != nil {
		return "", err
	}
	type answer struct {
		line string
		err  error
	}
	// A read of the terminal cannot be ended: whoever interrupts leaves it behind.
	answers := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(p.stdin).ReadString('\n')
		answers <- answer{strings.TrimSpace(line), err}
	}()
	select {
	case a := <-answers:
		if a.line == "" && errors.Is(a.err, io.EOF) {
			_, _ = fmt.Fprintln(p.stderr)
			return "", errNothingChanged
		}
		return a.line, nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.stderr)
		return "", ctx.Err()
	}
}
