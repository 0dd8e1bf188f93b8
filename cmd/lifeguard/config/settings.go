package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// setting is one name that the file may have, with how it is read and all
// that is said about it: the file that `config init` writes and
// docs/configuration.md come from here.
type setting[T any] struct {
	name string
	// values are what it may be, fallback what it is otherwise, in words.
	values, fallback string
	// example stands in the file that is written.
	example string
	doc     string
	read    func(r *reader, what string, node ast.Node, into *T)
}

// contextName keeps names that can be typed in a shell and be part of a file's name.
var contextName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// variableName is a variable's name in the environment.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// maxWord is the length of a context's word: the header has room for it.
const maxWord = 16

var (
	switches = []Switch{Auto, On, Off}
	stores   = []Store{Keyring, File}
)

// keySources are the settings that say where a context's key is.
var keySources = []string{"key_env", "key_file", "key_command", "store"}

// settings are the names at the top of the file.
var settings = []setting[Config]{
	{
		name: "context", values: "name of a context", fallback: "the authority on this machine", example: "production",
		doc:  "The context to begin in.",
		read: func(r *reader, what string, n ast.Node, c *Config) { r.text(what, n, &c.Context) },
	},
	{
		name: "contexts", values: "names with settings below them", fallback: "none", example: "",
		doc:  "The authorities that have a name. `lifeguard context list` shows them, `lifeguard context use NAME` chooses one.",
		read: readContexts,
	},
	{
		name: "read_only", values: "true, false", fallback: "false", example: "false",
		doc:  "Change nothing, whatever is pressed: the keys are off, and the connection refuses to send a change.",
		read: func(r *reader, what string, n ast.Node, c *Config) { r.truth(what, n, &c.ReadOnly) },
	},
	{
		name: "theme", values: themeNames(), fallback: "auto", example: "auto",
		doc: "The colours. All but dark and light follow the terminal's background; auto takes 16-color where there are no more. " +
			"NO_COLOR in the environment takes all colours away.",
		read: func(r *reader, what string, n ast.Node, c *Config) { choice(r, what, n, styles.Themes(), &c.Theme) },
	},
	{
		name: "ascii", values: "auto, true, false", fallback: "auto", example: "auto",
		doc:  "Draw without characters beyond ASCII. auto asks the locale.",
		read: func(r *reader, what string, n ast.Node, c *Config) { choice(r, what, n, switches, &c.ASCII) },
	},
	{
		name: "clipboard", values: modeNames(), fallback: "auto", example: "auto",
		doc: "How a new key is copied. auto takes what works here: this machine's clipboard where you sit at it, tmux or GNU screen inside of one, " +
			"and otherwise the terminal (OSC 52). off copies nothing. `lifeguard doctor` says what auto takes, and tries it.",
		read: func(r *reader, what string, n ast.Node, c *Config) {
			choice(r, what, n, clipboard.Modes(), &c.Clipboard)
		},
	},
	{
		name: "mouse", values: "true, false", fallback: "false", example: "false",
		doc:  "Begin with the mouse on: a click selects, the wheel moves. The terminal then selects text with shift held. M turns it on and off.",
		read: func(r *reader, what string, n ast.Node, c *Config) { r.truth(what, n, &c.Mouse) },
	},
	{
		name: "window_title", values: "true, false", fallback: "true", example: "true",
		doc:  "Set the terminal's title to the context's name.",
		read: func(r *reader, what string, n ast.Node, c *Config) { r.truth(what, n, &c.WindowTitle) },
	},
	{
		name: "progress_bar", values: "auto, true, false", fallback: "auto", example: "auto",
		doc: "Show how far loading is in the terminal's own progress bar (OSC 9;4). auto does where the terminal is known to have one; " +
			"others may take it for a notification.",
		read: func(r *reader, what string, n ast.Node, c *Config) { choice(r, what, n, switches, &c.ProgressBar) },
	},
	{
		name: "views", values: "names with settings below them", fallback: "none",
		doc:  "Searches that have a name. V and the commands behind : show them, and so does `lifeguard list --view NAME`.",
		read: readViews,
	},
	{
		name: "remember", values: "true, false", fallback: "true", example: "true",
		doc:  "Begin with the query and the order that the context was left with.",
		read: func(r *reader, what string, n ast.Node, c *Config) { r.truth(what, n, &c.Remember) },
	},
	{
		name: "keys", values: "names of actions with lists of keys", fallback: "docs/keys.md", example: "",
		doc: "The keys of actions. What is not named keeps its own; [] takes an action its keys. Keys are letters and signs, and " +
			"enter, tab, esc, space, f1 and so on, with ctrl+, alt+ or shift+ before them.",
		read: readKeys,
	},
}

