package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

type userKeyFlags struct {
	userFlags
	keyFile, idempotencyKey string
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
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return p.makeUserKey(cmd.Context(), c, flags)
			})
		},
	}
	flags.register(cmd)
	cmd.Flags().StringVar(&flags.keyFile, "key-file", "", "write the key to this file, mode 0600, which must not exist yet")
	cmd.Flags().StringVar(&flags.idempotencyKey, "idempotency-key", "", "a UUID: the same one for every repetition")
	return cmd
}

func (p process) makeUserKey(ctx context.Context, c *client.Client, flags userKeyFlags) error {
	if flags.keyFile != "" {
		// Said before there is a key.
		if _, err := os.Lstat(flags.keyFile); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("nothing was made: there is a file %s already, and it is not overwritten: name another one", flags.keyFile)
		}
	}
	user, err := userByEmail(ctx, c, flags.email)
	if err != nil {
		return err
	}
	if flags.idempotencyKey == "" {
		flags.idempotencyKey = client.NewIdempotencyKey()
	}
	again := "repeat the command with --idempotency-key " + flags.idempotencyKey
	created, err := createUserKey(ctx, c, user.ID, flags.idempotencyKey)
	var failure *api.Error
	switch {
	case errors.As(err, &failure) && failure.Lost:
		return fmt.Errorf("%w; the key may have been made: %s", err, again)
	case err != nil:
		return err
	}
	defer created.APIKey.Destroy()
	where := "The line on standard output"
	if flags.keyFile == "" {
		err = writeKey(p.stdout, created.APIKey)
	} else {
		where = "In " + flags.keyFile
		err = keyFile{path: flags.keyFile}.link(created.APIKey)
	}
	if err != nil {
		return fmt.Errorf("the key %s was made and could not be handed over (%w): %s", created.Key.Hint, plainPathError(err), again)
	}
	_, err = fmt.Fprintf(p.stderr, "%s is a developer key of %s, %s; it is shown this once.\n", where, user.Email, created.Key.Hint)
	return err
}

// createUserKey repeats a create whose answer was lost, or which another request
// is still carrying out: with one Idempotency-Key there is one key.
func createUserKey(ctx context.Context, c *client.Client, userID, idempotencyKey string) (api.CreatedDeveloperKey, error) {
	for pause := time.Second; ; pause *= 2 {
		created, err := c.CreateUserKey(ctx, userID, idempotencyKey)
		var failure *api.Error
		if err == nil || !errors.As(err, &failure) || !failure.Lost || pause > 4*time.Second {
			return created, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return created, err
		}
	}
}
