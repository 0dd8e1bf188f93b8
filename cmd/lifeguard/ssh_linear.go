package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/sshd"
)

// linearName is the command of a session that chooses the console line by line.
const linearName = "linear"

// linearCommand is the console line by line over SSH, for whoever asks for it and for
// terminals that cannot be drawn on.
func (s *sshService) linearCommand(session *sshd.Session) *cobra.Command {
	return &cobra.Command{
		Use:   linearName,
		Short: "The console as questions and answers, a line at a time",
		Long: "The console as questions and answers, a line at a time, for screen readers. Connect with ssh -t, so that\n" +
			"what is typed is shown; lines can also come through a pipe. On a terminal with TERM=dumb it is chosen by itself.",
		Example: "ssh -t keys.example.com " + linearName,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.linear(cmd.Context(), session) },
	}
}

// linear runs it. Whoever interrupts it ends the session.
func (s *sshService) linear(ctx context.Context, session *sshd.Session) error {
	c, err := s.client(session, client.WithVia(via("console")))
	if err != nil {
		return err
	}
	defer c.Close()
	running, interrupt := context.WithCancel(ctx)
	defer interrupt()
	options := s.consoleOptions(running, session, c)
	options.Notice = s.undelivered(running, session)
	lines := lineConsole{
		in: session.Lines(interrupt), out: session.Stdout, typed: session.Terminal, notices: session.Notices,
		signIn: "connect again",
	}
	linear, err := lines.run(running, options)
	s.noteUndelivered(session, linear.Model())
	if err != nil {
		return err
	}
	if err = lines.ended(running, linear); ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // sshd says why
	}
	return err
}
