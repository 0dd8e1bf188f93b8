package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// framesPerSecond is how often the renderer looks for a changed view. Most of
// the time between a key press and its effect on the screen is this wait.
const framesPerSecond = 120

// consoleCommand is the program's root: without a command it opens the console.
func consoleCommand(p process) *cobra.Command {
	var flags connectFlags
	cmd := &cobra.Command{
		Use:   "lifeguard",
		Short: "A terminal console for service-account API keys",
		Long: "A terminal console for service-account API keys.\n\n" +
			"Without a server it works on an authority of your own, kept on this machine. With --server, or " + envServer + "\n" +
			"in the environment, it works on that one, with the API key in " + envAPIKey + ". Servers that are used often get\n" +
			"a name in the configuration, and --context chooses one: see lifeguard config --help.",
		Example: "lifeguard\n" + envAPIKey + "=ps-… lifeguard --server https://keys.example.com",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAuditDays(cmd, flags.auditDays); err != nil {
				return err
			}
			resolved, err := flags.resolve(cmd.Context(), p)
			if err != nil {
				return err
			}
			ctx, stop := untilHangup(cmd.Context())
			defer stop()
			return console(ctx, p, resolved)
		},
	}
	flags.register(cmd)
	flags.registerLook(cmd)
	cmd.Flags().BoolVar(&flags.production, "production", false, "mark the server as the one that counts, in colour and in words")
	registerAuditDays(cmd, &flags.auditDays, " of the authority on this machine")
	return cmd
}

func console(ctx context.Context, p process, flags connectFlags) error {
	logger, closeLog := openLog(p.env)
	defer closeLog()
	if flags.server != "" {
		c, err := connectServer(flags, p.canShow(flags) == nil)
		if err != nil {
			return err
		}
		c.memory = flags.memory(p.env, "server", c.name)
		return show(ctx, p, flags, c)
	}
	if err := p.canShow(flags); err != nil {
		return err
	}
	c, err := connectEmbedded(ctx, p.home(), flags, logger)
	if err != nil {
		return err
	}
	c.memory = flags.memory(p.env, "machine", c.name)
	return show(ctx, p, flags, c)
}

// show runs the console over a connection until the person leaves it, and
// then ends the connection.
func show(ctx context.Context, p process, flags connectFlags, c connection) (err error) {
	defer func() { err = errors.Join(err, c.close()) }()
	if err := p.canShow(flags); err != nil {
		return err
	}
	first, err := c.dial(c.key)
	if err != nil {
		return err
	}
	defer first.Close()
	var mu sync.Mutex
	var later []*client.Client // of further sign-ins
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range later {
			c.Close()
		}
	}()
	begin, forgotten := c.memory.recall()
	options := tui.Options{
		Context: ctx,
		Client:  first,
		SignIn: func(key api.Secret) (tui.Client, error) {
			again, err := c.dial(key)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			later = append(later, again)
			return again, nil
		},
		ContextName:       c.name,
		Address:           c.address,
		ReadOnly:          flags.readOnly,
		SignedOut:         c.key.IsZero(),
		NextTime:          c.nextTime,
		OpenFile:          openFile,
		Production:        flags.production,
		ContextWord:       flags.word,
		ContextColor:      flags.color,
		Theme:             styles.Theme(flags.theme),
		Keys:              flags.file.Keys,
		Mouse:             flags.file.Mouse,
		WindowTitle:       flags.file.WindowTitle,
		ProgressBar:       flags.progressBar(p.env),
		Clipboard:         clipboard.New(flags.file.Clipboard, p.env.get, clipboard.Machine()),
		Clock:             time.Now,
		NewIdempotencyKey: client.NewIdempotencyKey,
		ASCII:             flags.ascii(p.env),
		Notice:            cmp.Or(c.notice, forgotten),
		Views:             flags.file.Views,
		Begin:             begin,
	}
	if p.linear(flags) {
		return p.runLinear(ctx, options, c.memory)
	}
	program := tea.NewProgram(tui.New(options),
		tea.WithInput(p.stdin),
		tea.WithOutput(p.stdout),
		tea.WithEnvironment(p.env.without(append(flags.secrets, envAPIKey, envPoolsideKey, "TMUX")...)),
		tea.WithColorProfile(p.colourProfile()),
		tea.WithFPS(framesPerSecond),
		tea.WithoutSignalHandler(),
	)
	// Not tea.WithContext: a program that is killed closes the terminal's
	// input while it is still being read. One that quits waits for that.
	defer context.AfterFunc(ctx, program.Quit)()
	ended, err := program.Run()
	if err != nil {
		return consoleError(err)
	}
	if last, ok := ended.(tui.Model); ok {
		if err := c.memory.keep(last.Remembered()); err != nil {
			_, _ = fmt.Fprintln(p.stderr, "lifeguard: "+api.Clean(err.Error())) // no reason to have failed
		}
	}
	return ctx.Err()
}

// openFile opens a file that a person named; its error leaves out the path.
func openFile(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	return file, nil
}

// untilHangup ends with the terminal: when an SSH connection breaks, what is
// temporary is still removed and what is known is still written.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

// consoleError says in one sentence why the console ended, when it was not
// asked to. The terminal is what it was by then.
func consoleError(err error) error {
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return errors.New("the console met a fault of its own and had to end; nothing that was shown as done is lost: start it again")
	default:
		return fmt.Errorf("the console cannot go on with this terminal: %w", plainPathError(err))
	}
}

// needTerminal refuses to draw into a file or to wait for keys from a pipe.
func (p process) needTerminal() error {
	for _, stream := range []struct {
		name string
		end  any
	}{{"input", p.stdin}, {"output", p.stdout}} {
		if !isTerminal(stream.end) {
			return fmt.Errorf("the console needs a terminal, and standard %s is none: run it in one, answer it line by line with --linear, or see lifeguard --help", stream.name)
		}
	}
	return nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// locale is that of letters, "" where none is set.
func (e environment) locale() string {
	return cmp.Or(e.get("LC_ALL"), e.get("LC_CTYPE"), e.get("LANG"))
}

// otherCharset reports whether the locale names a character set that is not
// UTF-8. A locale without one, such as C, says nothing: terminals of today
// show UTF-8 all the same.
func (e environment) otherCharset() bool {
	_, charset, named := strings.Cut(e.locale(), ".")
	charset, _, _ = strings.Cut(charset, "@")
	return named && !strings.EqualFold(strings.ReplaceAll(charset, "-", ""), "utf8")
}
