package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/identify"
)

func identifyCommand(p process) *cobra.Command {
	connect := connectFlags{command: "identify"}
	var asJSON, exitIfFound bool
	cmd := &cobra.Command{
		Use:   "identify < build.log",
		Short: "Find the API keys in a log, and say whose they are",
		Long: "Reads a log of any size from standard input and names the service account of every whole API key in it. The keys\n" +
			"are hashed here and asked for by their hash: none is sent, printed or kept. What looks like a key but was cut off or\n" +
			"mistyped is counted on standard error.\n\n" +
			"On a terminal it prints a paragraph for each key; elsewhere lines with tabs between hint, lines, count, and the\n" +
			"account's id, name, team and last use. Without a key in the log no server is asked. The exit code is 0 when the log\n" +
			"was read to its end, whatever was found; with --exit-code it is 3 when there is a key in it.",
		Example: "lifeguard identify --server https://keys.example.com < build.log\n" +
			"git log -p | lifeguard identify --json\n" +
			"lifeguard identify --exit-code < build.log || echo 'there is a key in the log'",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(p.stdin) {
				return flagError(cmd, errors.New("give the log on standard input: what is typed here would stand on the screen"))
			}
			found, err := identify.Scan(cmd.Context(), p.stdin)
			if err != nil {
				err = fmt.Errorf("the log could not be read beyond line %d: %w", found.Lines, err)
			}
			return errors.Join(p.tellKeys(cmd.Context(), connect, found, asJSON), err, foundCode(found, exitIfFound))
		},
	}
	connect.registerVerb(cmd, p)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	cmd.Flags().BoolVar(&exitIfFound, "exit-code", false, "end with 3 when there is a whole key in the log")
	return cmd
}

// foundCode is the failure that --exit-code asks for.
func foundCode(found identify.Found, wanted bool) error {
	if !wanted || len(found.Keys) == 0 {
		return nil
	}
	return &exitError{exitKeyFound, fmt.Errorf("there is a key in the log: %s", counted(len(found.Keys), "key"))}
}

// tellKeys prints each key that was found with its owner. When the owners cannot
// be had, the keys are told without them: where they are is worth knowing.
func (p process) tellKeys(ctx context.Context, connect connectFlags, found identify.Found, asJSON bool) error {
	out := bufio.NewWriter(p.stdout)
	tell := func(key identify.Key, owner identify.Owner) error {
		switch {
		case asJSON:
			return json.NewEncoder(out).Encode(toIdentified(key, owner))
		case isTerminal(p.stdout):
			return paragraph(out, key, owner, time.Now())
		}
		return tabbed(out, key, owner)
	}
	told := 0
	err := error(nil)
	if len(found.Keys) > 0 {
		err = withClient(ctx, p, connect, func(c *client.Client) error {
			var failed error
			asked := identify.FindOwners(ctx, c, found.Keys, func(key identify.Key, owner identify.Owner) {
				told++
				failed = errors.Join(failed, tell(key, owner))
			})
			return errors.Join(failed, asked)
		})
	}
	for _, key := range found.Keys[told:] {
		err = errors.Join(err, tell(key, identify.Owner{Err: err}))
	}
	return errors.Join(err, out.Flush(), p.tellRest(found))
}

// tellRest says on standard error what is no whole key.
func (p process) tellRest(found identify.Found) error {
	var words string
	if len(found.Keys) == 0 {
		words = "No API key in " + counted(found.Lines, "line") + ".\n"
	}
	if found.Damaged.Count > 0 {
		words += fmt.Sprintf("%s like a key and no whole one, cut off or mistyped: %s.\n",
			countedVerb(found.Damaged.Count, "text looks", "texts look"), placed(found.Damaged))
	}
	_, err := io.WriteString(p.stderr, words)
	return err
}

// identified is a key with its owner as --json writes it.
type identified struct {
	Hint  string `json:"hint"`
	Hash  string `json:"key_hash"`
	Lines []int  `json:"lines"` // the first ones
	Count int    `json:"count"`
	// ServiceAccount is null when no service account has this key.
	ServiceAccount *api.ServiceAccount `json:"service_account"`
	Error          string              `json:"error,omitempty"` // why that is not known
}

func toIdentified(key identify.Key, owner identify.Owner) identified {
	i := identified{Hint: key.Hint, Hash: key.Hash.String(), Lines: key.Lines, Count: key.Count, ServiceAccount: owner.Account}
	if owner.Err != nil {
		i.Error = owner.Err.Error()
	}
	return i
}

const (
	noSuchKey  = "no such key (deleted, a person's own, or another organization's)"
	notAskedOf = "not looked up"
)

func tabbed(w io.Writer, key identify.Key, owner identify.Owner) error {
	fields := []string{key.Hint, joined(key.Lines, ","), strconv.Itoa(key.Count)}
	switch a := owner.Account; {
	case owner.Err != nil:
		fields = append(fields, "", notAskedOf, "", "")
	case a == nil:
		fields = append(fields, "", noSuchKey, "", "")
	default:
		used := "never"
		if a.Key.LastUsedAt != nil {
			used = a.Key.LastUsedAt.UTC().Format(time.RFC3339)
		}
		fields = append(fields, a.ID, a.Name, a.Team.Name, used)
	}
	_, err := fmt.Fprintln(w, strings.Join(fields, "\t"))
	return err
}

// paragraph writes a key for a person.
func paragraph(w io.Writer, key identify.Key, owner identify.Owner, now time.Time) error {
	text := key.Hint + "  " + placed(key.Seen) + "\n  "
	switch a := owner.Account; {
	case owner.Err != nil:
		text += notAskedOf
	case a == nil:
		text += noSuchKey
	default:
		used := "never used"
		if a.Key.LastUsedAt != nil {
			used = "last used " + since(*a.Key.LastUsedAt, now)
			if a.Key.LastUsedIP != "" {
				used += " from " + a.Key.LastUsedIP
			}
		}
		text += a.Name + ", team " + a.Team.Name + ", " + used + "\n  id " + a.ID
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// placed says in words where something was found.
func placed(seen identify.Seen) string {
	words := "line "
	if len(seen.Lines) > 1 {
		words = "lines "
	}
	words += joined(seen.Lines, ", ")
	if seen.Count > len(seen.Lines) {
		words += fmt.Sprintf(" (%d times in all)", seen.Count)
	}
	return words
}

func joined(lines []int, separator string) string {
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = strconv.Itoa(line)
	}
	return strings.Join(texts, separator)
}

func counted(n int, noun string) string {
	return countedVerb(n, noun, noun+"s")
}

func countedVerb(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
