package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

type deleteFlags struct {
	connect connectFlags
	confirm string
	asJSON  bool
}

func deleteCommand(p process) *cobra.Command {
	flags := deleteFlags{connect: connectFlags{command: "delete"}}
	cmd := &cobra.Command{
		Use:   "delete ID|NAME",
		Short: "Delete a service account with its API key",
		Long: "Deletes one service account. Its key is refused from the moment of the answer; this cannot be undone. A name is\n" +
			"enough where no other account has it. It says what would be deleted and asks first; the name has to be typed\n" +
			"where the key was used within the last 24 hours. Where there is no terminal, and with --no-input, it wants the\n" +
			"account's name with --confirm. An id that is not there, or no more, is done.",
		Example: "lifeguard delete ci-deploy\n" +
			"lifeguard delete 0199e5a2-7c1e-7c5a-9f57-3d1c2b4a5f60 --confirm ci-deploy --server https://keys.example.com",
		Args: oneArgument("the id or name of a service account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.delete(cmd.Context(), c, flags, args[0])
			})
		},
	}
	flags.connect.registerVerb(cmd, p)
	cmd.Flags().StringVar(&flags.confirm, "confirm", "", "the service account's name: do not ask")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print what was deleted as one JSON object")
	return cmd
}

func (p process) delete(ctx context.Context, c *client.Client, flags deleteFlags, named string) error {
	account, err := accountFor(ctx, c, named)
	if errors.Is(err, api.ErrNotFound) {
		_, err = fmt.Fprintf(p.stderr, "There is no service account with the id %s, or no more: nothing is left to delete.\n", named)
		return err
	}
	if err == nil {
		err = p.agreeToDelete(ctx, flags, account)
	}
	if err != nil {
		return err
	}
	gone := ""
	if err := c.DeleteServiceAccount(ctx, account.ID); errors.Is(err, api.ErrNotFound) {
		gone = " already"
	} else if err != nil {
		return err
	}
	// Said first: it is done, whatever becomes of the object.
	_, _ = fmt.Fprintf(p.stderr, "The service account %s (%s) is deleted%s, and its key is refused.\n", account.Name, account.ID, gone)
	if !flags.asJSON {
		return nil
	}
	return enough(json.NewEncoder(p.stdout).Encode(account))
}

// usedRecently is how long after its last use something is taken to depend on a
// key.
const usedRecently = 24 * time.Hour

// agreeToDelete asks for as much agreement as the account wants.
func (p process) agreeToDelete(ctx context.Context, flags deleteFlags, account api.ServiceAccount) error {
	what := fmt.Sprintf("%s in %s, id %s, %s", account.Name, account.Team.Name, account.ID, lastUse(account, time.Now()))
	switch {
	case flags.confirm != "" && norm.NFC.String(flags.confirm) != account.Name:
		return fmt.Errorf("nothing was deleted: --confirm says %q, and the service account is %s", flags.confirm, what)
	case flags.confirm != "":
		return nil
	case !p.canAsk(flags.connect):
		return fmt.Errorf("nothing was deleted: there is nobody to ask here, so say --confirm %s if this is the one: %s", account.Name, what)
	}
	if _, err := fmt.Fprintf(p.stderr, "Delete the service account %s?\nIts key is refused at once. This cannot be undone.\n", what); err != nil {
		return err
	}
	if used := account.Key.LastUsedAt; used == nil || time.Since(*used) > usedRecently {
		return p.agree(ctx, flags.connect, "Delete Service Account?")
	}
	answer, err := p.ask(ctx, "Something depends on it. Type its name to delete it: ")
	if err == nil && norm.NFC.String(answer) != account.Name {
		err = errNothingChanged
	}
	return err
}
