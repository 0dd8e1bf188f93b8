package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

type createFlags struct {
	connect connectFlags
	delivery
	team, name string
	asJSON     bool
}

func createCommand(p process) *cobra.Command {
	flags := createFlags{connect: connectFlags{command: "create"}}
	cmd := &cobra.Command{
		Use:   "create --team TEAM --name NAME",
		Short: "Make a service account with its API key",
		Long: "Makes a service account in a team, whose permissions it inherits, and prints its API key alone on standard\n" +
			"output, this once; words go to standard error. --key-file writes the key to a file that only you can read\n" +
			"instead. At a terminal it asks for what is left out.\n\n" +
			"A lost answer is asked for again: there is one account. Where the key cannot be handed over, the account is\n" +
			"deleted again. A pipeline that repeats its steps gives an --idempotency-key of its own, and the same one each\n" +
			"time: while the key was never used, and for 24 hours, it gets the same account with a fresh key.",
		Example: "lifeguard create --team platform --name ci-deploy > ci.key\n" +
			"lifeguard create --team platform --name ci-deploy --key-file ci.key --server https://keys.example.com\n" +
			"lifeguard create --team platform --name ci-deploy --json | vault kv put secret/ci -",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.asJSON && flags.keyFile != "" {
				return flagError(cmd, errors.New("--json and --key-file exclude each other: --json prints the key"))
			}
			ask := p.canAsk(flags.connect)
			if !ask {
				if err := required(cmd, "team", "name"); err != nil {
					return err
				}
			}
			if flags.name != "" {
				if err := api.CheckName(flags.name); err != nil {
					return fmt.Errorf("nothing was made: the name %w", err)
				}
			}
			if err := flags.prepare(); err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.create(cmd.Context(), c, flags)
			})
		},
	}
	flags.connect.registerVerb(cmd)
	flags.register(cmd)
	cmd.Flags().StringVar(&flags.team, "team", "", "name or id of the team whose permissions it inherits")
	cmd.Flags().StringVar(&flags.name, "name", "", "name of the service account")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print the service account and its key as one JSON object")
	return cmd
}

func (p process) create(ctx context.Context, c *client.Client, flags createFlags) error {
	team, err := p.teamFor(ctx, c, flags.team)
	if err != nil {
		return err
	}
	for flags.name == "" {
		if flags.name, err = p.ask(ctx, "Name of the service account: "); err != nil {
			return err
		}
		if err := api.CheckName(flags.name); err != nil {
			_, _ = fmt.Fprintf(p.stderr, "The name %v.\n", err)
			flags.name = ""
		}
	}
	created, err := repeatLost(ctx, func() (api.CreatedServiceAccount, error) {
		return c.CreateServiceAccount(ctx, api.CreateServiceAccount{Name: flags.name, TeamID: team.ID}, flags.idempotencyKey)
	})
	var failure *api.Error
	switch {
	case errors.As(err, &failure) && failure.Lost:
		return fmt.Errorf("%w; the service account may have been made: %s", err, flags.again())
	case err != nil:
		return err
	}
	defer created.APIKey.Destroy()
	return p.handOverCreated(ctx, c, flags, created)
}

// handOverCreated hands the key of a new account over. One that cannot be
// handed over ends with its account, unless the caller can repeat the command.
func (p process) handOverCreated(ctx context.Context, c *client.Client, flags createFlags, created api.CreatedServiceAccount) error {
	account := created.ServiceAccount
	where, err := "The object on standard output", error(nil)
	if flags.asJSON {
		err = plainPathError(deliver(p.stdout, createdJSON(created)))
	} else {
		where, err = flags.handOver(p, created.APIKey)
	}
	if err == nil {
		holds := "is"
		if flags.asJSON {
			holds = "holds"
		}
		_, err = fmt.Fprintf(p.stderr, "%s %s the API key of %s in %s, %s; it is shown this once.\n",
			where, holds, account.Name, account.Team.Name, account.Key.Hint)
		return err
	}
	if flags.repeatable {
		return fmt.Errorf("the service account %s (%s) was made and its key could not be handed over (%w): repeat the command with the same --idempotency-key", account.Name, account.ID, err)
	}
	// Also when the person has given up: nobody would know of it.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), client.DefaultTimeout)
	defer cancel()
	if failed := c.DeleteServiceAccount(ending, account.ID); failed != nil && !errors.Is(failed, api.ErrNotFound) {
		return fmt.Errorf("the service account %s (%s) was made, and its key could not be handed over (%w): "+
			"nobody has it, and the account could not be deleted again (%v): %s, or delete the account",
			account.Name, account.ID, err, failed, flags.again())
	}
	return fmt.Errorf("the key could not be handed over (%w), so the service account %s was deleted again: nothing is left of it", err, account.Name)
}

// createdJSON is the only output of --json with a key in it.
func createdJSON(created api.CreatedServiceAccount) string {
	text, _ := json.Marshal(struct { // texts and times: it cannot fail
		ServiceAccount api.ServiceAccount `json:"service_account"`
		APIKey         string             `json:"api_key"`
		Replayed       bool               `json:"replayed"`
	}{created.ServiceAccount, created.APIKey.Reveal(), created.Replayed})
	return string(text) + "\n"
}

// teamFor finds a team by its name or id, or asks for one.
func (p process) teamFor(ctx context.Context, c *client.Client, named string) (api.Team, error) {
	if named == "" {
		return p.chooseTeam(ctx, c)
	}
	list, err := c.Teams(ctx, api.TeamFilter{Name: named}, api.ListOptions{PageSize: 1})
	if err != nil {
		return api.Team{}, err
	}
	if len(list.Teams) > 0 {
		return list.Teams[0], nil
	}
	// A malformed id is not found either, as the contract has it.
	team, err := c.Team(ctx, named)
	if errors.Is(err, api.ErrNotFound) {
		return team, fmt.Errorf("%s has no team %q: lifeguard teams shows those there are", c.Name(), named)
	}
	return team, err
}

// chooseTeam lets a person choose among the teams, by number or name.
func (p process) chooseTeam(ctx context.Context, c *client.Client) (api.Team, error) {
	var teams []api.Team
	var lines strings.Builder
	for team, err := range c.AllTeams(ctx, api.TeamFilter{}) {
		if err != nil {
			return team, err
		}
		teams = append(teams, team)
		fmt.Fprintf(&lines, "%4d  %s (%s)\n", len(teams), team.Name, team.Role.Name)
	}
	if len(teams) == 0 {
		return api.Team{}, fmt.Errorf("%s has no team yet, and a service account needs one", c.Name())
	}
	if _, err := fmt.Fprint(p.stderr, "The service account inherits the permissions of its team.\n"+lines.String()); err != nil {
		return api.Team{}, err
	}
	for {
		answer, err := p.ask(ctx, "Team, by number or name: ")
		if err != nil {
			return api.Team{}, err
		}
		for i, team := range teams {
			if answer == strconv.Itoa(i+1) || answer == team.Name || answer == team.ID {
				return team, nil
			}
		}
		if answer != "" {
			_, _ = fmt.Fprintln(p.stderr, "There is no such team.")
		}
	}
}
