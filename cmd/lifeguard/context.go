package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

func contextCommand(p process) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:     "context",
		Short:   "List the contexts of the configuration, and choose one",
		Long:    "A context is a server with a name, in the configuration: see lifeguard config --help.",
		Example: "lifeguard context list\nlifeguard context use production",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&path, "config", "", "the configuration, instead of the usual one")
	cmd.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the contexts; * is before the one in use",
			Args:  noArguments,
			RunE:  func(*cobra.Command, []string) error { return p.listContexts(path) },
		},
		&cobra.Command{
			Use:   "use NAME",
			Short: "Begin in this context from now on",
			Long:  "Writes the name as the context of the configuration. All else in the file stays as it is, comments too.",
			Args: func(cmd *cobra.Command, args []string) error {
				if len(args) != 1 {
					return &usageError{command: cmd.CommandPath(), err: errors.New("name one context")}
				}
				return nil
			},
			RunE: func(_ *cobra.Command, args []string) error { return p.useContext(path, args[0]) },
		},
	)
	return cmd
}

func (p process) listContexts(flag string) error {
	c, err := p.configuration(flag)
	if err != nil {
		return err
	}
	if len(c.Contexts) == 0 {
		path, _ := p.configPath(flag)
		_, err := fmt.Fprintf(p.stderr, "The configuration %s has no contexts.\n", path)
		return err
	}
	used := cmp.Or(p.env.get(envContext), c.Context)
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, context := range c.Contexts {
		mark, words := " ", ""
		if context.Name == used {
			mark = "*"
		}
		if context.Production {
			words = cmp.Or(context.Word, "PRODUCTION")
		} else {
			words = context.Word
		}
		if context.ReadOnly != nil && *context.ReadOnly || context.ReadOnly == nil && c.ReadOnly {
			words = join(words, "read-only")
		}
		if words != "" {
			words = "\t" + words
		}
		if _, err := fmt.Fprintf(table, "%s %s\t%s%s\n", mark, context.Name, cmp.Or(context.Server, "this machine"), words); err != nil {
			return err
		}
	}
	return table.Flush()
}

func join(words, word string) string {
	if words == "" {
		return word
	}
	return words + ", " + word
}

// useContext changes one line of the file.
func (p process) useContext(flag, name string) error {
	c, err := p.configuration(flag)
	if err != nil {
		return err
	}
	if _, known := c.ByName(name); !known {
		return c.NoContext(name)
	}
	// A configuration is often a link into a folder under version control.
	path, err := filepath.EvalSymlinks(c.Path)
	if err != nil {
		return fmt.Errorf("find %s: %w", c.Path, plainPathError(err))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, plainPathError(err))
	}
	changed, err := config.UseContext(c.Path, text, name)
	if err != nil {
		return err
	}
	if err := replaceFile(path, changed); err != nil {
		return fmt.Errorf("write %s: %w; or set context: %s in it by hand", path, plainPathError(err), name)
	}
	_, err = fmt.Fprintf(p.stdout, "The context is %s from now on.\n", name)
	return err
}
