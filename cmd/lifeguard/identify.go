package main

import (
	"context"
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
	var f form
	var exitIfFound bool
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
			"git log -p | lifeguard identify --jsonl | jq -r .service_account.id\n" +
			"lifeguard identify --exit-code < build.log || echo 'there is a key in the log'",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(p.stdin) {
				return flagError(cmd, errors.New("give the log on standard input: what is typed here would stand on the screen"))
			}
			if err := f.check(); err != nil {
				return flagError(cmd, err)
			}
			found, err := identify.Scan(cmd.Context(), p.stdin)
			if err != nil {
				err = fmt.Errorf("the log could not be read beyond line %d: %w", found.Lines, err)
			}
			told := enough(p.tellKeys(cmd.Context(), connect, f, found, err == nil))
			return errors.Join(told, err, foundCode(found, exitIfFound))
		},
	}
	connect.registerVerb(cmd, p)
	f.register(cmd)
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
// be had, the keys are told without them: where they are is worth knowing. The
// log may not have been read to its end.
func (p process) tellKeys(ctx context.Context, connect connectFlags, f form, found identify.Found, whole bool) error {
	out := newRowWriter(p, f, keyListing(time.Now()))
	told := 0
	err := error(nil)
	if len(found.Keys) > 0 {
		err = withClient(ctx, p, connect, func(c *client.Client) error {
			var failed error
			asked := identify.FindOwners(ctx, c, found.Keys, func(key identify.Key, owner identify.Owner) {
				told++
				failed = errors.Join(failed, out.write(toIdentified(key, owner)))
			})
			return errors.Join(failed, asked)
		})
	}
	for _, key := range found.Keys[told:] {
		err = errors.Join(err, out.write(toIdentified(key, identify.Owner{Err: err})))
	}
	end := out.end
	if !whole {
		end = out.abandon
	}
	return errors.Join(err, end(), p.tellRest(found))
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
		i.Error = errorLine(owner.Err)
	}
	return i
}

const (
	noSuchKey  = "no such key (deleted, a person's own, or another organization's)"
	notAskedOf = "not looked up"
)

// owner names the account, or says why there is none.
func (i identified) owner() string {
	switch {
	case i.Error != "":
		return notAskedOf
	case i.ServiceAccount == nil:
		return noSuchKey
	}
	return i.ServiceAccount.Name
}

// keyListing shows keys with their owners: a paragraph for each to a person.
func keyListing(now time.Time) listing[identified] {
	return listing[identified]{
		tabs: func(i identified) []string {
			fields := []string{i.Hint, joined(i.Lines, ","), strconv.Itoa(i.Count), "", i.owner(), "", ""}
			if a := i.ServiceAccount; a != nil {
				fields[3], fields[5], fields[6] = a.ID, a.Team.Name, usedAt(*a)
			}
			return fields
		},
		paragraph: func(i identified) string {
			text := i.Hint + "  " + placed(identify.Seen{Lines: i.Lines, Count: i.Count}) + "\n  " + i.owner()
			if a := i.ServiceAccount; a != nil {
				text += ", team " + a.Team.Name + ", " + lastUse(*a, now) + "\n  id " + a.ID
			}
			return text + "\n"
		},
	}
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
