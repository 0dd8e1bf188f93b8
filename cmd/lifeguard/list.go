package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

type listFlags struct {
	connect     connectFlags
	query, sort string
	view        string
	reverse     bool
	form
	request selection.Request
}

func listCommand(p process) *cobra.Command {
	flags := listFlags{connect: connectFlags{command: "list"}}
	var columns []string
	for _, column := range selection.Columns {
		columns = append(columns, column.ID)
	}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List service accounts, or those that a query asks for",
		Long: "Prints service accounts: a table on a terminal, tab-separated lines elsewhere. --query takes what the console's\n" +
			"search takes, and finds the same: words are matched fuzzily and ranked, team:platform, by:ada, created:<7d,\n" +
			"used:>90d,never, !prod, \"exact\" and /regex/ are conditions. docs/query.md has all of it. A query that is not\n" +
			"understood is shown with what is wrong underlined, and the exit code is 2." +
			p.here("\n\nWithout a server it lists the accounts of the authority on this machine."),
		Example: "lifeguard list --query 'ci dep !prod' --server https://keys.example.com\n" +
			"lifeguard list --query 'used:>90d,never' --sort used --reverse\n" +
			"lifeguard list --query 'team:=platform created:<7d' --jsonl | jq -r .id",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sorted := cmd.Flags().Changed("sort")
			if flags.view != "" {
				if flags.query != "" {
					return flagError(cmd, errors.New("--view and --query exclude each other"))
				}
				fromView, err := flags.takeView(p, sorted, cmd.Flags().Changed("reverse"))
				if err != nil {
					return err
				}
				sorted = sorted || fromView
			}
			if err := flags.parse(columns, sorted); err != nil {
				return flagError(cmd, err)
			}
			if err := checkQuery(flags.query, selection.Fields(nil).Parse(flags.query).Errors); err != nil {
				return err
			}
			return enough(withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return list(cmd.Context(), p, flags, c)
			}))
		},
	}
	flags.connect.registerVerb(cmd, p)
	set := cmd.Flags()
	set.StringVarP(&flags.query, "query", "q", "", "which service accounts, in the language of the console's search")
	if p.reach == nil {
		set.StringVar(&flags.view, "view", "", "a view of the configuration: its query and its order, unless --sort says otherwise")
	}
	set.StringVar(&flags.sort, "sort", "", "sort by "+strings.Join(columns, ", ")+"; without it the best match comes first")
	set.BoolVar(&flags.reverse, "reverse", false, "turn the order round")
	flags.register(cmd)
	return cmd
}

// takeView takes over what a view of the configuration says, and reports whether
// it says how to sort.
func (f *listFlags) takeView(p process, sorted, reversed bool) (bool, error) {
	c, err := p.configuration(f.connect.config)
	if err != nil {
		return false, err
	}
	view, err := c.View(f.view)
	if err != nil {
		return false, err
	}
	f.query = view.Query
	if sorted || view.Sort == "" {
		return false, nil
	}
	column, reverse := strings.CutPrefix(view.Sort, "-")
	f.sort = column
	if !reversed {
		f.reverse = reverse
	}
	return true, nil
}

func (f *listFlags) parse(columns []string, sorted bool) error {
	column := 0
	if sorted {
		if column = slices.Index(columns, f.sort); column < 0 {
			return fmt.Errorf("--sort must be one of %s, not %q", strings.Join(columns, ", "), f.sort)
		}
	}
	if err := f.check(); err != nil {
		return err
	}
	f.request.Order = selection.Order{Column: column, Reverse: f.reverse}
	f.request.Ranked = !sorted
	return nil
}

// list prints what the query asks for. What comes in the order that is wanted is
// printed as it comes; the rest has to be there whole first.
func list(ctx context.Context, p process, flags listFlags, c *client.Client) error {
	request := flags.request
	request.Now = time.Now()
	roles, err := rolesFor(ctx, flags.query, c)
	if err != nil {
		return err
	}
	request.Query = selection.Fields(roles).Parse(flags.query)
	out := newRowWriter(p, flags.form, accountListing(request.Now).orNone(nothingListed(flags.query)))
	accounts := c.AllServiceAccounts(ctx, api.ServiceAccountFilter{})
	if len(request.Query.Words()) > 0 || request.Order != (selection.Order{}) {
		accounts = chosen(ctx, request, accounts)
	} else {
		accounts = passing(request, accounts)
	}
	for account, err := range accounts {
		if err == nil {
			err = out.write(account)
		}
		if err != nil {
			return errors.Join(err, out.abandon())
		}
	}
	return out.end()
}

func nothingListed(query string) string {
	if strings.TrimSpace(query) == "" {
		return "There are no service accounts."
	}
	return "No service account matches this query."
}

// rolesFor returns the role of each team, by the team's id, when the query asks
// for it.
func rolesFor(ctx context.Context, query string, c *client.Client) (func(string) string, error) {
	if !slices.Contains(selection.Fields(nil).Parse(query).Fields(), selection.FieldRole) {
		return nil, nil
	}
	roles := map[string]string{}
	for team, err := range c.AllTeams(ctx, api.TeamFilter{}) {
		if err != nil {
			return nil, err
		}
		roles[team.ID] = team.Role.Name
	}
	return func(team string) string { return roles[team] }, nil
}

// passing yields the accounts that meet the conditions of a query, as they come.
func passing(request selection.Request, accounts iter.Seq2[api.ServiceAccount, error]) iter.Seq2[api.ServiceAccount, error] {
	meets := request.Query.Filter(request.Now)
	if meets == nil {
		return accounts
	}
	return func(yield func(api.ServiceAccount, error) bool) {
		rows := inventory.New()
		for account, err := range accounts {
			if err == nil {
				rows = rows.Append(account)
				if !meets(&selection.Row{List: &rows, Number: int32(rows.Len() - 1)}) {
					continue
				}
			}
			if !yield(account, err) {
				return
			}
		}
	}
}

// chosen yields the accounts that a query asks for in the order that is wanted,
// after all of them have come.
func chosen(
	ctx context.Context, request selection.Request, accounts iter.Seq2[api.ServiceAccount, error],
) iter.Seq2[api.ServiceAccount, error] {
	return func(yield func(api.ServiceAccount, error) bool) {
		request.Index, request.Rows = selection.NewIndex(), inventory.New()
		for account, err := range accounts {
			if err != nil {
				yield(account, err)
				return
			}
			request.Rows = request.Rows.Append(account)
			request.Index = request.Index.Append(selection.SearchRow(account))
		}
		answer, done := request.Answer(ctx)
		if !done {
			yield(api.ServiceAccount{}, ctx.Err())
			return
		}
		for _, row := range answer.View {
			if !yield(request.Rows.At(row), nil) {
				return
			}
		}
	}
}
