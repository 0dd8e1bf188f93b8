package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// The exit codes, the same as those of GitHub's gh.
const (
	exitDone        = 0 // what was asked for is done
	exitFailed      = 1 // it failed; standard error says why
	exitCancelled   = 2 // the person or a signal ended it
	exitWrongQuery  = 2 // a query was not understood, and nothing was done
	exitKeyFound    = 3 // identify --exit-code: there is a key in the log
	exitNeedsSignIn = 4 // there is no key to do it with
)

// exitCodes are what manuals and docs/scripts.md say of them.
var exitCodes = []struct {
	code  int
	means string
}{
	{exitDone, "done"},
	{exitFailed, "failed, refused, or a command line that was not understood"},
	{exitCancelled, "cancelled, the person said no, or a query that was not understood"},
	{exitKeyFound, "identify --exit-code: there is a key in the log"},
	{exitNeedsSignIn, "there is no key to sign in with, or the server refuses it"},
}

// process is what a command was started with. Commands read and write through
// it and never reach for the real process, so that a test can be one.
type process struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    environment
	// reach is the one way to an authority, for somebody who has signed in
	// elsewhere; nil where flags, the environment and the configuration say which
	// authority it is. It is never set for a process of this machine's own user.
	reach reach
}

// exitError carries the exit code that belongs to an error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// run carries out one command line and returns its exit code. It is the whole
// program but for the signals and the exit itself.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env environment) int {
	p := process{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	root := rootCommand(p)
	return execute(root, args, p, func() error {
		// Errors are told by execute.
		quiet := func(io.Writer, fang.Styles, error) {}
		return fang.Execute(ctx, root, fang.WithVersion(buildVersion()), fang.WithoutManpage(), fang.WithErrorHandler(quiet))
	})
}

// execute carries out a command line with run, tells its error on standard
// error and returns its exit code.
func execute(root *cobra.Command, args []string, p process, run func() error) int {
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	var failure error
	keepFailures(root, &failure)
	err := run()
	if failure != nil {
		err = failure
	}
	if err != nil {
		if wantsJSON(args) {
			printProblem(p.stderr, err)
		} else {
			printError(p.stderr, err)
		}
	}
	return exitCode(err)
}

// keepFailures keeps errors out of fang's hands: to style the one line that we
// print it would first ask the terminal for its background colour, and wait
// seconds for one that does not answer.
func keepFailures(cmd *cobra.Command, failure *error) {
	check, act := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		*failure = check(cmd, args)
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *failure == nil {
			*failure = act(cmd, args)
		}
		return nil
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		*failure = flagError(cmd, err)
		return nil
	})
	for _, child := range cmd.Commands() {
		keepFailures(child, failure)
	}
}

func rootCommand(p process) *cobra.Command {
	root := consoleCommand(p)
	root.AddCommand(verbs(p)...)
	root.AddCommand(
		backupCommand(p), configCommand(p), contextCommand(p), demoCommand(p), doctorCommand(p), initCommand(p), loginCommand(p), logoutCommand(p),
		manCommand(p), orgCommand(p), serveCommand(p), userCommand(p), versionCommand(p),
	)
	addCompletions(root, p)
	return root
}

func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, context.Canceled):
		return exitCancelled
	default:
		return exitFailed
	}
}

// fileMistakes is an error with a line for each mistake in a file.
type fileMistakes interface {
	error
	Lines() []string
}

var _ fileMistakes = (*config.Error)(nil)

// printError writes one calm line. A run that fails is no reason to print how
// the command is used; a command line that was not understood names the help.
func printError(w io.Writer, err error) {
	var mistakes fileMistakes
	if errors.As(err, &mistakes) && !errors.Is(err, context.Canceled) {
		for _, line := range mistakes.Lines() {
			_, _ = fmt.Fprintln(w, "lifeguard: "+api.RedactKeys(line))
		}
		return
	}
	var wrong *queryError
	if errors.As(err, &wrong) {
		_, _ = fmt.Fprint(w, wrong.underlined())
		return
	}
	_, _ = fmt.Fprintln(w, "lifeguard: "+errorLine(err))
}

// usageError is a command line that was not understood.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// noArguments refuses arguments. It says what was not understood in one line.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	what := "argument"
	if cmd.HasSubCommands() {
		what = "command"
	}
	return &usageError{command: cmd.CommandPath(), err: fmt.Errorf("there is no %s %q", what, args[0])}
}

// oneArgument wants one argument, and says what it is.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || args[0] == "":
			return &usageError{command: cmd.CommandPath(), err: fmt.Errorf("say %s", what)}
		case len(args) > 1:
			return &usageError{command: cmd.CommandPath(), err: fmt.Errorf("there is no argument %q", args[1])}
		case api.FindKey(args[0]) != "":
			return errKeyInArgument
		}
		return nil
	}
}

var errKeyInArgument = keyIn("the command line")

// keyIn is the error for a key that was put where others read it.
func keyIn(where string) error {
	return errors.New("there is an API key in " + where + ", where other users of this machine and the shell's history " +
		"can see it: give it to lifeguard identify on its standard input instead")
}

func flagError(cmd *cobra.Command, err error) error {
	return &usageError{command: cmd.CommandPath(), err: err}
}

// required refuses a command line that leaves out a flag.
func required(cmd *cobra.Command, names ...string) error {
	var missing []string
	for _, name := range names {
		if flag := cmd.Flag(name); flag.Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &usageError{command: cmd.CommandPath(), err: fmt.Errorf("missing: %s", strings.Join(missing, ", "))}
}
