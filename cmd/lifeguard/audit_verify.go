package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/server"
)

type auditVerifyFlags struct {
	connect  connectFlags
	database string
	expect   string
}

func auditVerifyCommand(p process) *cobra.Command {
	flags := auditVerifyFlags{connect: connectFlags{command: "audit verify"}}
	cmd := &cobra.Command{
		Use:   "verify" + p.here(" [--database DSN | --server URL]"),
		Short: "Find audit events that were edited, dropped or reordered",
		Long: "Computes the chain of hashes over the audit log again and names every event that does not fit: edited, moved\n" +
			"or missing. A chain cannot tell that its last events were cut off. So the end of the log is printed as\n" +
			"SEQUENCE:HASH: keep it somewhere else, and give it to --expect the next time." +
			p.here("\n\nWith --database the database is read itself, with --server through the API. With neither it is the database\n"+
				"of the authority on this machine."),
		Example: "lifeguard audit verify --database sqlite:keys.db",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var expected api.Anchor
			if flags.expect != "" {
				var err error
				if expected, err = api.ParseAnchor(flags.expect); err != nil {
					return flagError(cmd, fmt.Errorf("--expect is not what verify prints: %w", err))
				}
			}
			if flags.database != "" && flags.connect.server != "" {
				return flagError(cmd, errors.New("--database and --server exclude each other"))
			}
			return flags.withLog(cmd.Context(), p, func(log auditLog) error {
				return verifyAudit(cmd.Context(), p, log, expected)
			})
		},
	}
	flags.connect.registerVerb(cmd, p)
	if p.reach == nil {
		cmd.Flags().StringVar(&flags.database, "database", "", "the database, as in lifeguard serve")
	}
	cmd.Flags().StringVar(&flags.expect, "expect", "", "an end of the log that verify printed before, SEQUENCE:HASH")
	return cmd
}

// auditLog is what a chain of audit events is read from.
type auditLog interface {
	// AuditAnchor is the place where the log begins.
	AuditAnchor(ctx context.Context) (api.Anchor, error)
	// AuditChain is the next portion of events, empty at the end.
	AuditChain(ctx context.Context, after int64) ([]api.AuditEvent, error)
}

var _ auditLog = (*client.Client)(nil)

func (f auditVerifyFlags) withLog(ctx context.Context, p process, work func(auditLog) error) (err error) {
	server := cmp.Or(f.connect.server, p.env.get(envServer))
	if p.reach != nil || f.database == "" && server != "" {
		return withClient(ctx, p, f.connect, func(c *client.Client) error { return work(c) })
	}
	dsn := f.database
	if dsn == "" {
		path := p.home().database()
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no authority on this machine yet: name a log with --database or --server")
		}
		dsn = "sqlite:" + path
	}
	store, err := openInitialised(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return work(storedLog{store})
}

// storedLog is the audit log of a database.
type storedLog struct{ store server.AuditStore }

// portion is how many events are read from a database at once.
const portion = 2_000

func (l storedLog) AuditChain(ctx context.Context, after int64) ([]api.AuditEvent, error) {
	page, err := l.store.AuditEvents(ctx, server.AuditQuery{AuditFilter: api.AuditFilter{After: after}, Limit: portion, Bytes: server.MaxAuditPage})
	return page.Events, err
}

func (l storedLog) AuditAnchor(ctx context.Context) (api.Anchor, error) {
	page, err := l.store.AuditEvents(ctx, server.AuditQuery{
		AuditFilter: api.AuditFilter{Action: api.ActionAuditPrune, NewestFirst: true}, Limit: 1,
	})
	if err != nil || len(page.Events) == 0 {
		return api.Anchor{}, err
	}
	anchor, ok := api.AnchorOf(page.Events[0])
	if !ok {
		return api.Anchor{}, fmt.Errorf("event %d should say what was pruned and does not: it was edited", page.Events[0].Sequence)
	}
	return anchor, nil
}

// verifyAudit prints a line for each fault, and fails when there is one.
func verifyAudit(ctx context.Context, p process, log auditLog, expected api.Anchor) error {
	anchor, err := log.AuditAnchor(ctx)
	if err != nil {
		return err
	}
	verifier := api.ChainVerifier{Anchor: anchor}
	faults := 0
	report := func(fault string) error {
		faults++
		_, err := fmt.Fprintln(p.stdout, fault)
		return err
	}
	met := expected.Sequence == 0 || expected == anchor
	if err := walk(ctx, log, func(event api.AuditEvent) error {
		fault := verifier.Check(event)
		if event.Sequence == expected.Sequence {
			met = verifier.Anchor == expected
		}
		if fault == "" {
			return nil
		}
		return report(fault)
	}); err != nil {
		return err
	}
	switch {
	case met:
	case expected.Sequence > verifier.Sequence:
		err = report(verifier.Missing(expected.Sequence) + ": the log ends before the one that --expect names")
	case expected.Sequence < anchor.Sequence:
		return fmt.Errorf("event %d, which --expect names, was pruned since: give a later one", expected.Sequence)
	default:
		err = report(fmt.Sprintf("event %d is not the one that --expect names: the log was written anew", expected.Sequence))
	}
	if err != nil {
		return err
	}
	if faults > 0 {
		return fmt.Errorf("the audit log is not as it was written, %s found, see standard output: compare it with a backup",
			countedVerb(faults, "fault was", "faults were"))
	}
	begins := "from the first on"
	if anchor.Sequence > 0 {
		begins = fmt.Sprintf("all after event %d, up to which it was pruned", anchor.Sequence)
	}
	if _, err := fmt.Fprintf(p.stderr, "The audit log is whole: %d events, %s. Keep the line on standard output for --expect.\n", verifier.Checked, begins); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, verifier.Anchor)
	return err
}

// walk calls visit for each event of the log.
func walk(ctx context.Context, log auditLog, visit func(api.AuditEvent) error) error {
	var after int64
	for {
		events, err := log.AuditChain(ctx, after)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, event := range events {
			if event.Sequence <= after {
				return fmt.Errorf("the audit log goes backwards at event %d: it cannot be verified", event.Sequence)
			}
			after = event.Sequence
			if err := visit(event); err != nil {
				return err
			}
		}
	}
}
