package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

type initFlags struct {
	database     string
	organization string
	admin        string
}

func initCommand(p process) *cobra.Command {
	var flags initFlags
	cmd := &cobra.Command{
		Use:   "init --database DSN --organization NAME --admin EMAIL",
		Short: "Make an organization in an empty database and print its first key",
		Long: "Makes the schema, the system roles and the team administrators with its first user, and prints that\n" +
			"person's developer API key alone on standard output. The key is shown this once.",
		Example: "lifeguard init --database sqlite:keys.db --organization Acme --admin ada@example.com\n" +
			"lifeguard init --database postgres://lifeguard@db.example.com/keys --organization Acme --admin ada@example.com",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "database", "organization", "admin"); err != nil {
				return err
			}
			return initialise(cmd.Context(), p, flags)
		},
	}
	cmd.Flags().StringVar(&flags.database, "database", "", "the database, as sqlite:PATH or postgres://USER@HOST/DATABASE")
	cmd.Flags().StringVar(&flags.organization, "organization", "", "name of the organization")
	cmd.Flags().StringVar(&flags.admin, "admin", "", "email of its first administrator")
	return cmd
}

func initialise(ctx context.Context, p process, flags initFlags) error {
	store, err := sqlstore.Open(ctx, flags.database, sqlstore.Options{})
	if err != nil {
		return err
	}
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	delivering := &deliveringStore{Store: store, deliver: func() error { return handOver(p.stdout, key) }}
	made, err := server.Initialise(ctx, delivering, server.InitialiseOptions{
		Organization: flags.organization, AdminEmail: flags.admin, Key: key, Via: via("init"),
	})
	switch {
	case errors.Is(err, server.ErrInitialised):
		err = fmt.Errorf("the database %s holds an organization already, and nothing was changed: name another one", sqlstore.Shown(flags.database))
	case errors.Is(err, server.ErrUncertain):
		err = fmt.Errorf("keep the key that was printed and run the same lifeguard init again: "+
			"if there is an organization already, the key is its administrator's (%w)", err)
	case err != nil && delivering.delivered:
		err = fmt.Errorf("nothing was made, and the key that was printed is worth nothing: %w", err)
	}
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.stderr, "The organization %s is ready. The line on standard output is the developer key of %s;\n"+
		"it is shown this once. Start the server with: lifeguard serve --database %s\n",
		api.Clean(made.Organization.Name), api.Clean(made.Admin.Email), sqlstore.Shown(flags.database))
	return nil
}

// deliveringStore hands the key over as the last step before the commit. So a
// database is never left with an administrator whose key nobody has: when the
// key cannot be written out, the transaction is rolled back. The other way
// round, a commit that fails after the key went out leaves an empty database
// and a key that is worth nothing, and that is said.
type deliveringStore struct {
	server.Store
	deliver   func() error
	delivered bool
}

// Write lets deliver run once, however often the database asks to try again.
func (s *deliveringStore) Write(ctx context.Context, change func(server.Tx) (server.Event, error)) error {
	return s.Store.Write(ctx, func(tx server.Tx) (server.Event, error) {
		event, err := change(tx)
		if err != nil || s.delivered {
			return event, err
		}
		if err := s.deliver(); err != nil {
			return server.Event{}, err
		}
		s.delivered = true
		return event, nil
	})
}

// handOver writes the key out, or says that nothing was made.
func handOver(w io.Writer, key api.Secret) error {
	if err := writeKey(w, key); err != nil {
		return fmt.Errorf("the key could not be written to standard output, so nothing was made (%w): try again", plainPathError(err))
	}
	return nil
}

// writeKey writes the key on a line of its own.
func writeKey(w io.Writer, key api.Secret) error { return deliver(w, key.Reveal()+"\n") }

// deliver writes a text that must arrive. Where standard output is a file, a
// full disk may only be noticed when it is flushed. Where it was closed, the Go
// runtime has put the null device in its place, which takes everything and
// keeps nothing.
func deliver(w io.Writer, text string) error {
	file, isFile := w.(*os.File)
	var mode os.FileMode
	if isFile {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
			return errors.New("it leads nowhere")
		}
		mode = info.Mode()
	}
	_, err := io.WriteString(w, text)
	if err == nil && isFile && mode.IsRegular() {
		err = file.Sync()
	}
	return err
}

// via names this program and the command in audit events.
func via(command string) string { return "lifeguard " + command }
