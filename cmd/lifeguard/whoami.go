package main

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/client"
)

func whoamiCommand(p process) *cobra.Command {
	connect := connectFlags{command: "whoami"}
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "whoami",
		Short:   "Show who your key belongs to, and what it permits",
		Long:    "Asks the server whose key it is that you use: name, teams with their roles, and permissions.",
		Example: "lifeguard whoami --context production",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withClient(cmd.Context(), p, connect, func(c *client.Client) error {
				me, err := c.Me(cmd.Context())
				switch {
				case err != nil:
					return err
				case asJSON:
					return json.NewEncoder(p.stdout).Encode(me)
				}
				var teams []string
				for _, team := range me.Teams {
					teams = append(teams, team.Name+" ("+team.Role+")")
				}
				var f fields
				f.add("name", me.Name)
				if me.Email != "" {
					f.add("email", me.Email)
				}
				f.add("type", string(me.Type))
				f.add("id", me.ID)
				if p.reach == nil {
					f.add("server", c.Name())
				}
				if me.Organization != "" {
					f.add("organization", me.Organization)
				}
				f.add("teams", strings.Join(teams, ", "))
				f.add("permissions", permitted(me.Permissions))
				_, err = io.WriteString(p.stdout, f.String())
				return err
			})
		},
	}
	connect.registerVerb(cmd, p)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
