package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func auditExportCommand(p process) *cobra.Command {
	connect := connectFlags{command: "audit export"}
	var format string
	var after int64
	cmd := &cobra.Command{
		Use:   "export --format ocsf",
		Short: "Write the audit log out for another system",
		Long: "Writes every audit event as one JSON object a line, in the Open Cybersecurity Schema Framework 1.3: failed\n" +
			"authentications as class 3002, changes of entities as 3004, everything else as 6003. To go on where an earlier\n" +
			"export ended, give the last metadata.sequence to --after.",
		Example: "lifeguard audit export --format ocsf --server https://keys.example.com > audit.jsonl",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case format != "ocsf":
				return flagError(cmd, fmt.Errorf("--format must be ocsf, not %q", format))
			case after < 0:
				return flagError(cmd, errors.New("--after cannot be less than 0"))
			}
			return withClient(cmd.Context(), p, connect, func(c *client.Client) error {
				lines := bufio.NewWriter(p.stdout)
				encoder := json.NewEncoder(lines)
				for event, err := range c.AllAuditEvents(cmd.Context(), api.AuditFilter{After: after}) {
					if err == nil {
						err = encoder.Encode(toOCSF(event))
					}
					if err != nil {
						return errors.Join(err, lines.Flush())
					}
				}
				return lines.Flush()
			})
		},
	}
	connect.registerVerb(cmd, p)
	cmd.Flags().StringVar(&format, "format", "ocsf", "how events are written: ocsf")
	cmd.Flags().Int64Var(&after, "after", 0, "only events after this sequence")
	return cmd
}
