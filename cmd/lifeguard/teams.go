package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

func teamsCommand(p process) *cobra.Command {
	connect := connectFlags{command: "teams"}
	var asked string
	var f form
	cmd := &cobra.Command{
		Use:   "teams",
		Short: "List teams, or those that a query asks for",
		Long: "Prints teams with their roles: a table on a terminal; elsewhere lines with tabs between id, name, role and the\n" +
			"permissions that it grants. --query takes what the search of the console's Teams page takes: words of a name or\n" +
			"role, role:developer, can:use-agents, keys:0 for the teams without a service account.",
		Example: "lifeguard teams --query can:use-agents\nlifeguard teams --json | jq -r '.[].name'",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return flagError(cmd, err)
			}
			if err := checkQuery(asked, selection.TeamFields(nil).Parse(asked).Errors); err != nil {
				return err
			}
			return enough(withClient(cmd.Context(), p, connect, func(c *client.Client) error {
				return p.listTeams(cmd.Context(), c, asked, f)
			}))
		},
	}
	connect.registerVerb(cmd, p)
	cmd.Flags().StringVarP(&asked, "query", "q", "", "which teams, in the language of the console's search")
	f.register(cmd)
	return cmd
}

func (p process) listTeams(ctx context.Context, c *client.Client, asked string, f form) error {
	var teams []api.Team
	for team, err := range c.AllTeams(ctx, api.TeamFilter{}) {
		if err != nil {
			return err
		}
		teams = append(teams, team)
	}
	counts, err := keysOfTeams(ctx, c, asked)
	if err != nil {
		return err
	}
	q := selection.TeamFields(counts).Parse(asked)
	out := newRowWriter(p, f, teamListing.orNone("No team matches this query."))
	for _, number := range selection.Teams(ctx, q, teams, selection.NewTeamIndex(teams), time.Now()) {
		if err := out.write(teams[number]); err != nil {
			return errors.Join(err, out.abandon())
		}
	}
	return out.end()
}

// keysOfTeams counts the service accounts of each team, when the query asks for
// it.
func keysOfTeams(ctx context.Context, c *client.Client, asked string) (map[string]int, error) {
	if !slices.Contains(selection.TeamFields(nil).Parse(asked).Fields(), selection.FieldKeys) {
		return nil, nil
	}
	counts := map[string]int{}
	for account, err := range c.AllServiceAccounts(ctx, api.ServiceAccountFilter{}) {
		if err != nil {
			return nil, err
		}
		counts[account.Team.ID]++
	}
	return counts, nil
}

var teamListing = listing[api.Team]{
	columns: []table.Column{
		{ID: "name", Title: "NAME", Width: 16, Most: 40, Keep: 10},
		{ID: "role", Title: "ROLE", Width: 12, Most: 30, Keep: 9},
		{ID: "id", Title: "ID", Width: 36, Keep: 8},
	},
	cell: func(column string, team api.Team) string {
		switch column {
		case "name":
			return team.Name
		case "role":
			return team.Role.Name
		}
		return team.ID
	},
	tabs: func(team api.Team) []string {
		return []string{team.ID, team.Name, team.Role.Name, permitted(team.Role.Permissions)}
	},
}
