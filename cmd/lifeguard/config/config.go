// Package config reads the program's configuration: one commented YAML file.
// It is strict, because a setting that is silently ignored is a promise that
// is silently broken: an unknown name, a wrong type, a name that stands twice
// are errors with the line they are on and, where one is near, the right name.
//
// No key belongs in the file. A context says where its key is: in the keyring
// of the operating system, in a variable of the environment, in a file that
// only its owner can read, or behind a program that prints it.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// Config is what the file says, with the defaults for what it does not say.
type Config struct {
	// Path is the file that was read, "" when there was none.
	Path string
	// Context is the name of the context to begin in, "" for the authority on
	// this machine.
	Context  string
	Contexts []Context
	ReadOnly bool
	Theme    styles.Theme
	ASCII    Switch
	// Clipboard is how a new key is copied.
	Clipboard clipboard.Mode

	Mouse, WindowTitle bool
	ProgressBar        Switch

	// Remember is whether the console begins with the last query and order.
	Remember bool
	Views    []tui.View // in the order of the file
	// Keys are the keys that were given to actions. They have no problem.
	Keys tui.Keys
}

// Context is an authority that has a name.
type Context struct {
	Name string
	Line int // of its name in the file
	// Server is its URL. Without one the context is the authority on this machine.
	Server string
	// CAFile is a PEM file with further certificates to trust, "" for none.
	CAFile string
	// Proxy is the URL of the proxy to go through, [NoProxy] to go through none,
	// "" to leave that to HTTPS_PROXY. See [ParseProxy].
	Proxy string
	// KeyEnv is the variable that holds the key, KeyFile a file that does,
	// KeyCommand a program that prints it with its arguments, and Store where
	// lifeguard login keeps it. At most one of the four is set.
	KeyEnv, KeyFile string
	KeyCommand      []string
	Store           Store
	// Production marks the one that counts; Word is the word it is marked
	// with. Another context may have a word too.
	Production bool
	Word       string
	Color      string // of styles.ContextColors, or ""
	// ReadOnly and Theme are nil where the context leaves them to the file.
	ReadOnly *bool
	Theme    *styles.Theme
}

// Store is where lifeguard login keeps a context's key.
type Store string

// The values of a Store. The zero value keeps none.
const (
	Keyring Store = "keyring" // of the operating system
	File    Store = "file"    // mode 0600, in the data folder
)

// Switch is a setting that can be left to the program.
type Switch string

// The values of a Switch.
const (
	Auto Switch = "auto"
	On   Switch = "true"
	Off  Switch = "false"
)

// Default is the configuration without a file.
func Default() Config {
	return Config{Theme: styles.Auto, ASCII: Auto, Clipboard: clipboard.Auto, WindowTitle: true, ProgressBar: Auto, Remember: true}
}

// ByName returns the context of that name.
func (c *Config) ByName(name string) (Context, bool) {
	for _, context := range c.Contexts {
		if context.Name == name {
			return context, true
		}
	}
	return Context{}, false
}

// NoContext says that there is no context of that name, and which there are.
func (c *Config) NoContext(name string) error {
	names := make([]string, len(c.Contexts))
	for i, context := range c.Contexts {
		names[i] = context.Name
	}
	return notNamed("context", name, names)
}

// notNamed says that nothing has a name, and what was probably meant.
func notNamed(kind, name string, names []string) error {
	if api.FindKey(name) != "" {
		return fmt.Errorf("that is an API key, and not the name of a %s", kind)
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no %s %q: the configuration has none", kind, api.Clean(name))
	}
	return fmt.Errorf("there is no %s %q: %s", kind, api.Clean(name), oneOf(name, names))
}

// Problem is one thing in the file that is not as it must be.
type Problem struct {
	Line int    // from 1; 0 when it is about the whole file
	Text string // says what is wrong and what to do; never holds a key
}

// Error is a file that cannot be used, with all that is wrong with it.
type Error struct {
	Path     string
	Problems []Problem
}

// Lines returns one line for each problem, in the form file:line: problem.
func (e *Error) Lines() []string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = api.Clean(fmt.Sprintf("%s:%d: %s", e.Path, max(p.Line, 1), p.Text))
	}
	return lines
}

func (e *Error) Error() string { return strings.Join(e.Lines(), "\n") }

// maxFile is far more than anybody writes by hand, in bytes.
const maxFile = 1 << 20

// Load reads a file. The error is an *[Error] when the file can be read but
// not used, and fs.ErrNotExist when it is not there.
func Load(path string) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, unreadable(path, err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Config{}, unreadable(path, err)
	}
	if len(text) > maxFile {
		return Config{}, &Error{Path: path, Problems: []Problem{{1, "the file has more than 1 MiB: it is no configuration"}}}
	}
	return Parse(path, text)
}

func unreadable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("the configuration %s cannot be read: %w", path, err)
}

// Parse reads the text of a file. Path is for errors, and paths in the file
// are relative to its folder.
func Parse(path string, text []byte) (Config, error) {
	c := Default()
	c.Path = path
	r := &reader{folder: filepath.Dir(path)}
	// First, because every other problem may quote what it is about.
	for i, line := range bytes.Split(text, []byte("\n")) {
		if api.FindKey(string(line)) != "" {
			r.problem(i+1, "this looks like a key: remove it: lifeguard login keeps a key, or key_env, key_file or key_command say where it is")
		}
	}
	if len(r.problems) > 0 {
		return Config{}, r.error(path)
	}
	file, err := tree(text)
	if err != nil {
		r.syntax(err)
		return Config{}, r.error(path)
	}
	switch {
	case len(file.Docs) > 1:
		r.fail(file.Docs[1], "the file has a second document: keep one")
	case len(file.Docs) == 1 && file.Docs[0].Body != nil:
		readFields(r, "", file.Docs[0].Body, settings, &c)
	}
	r.check(&c)
	if len(r.problems) > 0 {
		return Config{}, r.error(path)
	}
	return c, nil
}

// tree parses YAML. Names that stand twice are left to the reader, which says
// where the first one is.
func tree(text []byte) (*ast.File, error) {
	// The parser takes the mark that some editors begin a file with for text,
	// and counts a line that ends with CR LF as two.
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

func (r *reader) error(path string) *Error {
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{Path: path, Problems: r.problems}
}

// syntax notes what the YAML parser could not read.
func (r *reader) syntax(err error) {
	var broken yaml.Error
	if errors.As(err, &broken) && broken.GetToken() != nil && broken.GetToken().Position != nil {
		r.problem(broken.GetToken().Position.Line, "this is not YAML: "+broken.GetMessage())
		return
	}
	r.problem(1, "this is not YAML")
}

// check looks at what no setting can say alone.
func (r *reader) check(c *Config) {
	if c.Context != "" {
		if _, known := c.ByName(c.Context); !known {
			r.problem(r.lines["context"], c.NoContext(c.Context).Error())
		}
	}
}

// line is where a node stands.
func line(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 1
	}
	return node.GetToken().Position.Line
}
