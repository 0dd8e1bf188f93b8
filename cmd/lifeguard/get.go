package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func getCommand(p process) *cobra.Command {
	connect := connectFlags{command: "get"}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "get ID|NAME",
		Short: "Show a service account",
		Long: "Prints a service account: its team, the permissions that it inherits, its creation and its last use. A name is\n" +
			"enough where no other account has it.",
		Example: "lifeguard get ci-deploy\nlifeguard get ci-deploy --json | jq -r .key.last_used_at",
		Args:    oneArgument("the id or name of a service account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withClient(cmd.Context(), p, connect, func(c *client.Client) error {
				account, err := accountFor(cmd.Context(), c, args[0])
				switch {
				case err != nil:
					return err
				case asJSON:
					return json.NewEncoder(p.stdout).Encode(account)
				}
				return p.showAccount(cmd.Context(), c, account)
			})
		},
	}
	connect.registerVerb(cmd, p)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func (p process) showAccount(ctx context.Context, c *client.Client, account api.ServiceAccount) error {
	team, err := c.Team(ctx, account.Team.ID)
	if err != nil && !errors.Is(err, api.ErrForbidden) && !errors.Is(err, api.ErrNotFound) {
		return err
	}
	now := time.Now()
	var f fields
	f.add("name", account.Name)
	f.add("id", account.ID)
	f.add("team", account.Team.Name)
	if err == nil { // else this caller may not see it
		f.add("role", team.Role.Name)
		f.add("permissions", permitted(team.Role.Permissions))
	}
	f.add("key", account.Key.Hint)
	f.add("created", account.CreatedAt.UTC().Format(time.RFC3339)+" by "+account.CreatedBy.Name)
	f.add("last use", strings.TrimPrefix(lastUse(account, now), "last used "))
	_, err = io.WriteString(p.stdout, f.String())
	return err
}

// permitted is permissions as their wire names, with how many resources those
// are for that are not for all.
func permitted(permissions []api.Permission) string {
	if len(permissions) == 0 {
		return "none"
	}
	words := make([]string, 0, len(permissions))
	for _, permission := range permissions {
		word := string(permission.Action)
		if permission.Scope == api.ScopeSpecific {
			word += fmt.Sprintf(" (on %d)", len(permission.Resources))
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// fields are names with values, one a line.
type fields struct{ strings.Builder }

func (f *fields) add(name, value string) { _, _ = fmt.Fprintf(f, "%-12s %s\n", name, value) }
