package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

type auditFlags struct {
	connect      connectFlags
	last         int
	follow       bool
	query        string
	since, until string
	actorType    string
	filter       api.AuditFilter
	form
}

func auditCommand(p process) *cobra.Command {
	flags := auditFlags{connect: connectFlags{command: "audit"}}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show the audit log, or the events that a query asks for",
		Long: "Prints audit events, oldest first: the last 50, unless --last says otherwise. --query takes what the search of\n" +
			"the console's Audit log page takes: words as they stand, actor:ada, action:delete, target:ci-deploy, !outcome:success,\n" +
			"time:<7d. With --follow it goes on with each new event until it is interrupted, also when the server was away\n" +
			"meanwhile; --json is then one object a line.\n\n" +
			"On a terminal it prints a table; elsewhere lines with tabs between time, number, action, outcome, actor, kind of\n" +
			"target, target and address." + p.here(" Without a server it shows the log of the authority on this machine."),
		Example: "lifeguard audit --query 'denied time:<1h' --follow --server https://keys.example.com\n" +
			"lifeguard audit --action service_account.delete --since 2026-01-01T00:00:00Z --last 0 --jsonl | jq -r .actor.name",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.parse(); err != nil {
				return flagError(cmd, err)
			}
			if err := checkQuery(flags.query, selection.EventFields.Parse(flags.query).Errors); err != nil {
				return err
			}
			return enough(withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return showAudit(cmd.Context(), p, flags, c)
			}))
		},
	}
	flags.connect.registerVerb(cmd, p)
	set := cmd.Flags()
	set.IntVar(&flags.last, "last", 50, "how many of the newest events to print; 0 prints all")
	set.BoolVarP(&flags.follow, "follow", "f", false, "go on with each new event")
	set.StringVarP(&flags.query, "query", "q", "", "which events, in the language of the console's search")
	flags.register(cmd)
	set.StringVar(&flags.since, "since", "", "events at or after this time, RFC 3339")
	set.StringVar(&flags.until, "until", "", "events before this time, RFC 3339")
	set.StringVar(&flags.actorType, "actor-type", "", "user, service_account, anonymous or system")
	set.StringVar(&flags.filter.ActorID, "actor", "", "id of who did it")
	set.StringVar(&flags.filter.ResourceType, "resource-type", "", "such as service_account")
	set.StringVar(&flags.filter.ResourceID, "resource", "", "id of what it was done to")
	set.StringVar(&flags.filter.Action, "action", "", "such as service_account.create")
	cmd.AddCommand(auditExportCommand(p), auditVerifyCommand(p))
	return cmd
}

func (f *auditFlags) parse() (err error) {
	f.filter.ActorType = api.IdentityType(f.actorType)
	if f.last < 0 {
		return errors.New("--last cannot be less than 0")
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.follow && f.asJSON { // what has no end is no array
		f.asJSON, f.asLines = false, true
	}
	for _, limit := range []struct {
		name, text string
		at         *time.Time
	}{{"since", f.since, &f.filter.Since}, {"until", f.until, &f.filter.Until}} {
		if limit.text == "" {
			continue
		}
		if *limit.at, err = time.Parse(time.RFC3339, limit.text); err != nil {
			return fmt.Errorf("--%s must be a time such as 2026-01-31T15:04:05Z", limit.name)
		}
	}
	return nil
}
