package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// Limits of a completion, for which a person waits at the shell's prompt.
const (
	completionLimit = time.Second
	mostCompletions = 200
)

// errNotUnattended is why something is not done for a completion.
var errNotUnattended = errors.New("this is not done without somebody who asked for it")

// completer completes what shells ask for. Where something cannot be known
// within the limit there is nothing to complete: nobody is asked, nothing is
// said, and nothing is made.
type completer struct{ p process }

// addCompletions lets shells complete flags and arguments of all commands: names
// from the server and the configuration, and files only where one is meant.
func addCompletions(root *cobra.Command, p process) {
	c := completer{p}
	var columns, themes []string
	for _, column := range selection.Columns {
		columns = append(columns, column.ID)
	}
	for _, theme := range styles.Themes() {
		themes = append(themes, string(theme))
	}
	fixed := func(words ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	flags := map[string]cobra.CompletionFunc{
		"context": c.contexts, "view": c.views, "team": c.teams, "email": c.emails,
		"sort": fixed(columns...), "theme": fixed(themes...), "store": fixed("keyring", "file"), "format": fixed("ocsf"),
		"actor-type": fixed(string(api.IdentityUser), string(api.IdentityServiceAccount), string(api.IdentityAnonymous), string(api.IdentitySystem)),
	}
	files := []string{"config", "ca-file", "key-file", "tls-cert", "tls-key", "ssh-host-key", "file", "add"}
	arguments := map[string]cobra.CompletionFunc{
		"lifeguard get": c.accounts, "lifeguard delete": c.accounts, "lifeguard context use": first(c.contexts), "lifeguard backup": nil, "lifeguard man": nil,
	}
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			complete := flags[flag.Name]
			if complete == nil {
				complete = cobra.NoFileCompletions
			}
			if !slices.Contains(files, flag.Name) {
				_ = cmd.RegisterFlagCompletionFunc(flag.Name, complete) // it fails for flags that are not there
			}
		})
		complete, known := arguments[cmd.CommandPath()]
		if !known {
			complete = cobra.NoFileCompletions
		}
		cmd.ValidArgsFunction = complete
		for _, child := range cmd.Commands() {
			add(child)
		}
	}
	add(root)
}

// first completes the first argument only.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// connect is what the command line says so far of where to connect to.
func (c completer) connect(cmd *cobra.Command) connectFlags {
	flags := connectFlags{command: "completion", unattended: true}
	for name, value := range map[string]*string{
		"config": &flags.config, "context": &flags.context, "server": &flags.server, "ca-file": &flags.caFile, "proxy": &flags.proxy,
	} {
		if flag := cmd.Flag(name); flag != nil {
			*value = flag.Value.String()
		}
	}
	return flags
}

// offered gathers what begins with what was typed.
type offered struct {
	typed string
	words []cobra.Completion
}

// add reports whether there is room for more.
func (o *offered) add(word, description string) bool {
	if strings.HasPrefix(word, o.typed) {
		o.words = append(o.words, cobra.CompletionWithDesc(word, description))
	}
	return len(o.words) < mostCompletions
}

// ask gathers what the server knows.
func (c completer) ask(
	cmd *cobra.Command, typed string, gather func(ctx context.Context, from *client.Client, o *offered) error,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
	defer cancel()
	quiet := c.p
	quiet.stdin, quiet.stderr = strings.NewReader(""), io.Discard
	// What is in time is of use without what is not; a failure is nobody's here.
	gathered := make(chan []cobra.Completion, 1)
	go func() {
		o := offered{typed: typed}
		_ = withClient(ctx, quiet, c.connect(cmd), func(from *client.Client) error { return gather(ctx, from, &o) })
		gathered <- o.words
	}()
	select {
	case words := <-gathered:
		return words, cobra.ShellCompDirectiveNoFileComp
	case <-time.After(2 * completionLimit): // something does not heed the context
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// accounts completes the name of a service account, and an id that was begun.
func (c completer) accounts(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 || api.FindKey(typed) != "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, typed, func(ctx context.Context, from *client.Client, o *offered) error {
		filter := api.ServiceAccountFilter{Query: typed}
		id := len(typed) >= 4 && strings.Trim(typed, "0123456789abcdef-") == ""
		if id {
			filter.Query = ""
		}
		seen := map[string]bool{}
		for account, err := range from.AllServiceAccounts(ctx, filter) {
			if err != nil {
				return err
			}
			room := true
			if !seen[account.Name] {
				room = o.add(account.Name, account.Team.Name+", "+account.Key.Hint)
			}
			seen[account.Name] = true
			if id && !o.add(account.ID, account.Name+" in "+account.Team.Name) || !room {
				return nil
			}
		}
		return nil
	})
}

func (c completer) teams(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.ask(cmd, typed, func(ctx context.Context, from *client.Client, o *offered) error {
		for team, err := range from.AllTeams(ctx, api.TeamFilter{NamePrefix: typed}) {
			if err != nil || !o.add(team.Name, team.Role.Name) {
				return err
			}
		}
		return nil
	})
}

func (c completer) emails(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if cmd.Name() == "create" { // of one that is not there yet
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, typed, func(ctx context.Context, from *client.Client, o *offered) error {
		for user, err := range from.AllUsers(ctx, api.UserFilter{}) {
			if err != nil || !o.add(user.Email, user.Name) {
				return err
			}
		}
		return nil
	})
}

func (c completer) contexts(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	o := offered{typed: typed}
	if file, err := c.p.configuration(c.connect(cmd).config); err == nil {
		for _, known := range file.Contexts {
			o.add(known.Name, known.Server)
		}
	}
	return o.words, cobra.ShellCompDirectiveNoFileComp
}

func (c completer) views(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	o := offered{typed: typed}
	if file, err := c.p.configuration(c.connect(cmd).config); err == nil {
		for _, view := range file.Views {
			o.add(view.Name, view.Query)
		}
	}
	return o.words, cobra.ShellCompDirectiveNoFileComp
}

// exists refuses an authority on this machine that is not there yet: looking
// makes none.
func (h home) exists() error {
	_, err := os.Stat(h.database())
	return err
}
