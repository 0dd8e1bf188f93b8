package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
	"github.com/lifeguard-keys/lifeguard/styles"
)

// register adds the flags that say where to connect to.
func (f *connectFlags) register(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.config, "config", "", "configuration to read instead of the usual one")
	set.StringVar(&f.context, "context", "", "context of the configuration to use")
	set.StringVar(&f.server, "server", "", "URL of the server, such as https://keys.example.com; no context is used then")
	set.StringVar(&f.caFile, "ca-file", "", "file with further certificates to trust, PEM")
	set.StringVar(&f.proxy, "proxy", "", "URL of the proxy to go through instead of that of HTTPS_PROXY, or none")
}

// registerVerb adds the flags of a command for scripts: where to connect to, and
// whether it may ask. Where one authority is reached there is nowhere to choose.
func (f *connectFlags) registerVerb(cmd *cobra.Command, p process) {
	if p.reach == nil {
		f.register(cmd)
	}
	cmd.Flags().BoolVar(&f.noInput, "no-input", false, "never ask, also at a terminal")
}

// registerLook adds the flags that say how the console looks and what it may do.
func (f *connectFlags) registerLook(cmd *cobra.Command) {
	set := cmd.Flags()
	f.set = set.Changed
	set.BoolVar(&f.readOnly, "read-only", false, "change nothing, whatever is pressed")
	set.StringVar(&f.theme, "theme", "", "colours: "+themeList())
	set.BoolVar(&f.isLinear, "linear", false, "questions and answers, a line at a time, for screen readers; also when TERM is dumb")
}

func themeList() string {
	var names []string
	for _, theme := range styles.Themes() {
		names = append(names, string(theme))
	}
	return strings.Join(names, ", ")
}

// configPath is the file to read, and whether somebody named it.
func (p process) configPath(flag string) (path string, named bool) {
	if path = cmp.Or(flag, p.env.get(envConfig)); path != "" {
		return path, true
	}
	return filepath.Join(p.env.configFolder(), "config.yaml"), false
}

// configuration reads the file. Where nobody named one, there need not be any.
func (p process) configuration(flag string) (config.Config, error) {
	path, named := p.configPath(flag)
	c, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return config.Default(), nil
	}
	return c, err
}

// resolve weighs what was said where: flags before the environment, the
// environment before the context, the context before the rest of the file.
//
// A server that is named directly is used without a context: a context's key
// is for the context's server, and must not be sent to another one.
func (f connectFlags) resolve(ctx context.Context, p process) (connectFlags, error) {
	c, err := p.configuration(f.config)
	if err != nil {
		return f, err
	}
	f.file = c
	for _, known := range c.Contexts {
		if known.KeyEnv != "" && known.KeyEnv != envAPIKey {
			// What the console starts has no business with any key.
			_ = os.Unsetenv(known.KeyEnv)
			f.secrets = append(f.secrets, known.KeyEnv)
		}
	}
	f.secrets = append(f.secrets, envAPIKey, envPoolsideKey)
	f.key, f.keyVariable = p.env.apiKey()
	if f.proxySetting = "--proxy"; f.proxy != "" {
		if _, err := config.ParseProxy(f.proxy); err != nil {
			return f, fmt.Errorf("--proxy %w", err)
		}
	}
	name, err := f.chooseContext(p)
	if err != nil {
		return f, err
	}
	theme, readOnly := c.Theme, c.ReadOnly
	if name != "" {
		chosen, known := c.ByName(name)
		if !known {
			return f, c.NoContext(name)
		}
		f.context, f.server = name, chosen.Server
		f.caFile = cmp.Or(f.caFile, chosen.CAFile)
		if f.proxy == "" {
			f.proxy, f.proxySetting = chosen.Proxy, "contexts."+name+".proxy in "+c.Path
		}
		f.production = f.production || chosen.Production
		f.word, f.color = chosen.Word, chosen.Color
		if chosen.ReadOnly != nil {
			readOnly = *chosen.ReadOnly
		}
		if chosen.Theme != nil {
			theme = *chosen.Theme
		}
		if f.key.IsZero() {
			if f.key, err = p.contextKey(ctx, chosen, f); err != nil {
				return f, err
			}
		}
	}
	return f, f.weigh(p, readOnly, theme)
}

