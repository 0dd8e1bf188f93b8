package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/seal"
)

type createFlags struct {
	connect connectFlags
	delivery
	team, name string
	asJSON     bool
	// sealTo names the recipients, which are read into recipients before anything
	// is made.
	sealTo     []string
	recipients seal.Recipients
}

func createCommand(p process) *cobra.Command {
	flags := createFlags{connect: connectFlags{command: "create"}}
	cmd := &cobra.Command{
		Use:   "create --team TEAM --name NAME",
		Short: "Make a service account with its API key",
		Long: "Makes a service account in a team, whose permissions it inherits, and prints its API key alone on standard\n" +
			"output, this once; words go to standard error." +
			p.here(" --key-file writes the key to a file that only you can read\n"+
				"instead. At a terminal it asks for what is left out.") + "\n\n" +
			"A lost answer is asked for again: there is one account. Where the key cannot be handed over, the account is\n" +
			"deleted again. A pipeline that repeats its steps gives an --idempotency-key of its own, and the same one each\n" +
			"time: while the key was never used, and for 24 hours, it gets the same account with a fresh key.\n\n" +
			"With --seal-to the key is encrypted to those who are named, with age, and nobody sees it: what is printed or\n" +
			"written is ASCII armor, which age -d -i KEY-FILE opens. The audit log says so. A recipient is an SSH public key\n" +
			"(ssh-ed25519 or ssh-rsa, as in a .pub file) or an age recipient (age1…)" + p.here("; @FILE has one of them a line") + ".",
		Example: "lifeguard create --team platform --name ci-deploy > ci.key\n" +
			"lifeguard create --team platform --name ci-deploy --key-file ci.key --server https://keys.example.com\n" +
			"lifeguard create --team platform --name ci-deploy --json | vault kv put secret/ci -\n" +
			"lifeguard create --team platform --name ci-deploy --seal-to @eve.pub --key-file ci.key.age",
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
					return fmt.Errorf("nothing was made: %w", err)
				}
			}
			if err := flags.prepare(cmd); err != nil {
				return err
			}
			if len(flags.sealTo) > 0 {
				var err error
				if flags.recipients, err = seal.Parse(strings.Join(flags.sealTo, "\n"), p.openNamed); err != nil {
					return fmt.Errorf("nothing was made: --seal-to: %w", err)
				}
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.create(cmd.Context(), c, flags)
			})
		},
	}
	flags.connect.registerVerb(cmd, p)
	flags.register(cmd, p)
	cmd.Flags().StringVar(&flags.team, "team", "", "name or id of the team whose permissions it inherits")
	cmd.Flags().StringVar(&flags.name, "name", "", "name of the service account")
	cmd.Flags().StringArrayVar(&flags.sealTo, "seal-to", nil, "encrypt the key to this recipient: 'ssh-ed25519 …', 'ssh-rsa …', age1… or @FILE; may be repeated")
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
			_, _ = fmt.Fprintf(p.stderr, "This does not do: %v.\n", err)
			flags.name = ""
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	created, err := repeatLost(ctx, func(ctx context.Context) (api.CreatedServiceAccount, error) {
		request := api.CreateServiceAccount{Name: flags.name, TeamID: team.ID, SealedTo: flags.recipients.Fingerprints()}
		return c.CreateServiceAccount(ctx, request, flags.idempotencyKey)
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
	where, err := "", ctx.Err()
	code := exitFailed
	if err == nil {
		where, err = flags.give(p, created)
	} else {
		err, code = errInterrupted, exitCancelled
	}
	if err == nil {
		after := "it is shown this once."
		if flags.recipients != nil {
			file := cmp.Or(flags.keyFile, "FILE")
			after = "sealed to " + flags.recipients.Names() + " and shown to nobody: " + flags.recipients.Opening(file)
		}
		_, _ = fmt.Fprintf(p.stderr, "%s the API key of %s in %s, %s; %s\n", where, account.Name, account.Team.Name, account.Key.Hint, after)
		return nil // the key has arrived, whatever becomes of the words
	}
	if flags.repeatable {
		return &exitError{code, fmt.Errorf("the service account %s (%s) was made and its key could not be handed over (%w): repeat the command with the same --idempotency-key", account.Name, account.ID, err)}
	}
	// Also when the person has given up: nobody would know of it.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), client.DefaultTimeout)
	defer cancel()
	if failed := c.DeleteServiceAccount(ending, account.ID); failed != nil && !errors.Is(failed, api.ErrNotFound) {
		return fmt.Errorf("the service account %s (%s) was made, and its key could not be handed over (%w): "+
			"nobody has it, and the account could not be deleted again (%v): %s, or delete the account",
			account.Name, account.ID, err, failed, flags.again())
	}
	return &exitError{code, fmt.Errorf("the key could not be handed over (%w), so the service account %s was deleted again: nothing is left of it", err, account.Name)}
}

// give hands over the key, or what it becomes when it is sealed. In where it
// says what holds it.
func (f createFlags) give(p process, created api.CreatedServiceAccount) (where string, err error) {
	if f.recipients != nil {
		if created.APIKey, err = f.recipients.Seal(created.APIKey); err != nil {
			return "", err
		}
	}
	if f.asJSON {
		return "The object on standard output holds", plainPathError(deliver(p.stdout, createdJSON(created, f.recipients)))
	}
	where, err = f.handOver(p, created.APIKey)
	if f.recipients != nil && f.keyFile == "" {
		where = "The text on standard output"
	}
	return where + " is", err
}

// createdJSON is the only output of --json with a key in it.
func createdJSON(created api.CreatedServiceAccount, sealTo seal.Recipients) string {
	object := struct {
		ServiceAccount api.ServiceAccount `json:"service_account"`
		APIKey         string             `json:"api_key,omitempty"`
		Sealed         string             `json:"sealed_api_key,omitempty"`
		SealedTo       []string           `json:"sealed_to,omitempty"`
		Replayed       bool               `json:"replayed"`
	}{ServiceAccount: created.ServiceAccount, APIKey: created.APIKey.Reveal(), Replayed: created.Replayed}
	if sealTo != nil {
		object.APIKey, object.Sealed, object.SealedTo = "", object.APIKey+"\n", sealTo.Fingerprints()
	}
	text, _ := json.Marshal(object) // texts and times: it cannot fail
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
