package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

func loginCommand(p process) *cobra.Command {
	flags := connectFlags{command: "login"}
	var store string
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in to a server, and keep the key for the next time",
		Long: "Asks for your developer API key without showing it, or reads it from standard input, has the server say whose it\n" +
			"is, and keeps it in the keyring of the operating system. The server becomes a context of the configuration, with\n" +
			"the name --context or the name of its host; what else is in the file stays as it is. The first one is the context\n" +
			"that lifeguard begins in from then on.\n\n" +
			"With --store file the key is kept in a file that you alone can read, for machines without a keyring. The\n" +
			"configuration remembers that.",
		Example: "lifeguard login --server https://keys.example.com\n" +
			"lifeguard login --server https://keys.example.com --context production < key.txt\n" +
			"lifeguard login --context production    # with another key",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.login(cmd, flags, config.Store(store))
		},
	}
	flags.register(cmd)
	// A login may name both: the context is made for the server.
	cmd.Flag("server").Usage = "URL of the server, such as https://keys.example.com"
	cmd.Flag("context").Usage = "name of the context: of a new one, or to sign in anew (default: the server's host)"
	cmd.Flags().StringVar(&store, "store", "", "where to keep the key: keyring or file (default: as before, or keyring)")
	return cmd
}

func (p process) login(cmd *cobra.Command, flags connectFlags, store config.Store) error {
	ctx := cmd.Context()
	c, err := p.configuration(flags.config)
	if errors.Is(err, fs.ErrNotExist) {
		c, err = config.Default(), nil // it is made where it was named
	}
	if err != nil {
		return err
	}
	target, err := p.loginTarget(cmd, flags, c)
	if err != nil {
		return err
	}
	switch store = cmp.Or(store, target.Store, config.Keyring); store {
	case config.Keyring, config.File:
	default:
		return flagError(cmd, fmt.Errorf("--store must be keyring or file, not %q", store))
	}
	if flags, err = flags.to(target, c.Path); err != nil {
		return err
	}
	// All that can be wrong without a key is said before somebody is asked for one.
	nobody, err := client.New(target.Server, api.Secret{}, flags.options()...)
	if err != nil {
		return err
	}
	nobody.Close()
	kept := p.keyStore(target, store)
	if err := kept.ready(ctx); err != nil {
		return err
	}
	key, err := p.askKey(ctx, nobody.Name())
	if err != nil {
		return err
	}
	defer key.Destroy()
	caller, err := whoIs(ctx, target.Server, key, flags.options())
	if err != nil {
		return err
	}
	if err := p.keep(ctx, flags, c, target, store, key); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.stdout, "Signed in to %s as %s.\n", nobody.Name(), introduced(caller)); err != nil {
		return err
	}
	return p.sayNext(c, target, kept)
}

// loginTarget is the context to sign in to: one of the configuration, or a new
// one with a name and a server.
func (p process) loginTarget(cmd *cobra.Command, flags connectFlags, c config.Config) (config.Context, error) {
	server, name := flags.server, flags.context
	if server == "" && name == "" {
		server, name = p.env.get(envServer), p.env.get(envContext)
		if server != "" && name != "" {
			return config.Context{}, errServerAndContext
		}
	}
	if server == "" {
		name = cmp.Or(name, c.Context)
		if name == "" {
			return config.Context{}, &usageError{cmd.CommandPath(), errors.New("name the server, as in --server https://keys.example.com")}
		}
		known, err := loginContext(c, name)
		if err == nil && known.Server == "" {
			err = fmt.Errorf("the context %s is the authority on this machine, which wants no sign-in: give --server, or another --context", name)
		}
		return known, err
	}
	server = strings.TrimSpace(server)
	if name == "" {
		for _, known := range c.Contexts {
			if known.Server != "" && canonical(known.Server) == canonical(server) {
				return loginContext(c, known.Name)
			}
		}
		_, host, _ := strings.Cut(canonical(server), "://")
		name = strings.Trim(strings.Map(func(r rune) rune {
			if strings.ContainsRune("/:[]", r) {
				return '-'
			}
			return r
		}, host), "-")
	}
	if known, there := c.ByName(name); there {
		if canonical(known.Server) != canonical(server) {
			return config.Context{}, fmt.Errorf("the context %s is for %s already: give another name with --context", name, cmp.Or(known.Server, "this machine"))
		}
		return loginContext(c, name)
	}
	if _, err := client.New(server, api.Secret{}); err != nil {
		return config.Context{}, err // said before the name that came of it
	}
	return config.Context{Name: name, Server: server}, config.CheckName(name)
}

// loginContext returns the context of that name, if login may keep its key.
func loginContext(c config.Config, name string) (config.Context, error) {
	known, there := c.ByName(name)
	if !there {
		return known, c.NoContext(name)
	}
	source := ""
	switch {
	case known.KeyEnv != "":
		source = "the variable " + known.KeyEnv + " (key_env)"
	case known.KeyFile != "":
		source = "the file " + known.KeyFile + " (key_file)"
	case known.KeyCommand != nil:
		source = "the program " + known.KeyCommand[0] + " (key_command)"
	default:
		return known, nil
	}
	return known, fmt.Errorf("the context %s has its key from %s: put the new key there, or take that line out of %s first", name, source, c.Path)
}

