package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/adrg/xdg"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/inherited"
)

// The variables that the console reads.
const (
	envServer = "LIFEGUARD_SERVER" // URL of the server to talk to
	envAPIKey = inherited.APIKey   // the key to talk to it with: never a flag, which other users could read
	// envPoolsideKey is the variable that programs for Poolside's API take a key
	// from. envAPIKey comes before it.
	envPoolsideKey = inherited.PoolsideKey

	envConfig   = "LIFEGUARD_CONFIG"    // configuration to read instead of the usual one
	envContext  = "LIFEGUARD_CONTEXT"   // context of the configuration to use
	envReadOnly = "LIFEGUARD_READ_ONLY" // true or false
	envTheme    = "LIFEGUARD_THEME"     // one of styles.Themes
)

// environment is a list of NAME=value, as os.Environ returns it.
type environment []string

// get returns the value of the variable, "" when it is not set. The last one
// counts, as in os/exec.
func (e environment) get(name string) string {
	for _, entry := range slices.Backward(e) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value
		}
	}
	return ""
}

// without returns the environment without the variables.
func (e environment) without(names ...string) environment {
	return slices.DeleteFunc(slices.Clone(e), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(names, name)
	})
}

// apiKey returns the key in the environment and the variable that it is in.
func (e environment) apiKey() (key api.Secret, variable string) {
	for _, name := range []string{envAPIKey, envPoolsideKey} {
		if text := e.get(name); text != "" {
			return api.NewSecret(text), name
		}
	}
	return api.Secret{}, ""
}

// notify returns a context that ends with the first SIGINT or SIGTERM; the
// second one ends the process at once, for whoever does not want to wait.
// Writing to a closed pipe becomes an error that can be told, not a death.
func notify(parent context.Context) context.Context {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// dataFolder is where the embedded authority keeps its database and its key.
func (e environment) dataFolder() string { return e.folder("XDG_DATA_HOME", xdg.DataHome) }

// configFolder is where the configuration is looked for.
func (e environment) configFolder() string { return e.folder("XDG_CONFIG_HOME", xdg.ConfigHome) }

// stateFolder is where the console keeps its log.
func (e environment) stateFolder() string { return e.folder("XDG_STATE_HOME", xdg.StateHome) }

// folder follows the XDG base directory specification, which wants a relative
// path in the variable ignored.
func (e environment) folder(variable, standard string) string {
	base := e.get(variable)
	if !filepath.IsAbs(base) {
		base = standard
		if me, err := user.Current(); e.get("HOME") == "" && err == nil && runtime.GOOS != "windows" {
			// Without HOME the standard folder is taken to lie at the root.
			base = filepath.Join(me.HomeDir, standard)
		}
	}
	return filepath.Join(base, "lifeguard")
}

// ownFolder makes a folder that only its owner can enter, and closes an
// existing one to others.
func ownFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make the folder %s: %w", path, plainPathError(err))
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the folder %s: %w", path, plainPathError(err))
	}
	if othersMay(info) {
		if err := os.Chmod(path, 0o700); err != nil {
			return fmt.Errorf("the folder %s is open to others and cannot be closed: %w", path, plainPathError(err))
		}
	}
	return nil
}
