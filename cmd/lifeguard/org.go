package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/orgfile"
)

func orgCommand(p process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "org",
		Short: "Keep roles, teams, users and memberships in a file",
		Long: "The organization as one YAML file: its roles, its teams with their members, and its users. export writes what\n" +
			"there is, apply makes the organization as the file says. Service accounts are no part of it.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(orgExportCommand(p), orgApplyCommand(p))
	return cmd
}

func orgExportCommand(p process) *cobra.Command {
	flags := connectFlags{command: "org export"}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the organization as a file",
		Long: "Prints every role that is not the system's, every team with its members, and every user, as YAML that\n" +
			"lifeguard org apply takes. Without a server it is the organization of the authority on this machine.",
		Example: "lifeguard org export > org.yaml",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withClient(cmd.Context(), p, flags, func(c *client.Client) error {
				organization, err := c.Organization(cmd.Context())
				if err != nil {
					return err
				}
				text, err := orgfile.Format(organization)
				if err == nil {
					_, err = p.stdout.Write(append([]byte(orgHeading), text...))
				}
				return err
			})
		},
	}
	flags.registerVerb(cmd, p)
	return cmd
}

const orgHeading = "# Who may do what. To make the organization as this file says: lifeguard org apply -f FILE\n" +
	"# What is taken out here is deleted there. Service accounts are no part of this.\n"

type orgApplyFlags struct {
	connect             connectFlags
	file                string
	dryRun, yes, asJSON bool
}

func orgApplyCommand(p process) *cobra.Command {
	flags := orgApplyFlags{connect: connectFlags{command: "org apply"}}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Make the organization as a file says",
		Long: "Prints what would change, + for what is made, ~ for what is changed and - for what is deleted, and asks before\n" +
			"it changes anything. It changes all of it or nothing. If somebody else changes the organization in between,\n" +
			"nothing is done: look at the new plan then. Where there is no terminal to ask at, and with --json, changes need\n" +
			"--yes. What is not in the file is deleted, but for service accounts, which it never touches: a team that has\n" +
			"some is not deleted, and the plan is refused.\n\n" +
			"Exit codes: 0 it is as the file says, or would be with --dry-run; 1 it failed or was refused, and nothing was\n" +
			"changed; 2 you said no; 4 it needs a key to sign in with.",
		Example: "lifeguard org apply -f org.yaml --dry-run\n" +
			"lifeguard org apply -f org.yaml --yes --server https://keys.example.com",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "file"); err != nil {
				return err
			}
			if flags.yes && flags.dryRun {
				return flagError(cmd, errors.New("--yes and --dry-run exclude each other"))
			}
			file, err := p.readOrganization(flags.file)
			if err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return applyOrganization(cmd.Context(), p, flags, file, c)
			})
		},
	}
	flags.connect.registerVerb(cmd, p)
	set := cmd.Flags()
	set.StringVarP(&flags.file, "file", "f", "", "the file; - is standard input")
	set.BoolVar(&flags.dryRun, "dry-run", false, "print the plan and change nothing")
	set.BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	set.BoolVar(&flags.asJSON, "json", false, "print the plan as JSON")
	return cmd
}

// readOrganization reads a file.
func (p process) readOrganization(path string) (orgfile.File, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(io.LimitReader(p.stdin, api.MaxOrganization+1))
	} else {
		text, err = readAtMost(path, api.MaxOrganization+1)
	}
	switch {
	case err != nil:
		return orgfile.File{}, fmt.Errorf("the file %s cannot be read: %w", fileName(path), plainPathError(err))
	case len(text) > api.MaxOrganization:
		return orgfile.File{}, fmt.Errorf("the file %s has more than %d MiB, which is too large for one change", fileName(path), api.MaxOrganization>>20)
	}
	file, err := orgfile.Parse(text)
	var problems orgfile.Problems
	if errors.As(err, &problems) {
		err = &orgFileError{fileName(path), problems}
	}
	return file, err
}

func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, limit))
}

// orgFileError is a file with mistakes in it.
type orgFileError struct {
	path     string
	problems orgfile.Problems
}

func (e *orgFileError) Error() string { return e.path + ": " + e.problems.Error() }

// Lines has each mistake with its place.
func (e *orgFileError) Lines() []string {
	lines := make([]string, 0, len(e.problems))
	for _, problem := range e.problems {
		place := e.path
		if problem.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, problem.Line)
		}
		lines = append(lines, api.Clean(place+": "+problem.Message))
	}
	return lines
}

func fileName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

func applyOrganization(ctx context.Context, p process, flags orgApplyFlags, file orgfile.File, c *client.Client) error {
	plan, err := c.PlanOrganization(ctx, file.Organization)
	if err != nil {
		return refusedFile(flags.file, file, err)
	}
	if !flags.asJSON {
		if err := p.printPlan(plan, flags.connect); err != nil {
			return err
		}
	}
	if len(plan.Changes) > 0 && !flags.dryRun {
		if err := p.agreed(ctx, flags, c.Name()); err != nil {
			return err
		}
		done, err := c.ApplyOrganization(ctx, file.Organization, plan.ETag)
		if err != nil {
			return refusedFile(flags.file, file, err)
		}
		plan = done
		if _, err := fmt.Fprintf(p.stderr, "Done: %s is as the file says.\n", c.Name()); err != nil {
			return err
		}
	}
	if !flags.asJSON {
		return nil
	}
	text, err := json.Marshal(plan)
	if err == nil {
		_, err = p.stdout.Write(append(text, '\n'))
	}
	return err
}

// agreed asks whether to go on, unless that was said.
func (p process) agreed(ctx context.Context, flags orgApplyFlags, where string) error {
	if flags.yes {
		return nil
	}
	if flags.asJSON || flags.file == "-" {
		return errNobodyToAsk
	}
	return p.agree(ctx, flags.connect, "Make these changes at "+where+"?")
}

// refusedFile says what a refusal means for the file.
func refusedFile(path string, file orgfile.File, err error) error {
	var failure *api.Error
	if !errors.As(err, &failure) {
		return err
	}
	if problems := file.Locate(failure.Fields); len(problems) > 0 {
		return &orgFileError{fileName(path), problems}
	}
	switch {
	case errors.Is(err, api.ErrPreconditionFailed):
		return fmt.Errorf("somebody changed the organization in the meantime, and nothing was done: run the same command again and look at the new plan (%w)", err)
	case failure.Lost:
		return fmt.Errorf("%w; the changes may have been made or not: run the same command again, it changes what is left", err)
	}
	return err
}
