package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

type auditFlags struct {
	connect      connectFlags
	last         int
	follow, json bool
	since, until string
	actorType    string
	filter       api.AuditFilter
}

func auditCommand(p process) *cobra.Command {
	flags := auditFlags{connect: connectFlags{command: "audit"}}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show the audit log",
		Long: "Prints audit events, oldest first: the last 50, unless --last says otherwise. With --follow it goes on with\n" +
			"each new event until it is interrupted. Without a server it shows the log of the authority on this machine.",
		Example: "lifeguard audit --follow --server https://keys.example.com\n" +
			"lifeguard audit --action service_account.delete --since 2026-01-01T00:00:00Z --json",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.parse(); err != nil {
				return flagError(cmd, err)
			}
			return withClient(cmd.Context(), p, flags.connect, func(c *client.Client) error {
				return showAudit(cmd.Context(), p, flags, c)
			})
		},
	}
	flags.connect.registerVerb(cmd, p)
	set := cmd.Flags()
	set.IntVar(&flags.last, "last", 50, "how many of the newest events to print; 0 prints all")
	set.BoolVarP(&flags.follow, "follow", "f", false, "go on with each new event")
	set.BoolVar(&flags.json, "json", false, "one JSON object a line")
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

func showAudit(ctx context.Context, p process, flags auditFlags, c *client.Client) error {
	filter := flags.filter
	show := func(events iter.Seq2[api.AuditEvent, error]) error {
		for event, err := range events {
			if err != nil {
				return err
			}
			if err := p.printEvent(event, flags.json); err != nil {
				return err
			}
			filter.After = event.Sequence
		}
		return nil
	}
	if flags.last == 0 {
		if err := show(c.AllAuditEvents(ctx, filter)); err != nil {
			return err
		}
	} else if err := show(newest(ctx, c, filter, flags.last)); err != nil {
		return err
	}
	if !flags.follow {
		return nil
	}
	return show(c.FollowAuditEvents(ctx, filter))
}

// newest yields the last n events, oldest first.
func newest(ctx context.Context, c *client.Client, filter api.AuditFilter, n int) iter.Seq2[api.AuditEvent, error] {
	return func(yield func(api.AuditEvent, error) bool) {
		filter.NewestFirst = true
		var events []api.AuditEvent
		for event, err := range c.AllAuditEvents(ctx, filter) {
			if err != nil {
				yield(event, err)
				return
			}
			if events = append(events, event); len(events) == n {
				break
			}
		}
		for _, event := range slices.Backward(events) {
			if !yield(event, nil) {
				return
			}
		}
	}
}

// printEvent writes an event as one line.
func (p process) printEvent(event api.AuditEvent, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(event)
	}
	words := []string{
		event.Time.Format(time.RFC3339), fmt.Sprintf("%6d", event.Sequence), fmt.Sprintf("%-24s", event.Action),
		fmt.Sprintf("%-7s", event.Outcome), cmp.Or(event.Actor.Name, event.Actor.ID, string(event.Actor.Type)),
	}
	if resource := cmp.Or(event.Resource.Name, event.Resource.ID); resource != "" {
		words = append(words, event.Resource.Type, resource)
	}
	if event.IP != "" {
		words = append(words, "from", event.IP)
	}
	_, err := fmt.Fprintln(p.stdout, strings.Join(words, "  "))
	return err
}
