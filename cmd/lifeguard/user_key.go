package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

type userKeyFlags struct {
	userFlags
	delivery
}

func userKeyCommand(p process) *cobra.Command {
	flags := userKeyFlags{userFlags: userFlags{connect: connectFlags{command: "user key"}}}
	cmd := &cobra.Command{
		Use:   "key --email EMAIL",
		Short: "Make a developer key for a user who has none",
		Long: "Makes a developer key for a user and prints it alone on standard output, this once, or writes it to a file that\n" +
			"only you can read. Hand it over and have the user replace it with one of their own. You must be able to do all\n" +
			"that the user can. It is for a user's first key, and for one who has lost theirs; the audit log says who made it.\n\n" +
			"When the answer or the key is lost, repeat the command with the --idempotency-key that is named: there will be\n" +
			"one key. Give one yourself in scripts.",
		Example: "lifeguard user key --email eve@example.com --key-file eve.key",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "email"); err != nil {
				return err
			}
			if err := flags.prepare(cmd); err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.makeUserKey(cmd.Context(), c, flags)
			})
		},
	}
	flags.userFlags.register(cmd, p)
	flags.delivery.register(cmd, p)
	return cmd
}

func (p process) makeUserKey(ctx context.Context, c *client.Client, flags userKeyFlags) error {
	user, err := userByEmail(ctx, c, flags.email)
	if err != nil {
		return err
	}
	created, err := repeatLost(ctx, func(ctx context.Context) (api.CreatedDeveloperKey, error) {
		return c.CreateUserKey(ctx, user.ID, flags.idempotencyKey)
	})
	var failure *api.Error
	switch {
	case errors.As(err, &failure) && failure.Lost:
		return fmt.Errorf("%w; the key may have been made: %s", err, flags.again())
	case err != nil:
		return err
	}
	defer created.APIKey.Destroy()
	where, err := flags.handOver(p, created.APIKey)
	if err != nil {
		return fmt.Errorf("the key %s was made and could not be handed over (%w): %s", created.Key.Hint, err, flags.again())
	}
	_, _ = fmt.Fprintf(p.stderr, "%s is a developer key of %s, %s; it is shown this once.\n", where, user.Email, created.Key.Hint)
	return nil // the key has arrived, whatever becomes of the words
}
