package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
	"github.com/lifeguard-keys/lifeguard/sshd"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// console is a session at a terminal.
func (s *sshService) console(ctx context.Context, session *sshd.Session) int {
	switch {
	case !session.Terminal:
		_, _ = fmt.Fprintln(session.Stderr, "lifeguard: the console needs a terminal: connect with ssh -t, or give a command, such as list, or linear to answer it line by line")
		return exitCancelled
	case session.Term == "" || session.Term == "dumb":
		return s.command(ctx, session, linearName)
	}
	c, err := s.client(session, client.WithVia(via("console")))
	if err != nil {
		_, _ = fmt.Fprintln(session.Stderr, "lifeguard: "+api.Clean(err.Error()))
		return exitFailed
	}
	defer c.Close()
	program := tea.NewProgram(tui.New(s.consoleOptions(ctx, session, c)), append(session.ProgramOptions(), tea.WithFPS(framesPerSecond))...)
	// Not tea.WithContext: see show.
	defer context.AfterFunc(ctx, program.Quit)()
	over := make(chan struct{})
	defer close(over)
	go func() {
		if notice := s.undelivered(ctx, session); notice != "" {
			program.Send(tui.NoticeMsg(notice))
		}
		for {
			select {
			case size := <-session.Resized:
				size = size.OrUsual()
				program.Send(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
			case notice := <-session.Notices:
				program.Send(tui.NoticeMsg(notice))
			case <-over:
				return
			}
		}
	}()
	ended, err := program.Run()
	if last, ok := ended.(tui.Model); ok {
		s.noteUndelivered(session, last)
	}
	if err != nil && ctx.Err() == nil {
		_, _ = fmt.Fprintln(session.Stderr, "lifeguard: "+api.Clean(consoleError(err).Error()))
		return exitFailed
	}
	return exitDone
}

// consoleOptions are those of a console whose person is at the other end.
func (s *sshService) consoleOptions(ctx context.Context, session *sshd.Session, c *client.Client) tui.Options {
	flags := connectFlags{file: config.Default()}
	env := environment(session.Env())
	return tui.Options{
		Context: ctx,
		Client:  c,
		SignIn: func(api.Secret) (tui.Client, error) {
			return nil, &api.Error{Kind: api.KindLocal, Detail: "over SSH you sign in with your SSH key: leave, and connect again"}
		},
		ContextName: api.Clean(s.organization),
		Address:     "over SSH",
		Theme:       flags.file.Theme,
		WindowTitle: flags.file.WindowTitle,
		ProgressBar: flags.progressBar(env),
		ASCII:       flags.ascii(env),
		NoFiles:     true,
		// The clipboard is the person's terminal's, never this machine's.
		Clipboard:         clipboard.New(clipboard.Auto, env.get, nil),
		Clock:             time.Now,
		NewIdempotencyKey: client.NewIdempotencyKey,
	}
}

// noteUndelivered writes down which new keys may not have reached their person.
func (s *sshService) noteUndelivered(session *sshd.Session, last tui.Model) {
	accounts, creates := last.Undelivered()
	if len(accounts)+len(creates) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), undeliveredTime)
	defer cancel()
	if err := s.authority.KeysUndelivered(ctx, loginOf(session.Person), hostOf(session.From), accounts, creates); err != nil {
		s.logger.Error("an undelivered key could not be noted", "user_id", session.Person.ID, "error", api.RedactKeys(err.Error()))
	}
}

// undeliveredTime bounds what is done about undelivered keys.
const undeliveredTime = 10 * time.Second

// undelivered is what a person is told, when they sign in, of keys that may not
// have reached them the last time, or "".
func (s *sshService) undelivered(ctx context.Context, session *sshd.Session) string {
	ctx, cancel := context.WithTimeout(ctx, undeliveredTime)
	defer cancel()
	accounts, err := s.authority.UndeliveredKeys(ctx, loginOf(session.Person))
	if err != nil {
		return "" // the console says itself that the database does not answer
	}
	var names []string
	for _, account := range accounts {
		names = append(names, api.Clean(account.Name))
	}
	switch n := len(names); {
	case n == 0:
		return ""
	case n == 1:
		return "The key of " + names[0] + " may not have reached you: it was never used. Delete it and make another."
	case n <= 3:
		return "The keys of " + strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " may not have reached you: they were never used. Delete them and make others."
	default:
		return fmt.Sprintf("The keys of %s and %d others may not have reached you: they were never used. Delete them and make others.", names[0], n-1)
	}
}
