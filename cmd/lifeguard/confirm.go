package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

var errNobodyToAsk = errors.New("nothing was changed: there is nobody to ask here, so say --yes")

// agree asks a question and goes on with a yes alone. Where there is nobody to
// ask it is an error that names --yes.
func (p process) agree(ctx context.Context, question string) error {
	if !isTerminal(p.stdin) || !isTerminal(p.stderr) {
		return errNobodyToAsk
	}
	yes, err := p.confirm(ctx, question)
	if err == nil && !yes {
		err = &exitError{exitCancelled, errors.New("nothing was changed")}
	}
	return err
}

// confirm asks a question at the terminal. Only y and yes are yes.
func (p process) confirm(ctx context.Context, question string) (bool, error) {
	if _, err := fmt.Fprint(p.stderr, question+" [y/N] "); err != nil {
		return false, err
	}
	// A read of the terminal cannot be ended: whoever interrupts leaves it behind.
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.stdin).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.stderr)
		return false, ctx.Err()
	}
}
