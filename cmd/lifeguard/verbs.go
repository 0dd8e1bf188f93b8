package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// reach makes a client of the one authority that a command may talk to, as the
// one person that it may act as. The options come last.
type reach func(...client.Option) (*client.Client, error)

// verbs are the commands for scripts, those that work on an authority without a
// screen and need nothing else of the machine that they run on.
func verbs(p process) []*cobra.Command {
	return []*cobra.Command{
		auditCommand(p), createCommand(p), deleteCommand(p), getCommand(p), identifyCommand(p),
		listCommand(p), teamsCommand(p), whoamiCommand(p),
	}
}

// runVerbs carries out a command line of somebody who is elsewhere and has
// signed in already, and returns its exit code. There are the verbs, what is given
// beside them, and nothing else, and no verb reaches for this machine: they have no
// flags for servers, configurations or files, read no file, and start no program. Who
// they act as is p.reach's to say.
func runVerbs(ctx context.Context, args []string, p process, beside ...*cobra.Command) int {
	root := &cobra.Command{
		Use:   "lifeguard",
		Short: "Service-account API keys, without a screen",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SilenceUsage, root.SilenceErrors = true, true
	root.AddCommand(verbs(p)...)
	root.AddCommand(beside...)
	keepExamples(root)
	// Cobra answers two hidden commands on its own, for completion.
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		args = append([]string{"--"}, args...)
	}
	return execute(root, args, p, func() error { return root.ExecuteContext(ctx) })
}

// here is a part of a command's help that is about the machine that it runs on:
// whoever is elsewhere does without it.
func (p process) here(text string) string {
	if p.reach != nil {
		return ""
	}
	return text
}

var exampleFlag = regexp.MustCompile(`--([a-z-]+)`)

// keepExamples keeps those examples of a command, and of the ones below it, that
// name no flag and no file which are not there.
func keepExamples(cmd *cobra.Command) {
	var kept []string
	for line := range strings.SplitSeq(strings.ReplaceAll(cmd.Example, " --server https://keys.example.com", ""), "\n") {
		known := !strings.Contains(line, "@")
		for _, flag := range exampleFlag.FindAllStringSubmatch(line, -1) {
			known = known && cmd.Flags().Lookup(flag[1]) != nil
		}
		if known {
			kept = append(kept, line)
		}
	}
	cmd.Example = strings.Join(kept, "\n")
	for _, below := range cmd.Commands() {
		keepExamples(below)
	}
}

// withClient does work with a client of the authority that a command is about:
// the one that is reached, or the server that is named, or else the authority on
// this machine.
func withClient(ctx context.Context, p process, flags connectFlags, work func(*client.Client) error) (err error) {
	if p.reach != nil {
		c, err := p.reach(client.WithVia(via(flags.command)))
		if err != nil {
			return signInError(err)
		}
		defer c.Close()
		return signInError(work(c))
	}
	if flags, err = flags.resolve(ctx, p); err != nil {
		return err
	}
	if flags.unattended && flags.server == "" {
		if err := p.home().exists(); err != nil {
			return err
		}
	}
	var c connection
	if flags.server != "" {
		c, err = connectServer(flags, false)
	} else {
		c, err = connectEmbedded(ctx, p.home(), flags, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	dialed, err := c.dial(c.key)
	if err != nil {
		return signInError(err)
	}
	defer dialed.Close()
	err = work(dialed)
	if errors.Is(err, api.ErrUnauthorized) && flags.server != "" {
		err = &refusedKey{dialed.Name(), flags.keepKey(), err}
	}
	return signInError(err)
}

// refusedKey is the refusal of a key in words for whoever gave it. The server's
// own are for whoever writes a client.
type refusedKey struct {
	server, remedy string
	err            error
}

func (e *refusedKey) Error() string {
	text := e.server + " does not accept this key: it was mistyped or deleted, or its user is suspended"
	var failure *api.Error
	if errors.As(e.err, &failure) && failure.RequestID != "" {
		text += " (request " + failure.RequestID + ")"
	}
	return text + "; " + e.remedy
}

func (e *refusedKey) Unwrap() error { return e.err }

// openNamed opens a file that a command line names, which is one of the person's
// own machine.
func (p process) openNamed(path string) (io.ReadCloser, error) {
	if p.reach != nil {
		return nil, fmt.Errorf("files cannot be read over SSH: write out what is in it")
	}
	return openFile(path)
}
