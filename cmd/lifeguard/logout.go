package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

func logoutCommand(p process) *cobra.Command {
	var path, name string
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Forget the key that login kept",
		Long: "Removes the key of a context from where login kept it. The context stays, and so does where its next key will be\n" +
			"kept. The key itself works on for whoever has it, until it is deleted on the server.",
		Example: "lifeguard logout\nlifeguard logout --context production",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.logout(cmd, path, name) },
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration to read instead of the usual one")
	cmd.Flags().StringVar(&name, "context", "", "context of the configuration to forget the key of (default: the one in use)")
	return cmd
}

func (p process) logout(cmd *cobra.Command, path, name string) error {
	c, err := p.configuration(path)
	if err != nil {
		return err
	}
	name = cmp.Or(name, p.env.get(envContext), c.Context)
	if name == "" {
		return &usageError{cmd.CommandPath(), fmt.Errorf("name the context with --context: lifeguard context list shows which there are")}
	}
	context, err := loginContext(c, name)
	if err != nil {
		return err
	}
	words := fmt.Sprintf("No key was kept for %s.\n", name)
	if context.Store != "" {
		store := p.keyStore(context, context.Store)
		removed, err := store.remove(cmd.Context())
		if err != nil {
			return err
		}
		if removed {
			words = fmt.Sprintf("The key of %s is forgotten, no longer in %s. It works on until it is deleted on the server.\n", name, where(context.Store, store))
		}
	}
	if _, variable := p.env.apiKey(); variable != "" {
		words += variable + " is set, and its key is used all the same.\n"
	}
	_, err = fmt.Fprint(p.stdout, words)
	return err
}

func where(kind config.Store, store keyStore) string {
	if kind == config.File {
		return "the file " + store.String()
	}
	return store.String()
}