// contextSettings are the names below a context.
var contextSettings = []setting[Context]{
	{
		name: "server", values: "URL", fallback: "the authority on this machine", example: "https://keys.example.com",
		doc:  "The server's address.",
		read: readServer,
	},
	{
		name: "ca_file", values: "path", fallback: "none", example: "~/certificates/ca.pem",
		doc:  "A PEM file with further certificates to trust.",
		read: func(r *reader, what string, n ast.Node, c *Context) { r.path(what, n, &c.CAFile) },
	},
	{
		name: "proxy", values: "URL, none", fallback: "what HTTPS_PROXY and NO_PROXY say", example: "http://proxy.example.com:3128",
		doc:  "The proxy to go through to the server: http, https or socks5. none goes through none, whatever HTTPS_PROXY says.",
		read: readProxy,
	},
	{
		name: "key_env", values: "name of a variable", fallback: "none", example: "PRODUCTION_KEY",
		doc:  "The environment variable that holds your key for this server. LIFEGUARD_API_KEY and POOLSIDE_API_KEY, where set, come before it.",
		read: readKeyEnv,
	},
	{
		name: "key_file", values: "path", fallback: "none", example: "production.key",
		doc:  "The file that holds your key for this server, one line, readable by you alone; instead of key_env.",
		read: func(r *reader, what string, n ast.Node, c *Context) { r.path(what, n, &c.KeyFile) },
	},
	{
		name: "key_command", values: "list of a program and its arguments", fallback: "none", example: `[pass, show, lifeguard/production]`,
		doc: "The program that prints your key for this server, such as a vault's; instead of key_env. There is no shell. " +
			"A text is split at its spaces. It has 30 seconds, and no standard input.",
		read: readKeyCommand,
	},
	{
		name: "store", values: "keyring, file", fallback: "none", example: "keyring",
		doc: "Where lifeguard login keeps your key for this server, which it writes itself: in the keyring of the operating system, " +
			"or in a file that you alone can read; instead of key_env.",
		read: func(r *reader, what string, n ast.Node, c *Context) { choice(r, what, n, stores, &c.Store) },
	},
	{
		name: "production", values: "true, false", fallback: "false", example: "true",
		doc:  "This is the one that counts: it looks different, in colour and by its word.",
		read: func(r *reader, what string, n ast.Node, c *Context) { r.truth(what, n, &c.Production) },
	},
	{
		name: "word", values: fmt.Sprintf("text of at most %d characters", maxWord), fallback: "PRODUCTION, if it is", example: "PRODUCTION",
		doc:  "The word before the context's name in the header.",
		read: readWord,
	},
	{
		name: "color", values: colorNames(), fallback: "red for production, else none", example: "red",
		doc: "The colour of the context's name in the header.",
		read: func(r *reader, what string, n ast.Node, c *Context) {
			choice(r, what, n, styles.ContextColors(), &c.Color)
		},
	},
	{
		name: "read_only", values: "true, false", fallback: "the file's read_only", example: "false",
		doc: "Change nothing in this context.",
		read: func(r *reader, what string, n ast.Node, c *Context) {
			c.ReadOnly = new(bool)
			r.truth(what, n, c.ReadOnly)
		},
	},
	{
		name: "theme", values: themeNames(), fallback: "the file's theme", example: "auto",
		doc: "The colours in this context.",
		read: func(r *reader, what string, n ast.Node, c *Context) {
			c.Theme = new(styles.Theme)
			choice(r, what, n, styles.Themes(), c.Theme)
		},
	},
}

func themeNames() string {
	var names []string
	for _, theme := range styles.Themes() {
		names = append(names, string(theme))
	}
	return strings.Join(names, ", ")
}

func modeNames() string {
	var names []string
	for _, mode := range clipboard.Modes() {
		names = append(names, string(mode))
	}
	return strings.Join(names, ", ")
}

func colorNames() string { return strings.Join(styles.ContextColors(), ", ") }