// to fills in what a context says of how to connect.
func (f connectFlags) to(target config.Context, path string) (connectFlags, error) {
	f.server, f.context = target.Server, target.Name
	if f.caFile != "" {
		absolute, err := filepath.Abs(f.caFile) // the configuration is read from elsewhere
		if err != nil {
			return f, fmt.Errorf("find the CA file %s: %w", f.caFile, err)
		}
		f.caFile = absolute
	}
	f.caFile = cmp.Or(f.caFile, target.CAFile)
	if f.proxySetting = "--proxy"; f.proxy == "" {
		f.proxy, f.proxySetting = target.Proxy, "contexts."+target.Name+".proxy in "+path
	}
	if _, err := config.ParseProxy(f.proxy); f.proxy != "" && err != nil {
		return f, fmt.Errorf("--proxy %w", err)
	}
	return f, nil
}

// whoIs asks the server whose key it is.
func whoIs(ctx context.Context, server string, key api.Secret, options []client.Option) (api.Caller, error) {
	c, err := client.New(server, key, options...)
	if err != nil {
		return api.Caller{}, signInError(err)
	}
	defer c.Close()
	caller, err := c.Me(ctx)
	if errors.Is(err, api.ErrUnauthorized) {
		// Not the server's words, which are for whoever writes a client.
		err = &exitError{exitNeedsSignIn, fmt.Errorf("%s does not accept this key: it was mistyped or deleted, or its user is suspended; nothing was kept", c.Name())}
	}
	return caller, err
}

// introduced names a caller in words.
func introduced(caller api.Caller) string {
	words := cmp.Or(caller.Name, caller.ID)
	if caller.Email != "" {
		words += " (" + caller.Email + ")"
	}
	if caller.Type == api.IdentityServiceAccount {
		words = "the service account " + words
	}
	if caller.Organization != "" {
		words += ", " + caller.Organization
	}
	return words
}

// keep keeps a key that the server accepts, and writes down what is new of its
// context. When that cannot be written, the key is not kept either.
func (p process) keep(ctx context.Context, flags connectFlags, c config.Config, target config.Context, store config.Store, key api.Secret) error {
	var entries []config.Entry
	add := func(name, value, old string) {
		if value != old {
			entries = append(entries, config.Entry{Name: name, Value: value})
		}
	}
	_, known := c.ByName(target.Name)
	if !known {
		add("server", target.Server, "")
	}
	add("ca_file", flags.caFile, target.CAFile)
	add("proxy", flags.proxy, target.Proxy)
	add("store", string(store), string(target.Store))
	path, _ := p.configPath(flags.config)
	// A configuration is often a link into a folder under version control.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	begin := c.Context == "" && !known
	if len(entries) > 0 {
		if _, _, err := edited(path, target.Name, begin, entries); err != nil {
			return err // before anything is kept
		}
	}
	kept := p.keyStore(target, store)
	if err := kept.write(ctx, key); err != nil {
		return err
	}
	if len(entries) > 0 {
		if err := writeContext(path, target.Name, begin, entries); err != nil {
			if target.Store != store {
				_, removed := kept.remove(ctx)
				err = errors.Join(err, removed)
			}
			return err
		}
	}
	if target.Store != "" && target.Store != store {
		old := p.keyStore(target, target.Store)
		if _, err := old.remove(ctx); err != nil {
			return fmt.Errorf("the new key is kept; the old one is still in %s: %w", old, err)
		}
	}
	return nil
}

// edited is the configuration with a context's settings in it, and whether the
// file is a new one.
func edited(path, name string, begin bool, entries []config.Entry) (text []byte, fresh bool, err error) {
	text, err = os.ReadFile(path)
	if fresh = errors.Is(err, fs.ErrNotExist); err != nil && !fresh {
		return nil, false, fmt.Errorf("read %s: %w", path, plainPathError(err))
	}
	if text, err = config.PutContext(path, text, name, entries...); err == nil && begin {
		text, err = config.UseContext(path, text, name)
	}
	return text, fresh, err
}

// writeContext writes down a context's settings. The file is read anew: somebody may
// have changed it while the person was asked for a key.
func writeContext(path, name string, begin bool, entries []config.Entry) error {
	text, fresh, err := edited(path, name, begin, entries)
	if err != nil {
		return err
	}
	if fresh {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = writeNew(path, text)
		}
	} else {
		err = replaceFile(path, text)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w; nothing was kept", path, plainPathError(err))
	}
	return nil
}

// sayNext says where the key is now and how to go on.
func (p process) sayNext(before config.Config, target config.Context, kept keyStore) error {
	open := "lifeguard --context " + target.Name
	if before.Context == target.Name || before.Context == "" && target.Line == 0 {
		open = "lifeguard"
	}
	words := fmt.Sprintf("The key is kept in %s. To open the console: %s\n", kept, open)
	if _, variable := p.env.apiKey(); variable != "" {
		words += variable + " is set, and its key comes before the one that is kept: unset it to use this one.\n"
	}
	_, err := fmt.Fprint(p.stdout, words)
	return err
}
