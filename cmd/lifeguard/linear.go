package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// maxLinearLine is how long one line of answers can be, in bytes: a log that is
// pasted into it has long ones.
const maxLinearLine = 4 << 20

// linear reports whether the console is questions and answers, a line at a time. On a
// terminal that cannot be drawn on it is, whatever was asked for.
func (p process) linear(flags connectFlags) bool {
	return flags.isLinear || p.env.get("TERM") == "dumb" && p.needTerminal() == nil
}

// canShow refuses to open the console where it can neither draw nor ask.
func (p process) canShow(flags connectFlags) error {
	if p.linear(flags) {
		return nil
	}
	return p.needTerminal()
}

// runLinear runs the console line by line, on whatever standard input and output are.
func (p process) runLinear(ctx context.Context, options tui.Options, m memory) error {
	lines := lineConsole{in: p.stdin, out: p.stdout, typed: isTerminal(p.stdin), signIn: "run lifeguard login"}
	linear, err := lines.run(ctx, options)
	if err != nil {
		return err
	}
	if err := m.keep(linear.Model().Remembered()); err != nil {
		_, _ = fmt.Fprintln(p.stderr, "lifeguard: "+api.Clean(err.Error())) // no reason to have failed
	}
	return lines.ended(ctx, linear)
}

// lineConsole is the console line by line on two streams.
type lineConsole struct {
	in  io.Reader
	out io.Writer
	// typed says that a person types what comes in, at a terminal.
	typed bool
	// notices are for the person; nil for none.
	notices <-chan string
	// signIn is what to do when the server refuses the key.
	signIn string
}

// run runs it until the person leaves it, there are no more lines, or ctx ends. What
// it was then is returned with every error too.
func (c lineConsole) run(ctx context.Context, options tui.Options) (*tui.Linear, error) {
	linear := tui.NewLinear(options, c.out, c.typed)
	program := tea.NewProgram(linear,
		tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutRenderer(), tea.WithoutSignalHandler(),
		tea.WithEnvironment([]string{"TERM=dumb"}),
	)
	defer context.AfterFunc(ctx, program.Quit)()
	over := make(chan struct{})
	defer close(over)
	go c.readAnswers(linear, program, over)
	go c.passNotices(program, over)
	if _, err := program.Run(); err != nil {
		return linear, consoleError(err)
	}
	return linear, nil
}

// ended says how it ended, nil for as it should.
func (c lineConsole) ended(ctx context.Context, linear *tui.Linear) error {
	if err := ctx.Err(); err != nil {
		_, _ = fmt.Fprintln(c.out)
		if accounts, creates := linear.Model().Undelivered(); len(accounts)+len(creates) > 0 {
			return errKeyNotTaken
		}
		return err
	}
	switch linear.Ended() {
	case tui.LinearKeyLost:
		return errKeyNotTaken
	case tui.LinearUnfinished:
		return &exitError{exitCancelled, errors.New("the input ended in the middle of a question, and nothing was done for it")}
	case tui.LinearSignedOut:
		return &exitError{exitNeedsSignIn, errors.New("the server refuses the key: " + c.signIn)}
	default:
		return nil
	}
}

var errKeyNotTaken = &exitError{exitFailed, errors.New("a new key was not taken by anybody who said so: if it was not kept, delete its account and make another")}

// readAnswers hands lines over, each when it is waited for, so that a file of them is
// not read ahead. What a person types is handed over at once: it may stop something.
func (c lineConsole) readAnswers(linear *tui.Linear, program *tea.Program, over <-chan struct{}) {
	lines := bufio.NewScanner(c.in)
	lines.Buffer(make([]byte, 0, 4096), maxLinearLine)
	for {
		if !c.typed {
			select {
			case <-linear.Ready():
			case <-over:
				return
			}
		}
		if !lines.Scan() {
			break
		}
		program.Send(tui.LineMsg(lines.Text()))
	}
	program.Send(tui.LinesEndedMsg{})
}

func (c lineConsole) passNotices(program *tea.Program, over <-chan struct{}) {
	for {
		select {
		case notice := <-c.notices:
			program.Send(tui.NoticeMsg(notice))
		case <-over:
			return
		}
	}
}
