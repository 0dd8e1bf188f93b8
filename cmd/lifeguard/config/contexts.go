package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/lifeguard-keys/lifeguard/api"
)

func readContexts(r *reader, what string, node ast.Node, c *Config) {
	r.entries(what, node, func(name string, key, value ast.Node) {
		if err := CheckName(name); err != nil {
			r.fail(key, "%v", err)
			return
		}
		context := Context{Name: name, Line: line(key)}
		readFields(r, join(what, name), value, contextSettings, &context)
		if context.Server == "" {
			for _, needs := range append([]string{"ca_file", "proxy"}, keySources...) {
				if at, set := r.lines[join(join(what, name), needs)]; set && r.lines[join(join(what, name), "server")] == 0 {
					r.problem(at, join(join(what, name), needs)+" is for a server: give the context its server too")
				}
			}
		}
		r.oneKey(join(what, name))
		c.Contexts = append(c.Contexts, context)
	})
}

func readServer(r *reader, what string, node ast.Node, c *Context) {
	if !r.text(what, node, &c.Server) {
		return
	}
	// The client says all the rest; a password must not get as far as that.
	if address, err := url.Parse(c.Server); err != nil || address.User != nil {
		r.fail(node, "%s must be an address such as https://keys.example.com, without a name or password", what)
	}
}

func readKeyEnv(r *reader, what string, node ast.Node, c *Context) {
	if r.text(what, node, &c.KeyEnv) && !variableName.MatchString(c.KeyEnv) {
		r.fail(node, "%s must be the name of a variable, such as PRODUCTION_KEY", what)
	}
}

func readWord(r *reader, what string, node ast.Node, c *Context) {
	if !r.text(what, node, &c.Word) {
		return
	}
	if utf8.RuneCountInString(c.Word) > maxWord || api.Clean(c.Word) != c.Word {
		r.fail(node, "%s must be a text of at most %d characters", what, maxWord)
	}
}

// oneKey refuses a context that says twice where its key is: which of them
// counts could only be guessed.
func (r *reader) oneKey(what string) {
	var said []string
	last := 0
	for _, source := range keySources {
		if at := r.lines[join(what, source)]; at > 0 {
			said, last = append(said, source), max(last, at)
		}
	}
	if len(said) > 1 {
		r.problem(last, what+" has "+list(said, "and")+": keep one of them")
	}
}

// NoProxy is the proxy of a context that goes through none.
const NoProxy = "none"

// ParseProxy returns the address of a proxy, nil for [NoProxy]. Its error is
// what the address must be, without the text, which may hold a password.
func ParseProxy(text string) (*url.URL, error) {
	if text == NoProxy {
		return nil, nil
	}
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, address.Scheme):
		return nil, errors.New("must be the address of a proxy, such as http://proxy.example.com:3128, or none")
	case address.User != nil:
		return nil, errors.New("must be an address without a name or password: put one with them into HTTPS_PROXY")
	case cmp.Or(strings.Trim(address.Path, "/"), address.RawQuery, address.Fragment) != "":
		return nil, errors.New("must be the address of a proxy and nothing behind it, such as http://proxy.example.com:3128")
	}
	return address, nil
}

func readProxy(r *reader, what string, node ast.Node, c *Context) {
	if !r.text(what, node, &c.Proxy) {
		return
	}
	if _, err := ParseProxy(c.Proxy); err != nil {
		r.fail(node, "%s %v", what, err)
	}
}

// readKeyCommand reads a program with its arguments. Signs that only a shell
// understands are refused in a text: without one they would be passed on as
// they stand, and nobody means that.
func readKeyCommand(r *reader, what string, node ast.Node, c *Context) {
	const want = `a program with its arguments, such as [pass, show, lifeguard/production]`
	if items, ok := node.(*ast.SequenceNode); ok {
		for _, item := range items.Values {
			word, ok := scalar(item)
			if _, null := item.(*ast.NullNode); !ok || null {
				r.wrong(item, what, want)
				return
			}
			c.KeyCommand = append(c.KeyCommand, word)
		}
		if len(c.KeyCommand) == 0 || c.KeyCommand[0] == "" {
			r.fail(node, "%s must be %s", what, want)
			return
		}
		r.program(what, node, &c.KeyCommand[0])
		return
	}
	var text string
	if _, ok := node.(*ast.StringNode); !ok {
		r.wrong(node, what, want)
		return
	}
	if !r.text(what, node, &text) {
		return
	}
	if strings.ContainsAny(text, "\"'`\\$|;&<>()*?~\n") {
		r.fail(node, "%s is run without a shell: write it as a list, such as [pass, show, lifeguard/production]; for a shell, [sh, -c, …]", what)
		return
	}
	c.KeyCommand = strings.Fields(text)
	r.program(what, node, &c.KeyCommand[0])
}

// program leaves a name to be found in PATH, and makes a path one that does not
// depend on where the person happens to be.
func (r *reader) program(what string, node ast.Node, name *string) {
	if strings.ContainsRune(*name, '/') {
		r.locate(what, node, name)
		if !strings.ContainsRune(*name, filepath.Separator) { // beside a configuration in this very folder
			*name = "." + string(filepath.Separator) + *name
		}
	}
}

// CheckName says what is wrong with the name of a context, or nothing.
func CheckName(name string) error {
	if !contextName.MatchString(name) {
		return fmt.Errorf("a context cannot be called %q: letters, digits, dots and dashes, at most 64", api.RedactKeys(api.Clean(name)))
	}
	return nil
}
