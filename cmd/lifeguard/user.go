package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

func userCommand(p process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "List, make, suspend and delete users, and make their first key",
		Long: "Users of the organization, by their emails. It needs the permission Provision Users with SCIM, or the role\n" +
			"tenant-admin. Without a server it is the organization of the authority on this machine. Many users at once are\n" +
			"better kept in a file: see lifeguard org.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(userListCommand(p), userCreateCommand(p), userKeyCommand(p), userSSHKeyCommand(p),
		userStatusCommand(p, api.SuspendUser, "Suspend a user: their keys are refused at once",
			"Developer keys of a suspended user are refused from the moment of the answer, until the user is unsuspended.\n"+
				"Service accounts that the user made go on working."),
		userStatusCommand(p, api.UnsuspendUser, "Let a suspended user in again", "Developer keys of the user work again."),
		userDeleteCommand(p))
	return cmd
}

// userByEmail finds the user that a command is about.
func userByEmail(ctx context.Context, c *client.Client, email string) (api.User, error) {
	list, err := c.Users(ctx, api.UserFilter{Email: email}, api.ListOptions{PageSize: 1})
	if err != nil {
		return api.User{}, err
	}
	if len(list.Users) == 0 {
		return api.User{}, fmt.Errorf("%s has no user with the email %s: lifeguard user list shows who there is", c.Name(), email)
	}
	return list.Users[0], nil
}

// userFlags are those of a command about one user.
type userFlags struct {
	connect connectFlags
	email   string
}

func (f *userFlags) register(cmd *cobra.Command, p process) {
	f.connect.registerVerb(cmd, p)
	cmd.Flags().StringVar(&f.email, "email", "", "email of the user, in any case")
}

func userListCommand(p process) *cobra.Command {
	connect := connectFlags{command: "user list"}
	var f form
	var deleted bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List users",
		Long: "Prints users, ordered by email: a table on a terminal, elsewhere lines with tabs between email, status, name\n" +
			"and id.",
		Example: "lifeguard user list | cut -f 1,2",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return flagError(cmd, err)
			}
			return enough(withClient(cmd.Context(), p, connect, func(c *client.Client) error {
				var filter api.UserFilter
				if deleted {
					filter.Statuses = []api.UserStatus{api.UserDeleted}
				}
				return p.listUsers(cmd.Context(), c, filter, f)
			}))
		},
	}
	connect.registerVerb(cmd, p)
	f.register(cmd)
	cmd.Flags().BoolVar(&deleted, "deleted", false, "list the users that were deleted instead")
	return cmd
}

var userListing = listing[api.User]{
	columns: []table.Column{
		{ID: "email", Title: "EMAIL", Width: 24, Most: 40, Keep: 10},
		{ID: "status", Title: "STATUS", Width: 9, Keep: 9},
		{ID: "name", Title: "NAME", Width: 16, Most: 30, Keep: 8},
		{ID: "id", Title: "ID", Width: 36, Keep: 4},
	},
	cell: func(column string, user api.User) string {
		switch column {
		case "email":
			return user.Email
		case "status":
			return string(user.Status)
		case "name":
			return user.Name
		}
		return user.ID
	},
	tabs: func(user api.User) []string {
		return []string{user.Email, string(user.Status), user.Name, user.ID}
	},
}

func (p process) listUsers(ctx context.Context, c *client.Client, filter api.UserFilter, f form) error {
	out := newRowWriter(p, f, userListing.orNone("There are no such users."))
	for user, err := range c.AllUsers(ctx, filter) {
		if err == nil {
			err = out.write(user)
		}
		if err != nil {
			return errors.Join(err, out.abandon())
		}
	}
	return out.end()
}

func userCreateCommand(p process) *cobra.Command {
	flags := userFlags{connect: connectFlags{command: "user create"}}
	var name string
	var teams []string
	cmd := &cobra.Command{
		Use:   "create --email EMAIL",
		Short: "Make a user",
		Long: "Makes a user and prints the id. The user has no key yet: lifeguard user key makes the first. Nobody adds a user\n" +
			"to a team that can do more than themselves.",
		Example: "lifeguard user create --email eve@example.com --name Eve --team platform",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "email"); err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				create := api.CreateUser{Email: flags.email, Name: name}
				for _, team := range teams {
					id, err := teamByName(cmd.Context(), c, team)
					if err != nil {
						return err
					}
					create.Teams = append(create.Teams, api.TeamRef{ID: id})
				}
				user, err := c.CreateUser(cmd.Context(), create)
				if err == nil {
					_, err = fmt.Fprintln(p.stdout, user.ID)
				}
				return err
			})
		},
	}
	flags.register(cmd, p)
	cmd.Flags().StringVar(&name, "name", "", "name of the user")
	cmd.Flags().StringArrayVar(&teams, "team", nil, "name of a team to be in; may be given several times")
	return cmd
}

func teamByName(ctx context.Context, c *client.Client, name string) (string, error) {
	list, err := c.Teams(ctx, api.TeamFilter{Name: name}, api.ListOptions{PageSize: 1})
	if err != nil {
		return "", err
	}
	if len(list.Teams) == 0 {
		return "", fmt.Errorf("%s has no team %q: check its name", c.Name(), name)
	}
	return list.Teams[0].ID, nil
}

func userStatusCommand(p process, action api.StatusAction, short, long string) *cobra.Command {
	flags := userFlags{connect: connectFlags{command: "user " + string(action)}}
	cmd := &cobra.Command{
		Use:   string(action) + " --email EMAIL",
		Short: short,
		Long:  long,
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "email"); err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				user, err := userByEmail(cmd.Context(), c, flags.email)
				if err == nil {
					user, err = c.UpdateUser(cmd.Context(), user.ID, api.UpdateUser{StatusAction: action})
				}
				if err == nil {
					_, err = fmt.Fprintf(p.stderr, "%s is %s.\n", user.Email, user.Status)
				}
				return err
			})
		},
	}
	flags.register(cmd, p)
	return cmd
}

func userDeleteCommand(p process) *cobra.Command {
	flags := userFlags{connect: connectFlags{command: "user delete"}}
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete --email EMAIL",
		Short: "Delete a user and their developer keys",
		Long: "Developer keys of the user are refused from the moment of the answer. This cannot be undone. Service accounts\n" +
			"that the user made go on working. It asks first; where there is no terminal it needs --yes.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "email"); err != nil {
				return err
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				user, err := userByEmail(cmd.Context(), c, flags.email)
				if err != nil {
					return err
				}
				if !yes {
					question := fmt.Sprintf("Delete the user %s with all their developer keys at %s?", user.Email, c.Name())
					if err := p.agree(cmd.Context(), flags.connect, question); err != nil {
						return err
					}
				}
				if err := c.DeleteUser(cmd.Context(), user.ID); err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stderr, "%s is deleted.\n", user.Email)
				return err
			})
		},
	}
	flags.register(cmd, p)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
