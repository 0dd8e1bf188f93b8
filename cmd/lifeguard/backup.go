package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

func backupCommand(p process) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "backup DEST [--database sqlite:PATH]",
		Short: "Copy a SQLite database while it is in use",
		Long: "Copies the database into the new file DEST, whole and of one moment, while servers and consoles go on using\n" +
			"it. Nothing is overwritten. Without --database it is the database of the authority on this machine.\n" +
			"To restore it, stop what uses the database and put the copy in its place.",
		Example: "lifeguard backup keys-backup.db --database sqlite:keys.db",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{command: cmd.CommandPath(), err: errors.New("name one file to copy to")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			err := sqlstore.Backup(cmd.Context(), cmp.Or(database, "sqlite:"+p.home().database()), args[0])
			switch {
			case errors.Is(err, fs.ErrExist):
				return fmt.Errorf("there is something at %s already, and it was left as it is: name another file", args[0])
			case err != nil:
				return err
			}
			_, err = fmt.Fprintf(p.stderr, "The database is copied to %s. Whoever has the file has the organization, though no key: keep it closed to others.\n", api.Clean(args[0]))
			return err
		},
	}
	cmd.Flags().StringVar(&database, "database", "", "the database, as sqlite:PATH")
	return cmd
}
