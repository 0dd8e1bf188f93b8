package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
)

// connection is an authority that a console can talk to, and how to.
type connection struct {
	name    string // of the context, short
	address string // where it is, for the header
	notice  string // said once at the start, may be ""
	key     api.Secret
	memory  memory // of what the console showed last
	// nextTime says how a person saves signing in the next time, may be "".
	nextTime string
	// dial makes a client with a key: the first one, or that of a later sign-in.
	dial func(api.Secret) (*client.Client, error)
	// close ends what the connection started.
	close func() error
}

// connectFlags say where to connect to and how. The first ones are a command's
// flags; resolve adds what the environment and the configuration say.
type connectFlags struct {
	config   string // path of the configuration
	context  string
	server   string
	caFile   string
	proxy    string // as config.ParseProxy takes it, "" for that of the environment
	theme    string
	readOnly bool
	isLinear bool // --linear was given
	noInput  bool // ask nothing
	// production makes the console look as if much depended on it.
	production bool
	// auditDays is for how many days an authority on this machine keeps audit
	// events while it is open; 0 removes none.
	auditDays int
	// unattended is for what a person has not asked for, and does not look at: no
	// program is started and no authority is made.
	unattended bool
	// command names what the changes are made with; "" is the console.
	command string
	// set reports whether a flag was given; nil where there are no such flags.
	set func(name string) bool

	file        config.Config
	key         api.Secret
	word, color string   // of the context
	secrets     []string // variables that hold keys
	// keyVariable is the variable of the environment that the key is from, "" for
	// another place.
	keyVariable string
	// proxySetting is what a person changes the proxy in.
	proxySetting string
}

// progressBar reports whether to use the terminal's own progress bar. Some
// terminals take the sequence for a notification, so those that are not known
// to have a bar get none, and neither does a multiplexer.
func (f connectFlags) progressBar(env environment) bool {
	if f.file.ProgressBar != config.Auto {
		return f.file.ProgressBar == config.On
	}
	vte, _ := strconv.Atoi(env.get("VTE_VERSION")) // 7900 is 0.79, the first with a bar
	return env.get("TMUX") == "" && env.get("STY") == "" &&
		(env.get("WT_SESSION") != "" || env.get("ConEmuANSI") == "ON" || vte >= 7900 ||
			slices.Contains([]string{"ghostty", "WezTerm"}, env.get("TERM_PROGRAM")))
}

// ascii reports whether to draw without characters beyond ASCII.
func (f connectFlags) ascii(env environment) bool {
	if f.file.ASCII == config.Auto {
		return env.otherCharset()
	}
	return f.file.ASCII == config.On
}

// options are those of every client of the console.
func (f connectFlags) options() []client.Option {
	options := []client.Option{
		client.WithUserAgent("lifeguard/" + buildVersion()),
		client.WithVia(via(cmp.Or(f.command, "console"))),
	}
	if f.readOnly {
		options = append(options, client.WithReadOnly())
	}
	if f.caFile != "" {
		options = append(options, client.WithCAFile(f.caFile))
	}
	if f.proxy != "" {
		if proxy, err := config.ParseProxy(f.proxy); err == nil { // checked by resolve
			options = append(options, client.WithProxySetting(proxy, f.proxySetting))
		}
	}
	return options
}

// connectServer prepares to talk to a server. It does not connect: the console
// says itself what becomes of that. Without a key the console asks for one, if
// there is a terminal to ask at.
func connectServer(flags connectFlags, terminal bool) (connection, error) {
	key := flags.key
	dial := func(key api.Secret) (*client.Client, error) {
		return client.New(flags.server, key, flags.options()...)
	}
	c, err := dial(key)
	if err != nil {
		return connection{}, signInError(err)
	}
	defer c.Close()
	if key.IsZero() && !terminal {
		return connection{}, &exitError{exitNeedsSignIn, fmt.Errorf("there is no key for %s: %s", c.Name(), flags.keepKey())}
	}
	return connection{
		name: cmp.Or(flags.context, c.Name()), address: c.Name(), key: key, dial: dial,
		nextTime: flags.keepKey(),
		close:    func() error { return nil },
	}, nil
}

// signInError gives an error that another key would mend its exit code.
func signInError(err error) error {
	if errors.Is(err, api.ErrUnauthorized) {
		return &exitError{exitNeedsSignIn, err}
	}
	return err
}

// connectEmbedded opens the authority of the person at the keyboard.
func connectEmbedded(ctx context.Context, h home, flags connectFlags, logger *slog.Logger) (connection, error) {
	store, key, fresh, err := h.open(ctx)
	if err != nil {
		return connection{}, err
	}
	listener := newPipeListener()
	c := connectMemory(listener, key, flags)
	c.name, c.address = cmp.Or(flags.context, "local"), "this machine"
	running := startAuthority(store, listener, nil, drainEmbedded, logger)
	c.close = running.Close
	if flags.auditDays > 0 {
		stopPruning := keepAudit(running.server, auditDays(flags.auditDays), logger)
		c.close = func() error { stopPruning(); return running.Close() }
	}
	if fresh {
		c.notice = "Your organization is kept in " + api.Clean(h.folder)
	}
	return c, nil
}

// connectMemory talks to an authority in this process. Its requests wait for
// the authority, if it is not there yet.
func connectMemory(listener *pipeListener, key api.Secret, flags connectFlags) connection {
	options := append(flags.options(), client.WithDialer(listener.DialContext))
	return connection{
		key: key,
		dial: func(key api.Secret) (*client.Client, error) {
			return client.New("http://localhost", key, options...)
		},
	}
}

func (p process) home() home {
	return home{folder: p.env.dataFolder(), person: atKeyboard(), clock: time.Now}
}