// resolveLook weighs only what does not depend on a server.
func (f connectFlags) resolveLook(p process) (connectFlags, error) {
	c, err := p.configuration(f.config)
	if err != nil {
		return f, err
	}
	f.file = c
	return f, f.weigh(p, c.ReadOnly, c.Theme)
}

var errServerAndContext = errors.New(envServer + " and " + envContext + " are both set: a context has a server of its own, so unset one")

// chooseContext returns the context's name, "" for none, and the server where
// none is used.
func (f *connectFlags) chooseContext(p process) (string, error) {
	server, context := p.env.get(envServer), p.env.get(envContext)
	switch {
	case f.server != "" && f.context != "":
		return "", errors.New("--server and --context are both given: a context has a server of its own, so leave one out")
	case f.server != "":
		return "", nil
	case f.context != "":
		return f.context, nil
	case server != "" && context != "":
		return "", errServerAndContext
	case server != "":
		f.server = server
		return "", nil
	}
	return cmp.Or(context, f.file.Context), nil
}

// weigh settles what a context, the environment and a flag may all say.
func (f *connectFlags) weigh(p process, readOnly bool, theme styles.Theme) error {
	if text := p.env.get(envReadOnly); text != "" {
		said, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s must be true or false", envReadOnly)
		}
		readOnly = said
	}
	if f.set == nil || !f.set("read-only") {
		f.readOnly = readOnly
	}
	f.theme = cmp.Or(f.theme, p.env.get(envTheme), string(theme))
	for _, known := range styles.Themes() {
		if string(known) == f.theme {
			return nil
		}
	}
	return fmt.Errorf("there is no theme %q: it is one of %s", api.Clean(f.theme), themeList())
}

// contextKey takes a context's key from where the configuration says it is. A
// zero key is one that is not there.
func (p process) contextKey(ctx context.Context, c config.Context, f connectFlags) (api.Secret, error) {
	switch {
	case c.KeyEnv != "":
		return api.NewSecret(p.env.get(c.KeyEnv)), nil
	case f.unattended && c.KeyCommand != nil: // it may ask for a password or a touch
		return api.Secret{}, errNotUnattended
	case c.KeyCommand != nil:
		return p.commandKey(ctx, c, f.secrets, keyCommandLimit)
	case c.Store != "":
		store := p.keyStore(c, c.Store)
		if ring, ok := store.(keyringStore); ok {
			ring.unattended = f.unattended
			store = ring
		}
		key, err := store.read(ctx)
		if err != nil && ctx.Err() == nil {
			err = &exitError{exitNeedsSignIn, err}
		}
		return key, err
	case c.KeyFile == "":
		return api.Secret{}, nil
	}
	key, err := keyFile{path: c.KeyFile, remedy: "write your key for the context " + c.Name + " into it"}.read()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the context %s has its key in %s, and there is no such file: put the key there, readable by you alone", c.Name, c.KeyFile)
	}
	if err != nil {
		err = &exitError{exitNeedsSignIn, err}
	}
	return key, err
}

// keepKey says how a person saves giving the key the next time.
func (f connectFlags) keepKey() string {
	switch chosen, _ := f.file.ByName(f.context); {
	case f.keyVariable != "":
		return "set " + f.keyVariable + " to your developer API key"
	case chosen.KeyEnv != "":
		return "set " + chosen.KeyEnv + " to your developer API key"
	case chosen.KeyFile != "":
		return "write your developer API key into " + chosen.KeyFile
	case chosen.KeyCommand != nil:
		return "have " + chosen.KeyCommand[0] + " print your developer API key"
	case f.context != "":
		return "run lifeguard login --context " + f.context + ", or set " + envAPIKey + " to your developer API key"
	}
	return "run lifeguard login --server " + f.server + ", or set " + envAPIKey + " to your developer API key"
}
