package config_test

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/config"
	"github.com/lifeguard-keys/lifeguard/styles"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

func parse(t *testing.T, text string) config.Config {
	t.Helper()
	c, err := config.Parse("/etc/lifeguard/config.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, `
context: prod
contexts:
  prod:
    server: https://keys.example.com
    ca_file: ~/ca.pem
    proxy: http://proxy.example.com:3128
    key_file: prod.key
    production: true
    word: LIVE
    color: red
    read_only: true
    theme: dark
  local:
  staging: {server: "https://staging.example.com", key_env: STAGING_KEY}
  vault: {server: "https://vault.example.com", key_command: [pass, show, "a b", 7], proxy: none}
  split: {server: "https://vault.example.com", key_command: bin/pass  show keys/split}
  kept: {server: "https://kept.example.com", store: keyring}
read_only: false
theme: high-contrast
ascii: true
clipboard: tmux
mouse: true
window_title: false
progress_bar: false
remember: false
views:
  Forgotten keys:
    query: used:>90d,never
    sort: -used
  new ones: {sort: created}
keys:
  new: [n, f2]
  sort: []
  top: 0
  refresh: "?"
  help: h
`)
	yes, dark := true, styles.Dark
	want := config.Config{
		Path: "/etc/lifeguard/config.yaml", Context: "prod", Theme: styles.HighContrast, ASCII: config.On, Clipboard: clipboard.OnlyTmux,
		Mouse: true, ProgressBar: config.Off,
		Views: []tui.View{{Name: "Forgotten keys", Query: "used:>90d,never", Sort: "-used"}, {Name: "new ones", Sort: "created"}},
		Keys:  tui.Keys{"new": {"n", "f2"}, "sort": {}, "top": {"0"}, "refresh": {"?"}, "help": {"h"}},
		Contexts: []config.Context{
			{
				Name: "prod", Line: 4, Server: "https://keys.example.com", CAFile: filepath.Join(home, "ca.pem"), Proxy: "http://proxy.example.com:3128", KeyFile: "/etc/lifeguard/prod.key",
				Production: true, Word: "LIVE", Color: "red", ReadOnly: &yes, Theme: &dark,
			},
			{Name: "local", Line: 14},
			{Name: "staging", Line: 15, Server: "https://staging.example.com", KeyEnv: "STAGING_KEY"},
			{Name: "vault", Line: 16, Server: "https://vault.example.com", KeyCommand: []string{"pass", "show", "a b", "7"}, Proxy: config.NoProxy},
			{Name: "split", Line: 17, Server: "https://vault.example.com", KeyCommand: []string{"/etc/lifeguard/bin/pass", "show", "keys/split"}},
			{Name: "kept", Line: 18, Server: "https://kept.example.com", Store: config.Keyring},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", "# only a comment\n", "---\n", "contexts:\n", "\ufeff# a mark at the start\n"} {
		got := parse(t, text)
		got.Path = ""
		if diff := cmp.Diff(config.Default(), got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// What is wrong is said with its line, and with the right name where it is near.
func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"them: dark":                                 `1: there is no setting "them": did you mean "theme"?`,
		"\n\nreadonly: true":                         `3: there is no setting "readonly": did you mean "read_only"?`,
		"zebra: 1":                                   `1: there is no setting "zebra": it is one of context, contexts, `,
		"theme: drak":                                `1: theme cannot be "drak": did you mean "dark"?`,
		"theme: 7":                                   `1: theme cannot be "7": it is one of auto, dark, light, high-contrast and 16-color`,
		"theme: [dark]":                              `1: theme must be auto, dark, light, high-contrast or 16-color, not a list`,
		"read_only: maybe":                           `1: read_only must be true or false, not "maybe"`,
		"read_only: 1":                               `1: read_only must be true or false, not 1`,
		"read_only:":                                 `1: read_only must be true or false, not nothing`,
		"theme: dark\ntheme: light":                  `2: theme stands on line 1 already: keep one of them`,
		"context: prod":                              `1: there is no context "prod": the configuration has none`,
		"context: prd\ncontexts: {prod: {}}":         `1: there is no context "prd": did you mean "prod"?`,
		"contexts: prod":                             `1: contexts must be names with values below it, not "prod"`,
		"contexts:\n  - prod":                        `contexts must be names with values below it, not a list`,
		"contexts:\n  a:\n    sever: x":              `3: there is no setting "contexts.a.sever": did you mean "server"?`,
		"contexts:\n  a:\n  a:":                      `3: contexts.a stands on line 2 already`,
		"contexts:\n  a b: {}":                       `2: a context cannot be called "a b"`,
		"contexts:\n  a:\n    color: puce":           `3: contexts.a.color cannot be "puce": it is one of red, `,
		"contexts:\n  a:\n    key_env: A-B":          `3: contexts.a.key_env must be the name of a variable`,
		"contexts:\n  a:\n    key_file: x":           `3: contexts.a.key_file is for a server: give the context its server too`,
		"contexts:\n  a:\n    server: 'x://a:b@c'\n": `3: contexts.a.server must be an address such as`,
		"contexts:\n  a:\n    server: https://a\n    key_env: A\n    key_file: b":     `5: contexts.a has key_env and key_file: keep one of them`,
		"contexts:\n  a:\n    server: https://a\n    store: file\n    key_command: b": `5: contexts.a has key_command and store: keep one of them`,
		"contexts:\n  a:\n    server: https://a\n    store: safe":                     `4: contexts.a.store cannot be "safe": it is one of keyring and file`,
		"contexts:\n  a:\n    store: keyring":                                         `3: contexts.a.store is for a server: give the context its server too`,
		"contexts:\n  a:\n    server: https://a\n    proxy: proxy:3128":               `4: contexts.a.proxy must be the address of a proxy, such as`,
		"contexts:\n  a:\n    server: https://a\n    proxy: 'http://a:hunter2@b'":     `4: contexts.a.proxy must be an address without a name or password`,
		"contexts:\n  a:\n    server: https://a\n    proxy: [a]":                      `4: contexts.a.proxy must be a text, not a list`,
		"contexts:\n  a:\n    server: https://a\n    key_command: pass 'a b'":         `4: contexts.a.key_command is run without a shell: write it as a list`,
		"contexts:\n  a:\n    server: https://a\n    key_command: []":                 `4: contexts.a.key_command must be a program with its arguments`,
		"contexts:\n  a:\n    server: https://a\n    key_command: [a, [b]]":           `4: contexts.a.key_command must be a program with its arguments, such as [pass, show, lifeguard/production], not a list`,
		"contexts:\n  a:\n    server: https://a\n    key_command: 7":                  `4: contexts.a.key_command must be a program with its arguments`,
		"contexts:\n  a:\n    word: SEVENTEEN LETTERS!":                               `3: contexts.a.word must be a text of at most 16 characters`,
		"contexts:\n  a: &a {}\n  b: *a":                                              `2: contexts.a must be names with values below it, not a reference`,
		"theme: !!str dark":                                                           `not a tag`,
		"theme: dark\n---\ntheme: light":                                              `the file has a second document: keep one`,
		"views:\n  a:":                                                                `2: views.a needs a query, a sort or both`,
		"views:\n  a:\n    sort: usde":                                                `3: views.a.sort cannot be "usde": did you mean "used"?`,
		"views:\n  a:\n    query: 'tem:x'":                                            `3: views.a.query: `,
		"views:\n  a:\n    query: '\"x'":                                              `3: views.a.query: `,
		"views:\n  a:\n    sorted: x":                                                 `3: there is no setting "views.a.sorted": did you mean "sort"?`,
		"views:\n  '': {sort: name}":                                                  `a view cannot be called ""`,
		"keys:\n  delte: x":                                                           `2: there is no action "delte": did you mean "delete"?`,
		"keys:\n  zebras: x":                                                          `2: there is no action "zebras": docs/keys.md`,
		"keys:\n  new:":                                                               `2: keys.new must be a key such as "n", a list of keys, or [] for none, not nothing`,
		"keys:\n  new: [[a]]":                                                         `2: keys.new must be a key such as "n", a list of keys, or [] for none, not a list`,
		"keys:\n  new: d":                                                             `2: new is on d, which delete has in the same place (API Keys): give one of them another key`,
		"keys:\n  new: x\n  sort: s\n  delete: x":                                     `4: delete is on x, which new has in the same place (API Keys): give one of them another key (the other is on line 2)`,
		"keys:\n  delete: enter\n  details: o":                                        `2: delete changes something, so it cannot be on enter`,
		"keys:\n  back: []":                                                           `2: back must keep a key`,
		"keys:\n  sort: escape":                                                       `2: the key "escape" is called "esc" here`,
		"theme: 'dark":                                                                `1: this is not YAML: `,
		"\ttheme: dark":                                                               `1: this is not YAML: `,
		"just words":                                                                  `1: the file must be names with values below it, not "just words"`,
		strings.Repeat("word", 2000):                                                  `1: the file must be names with values below it, not "` + strings.Repeat("word", 15) + `…"`,
		"- a\n- b":                                                                    `1: the file must be names with values below it, not a list`,
		"theme: \"a\x1b]52;c;aGk=\\a\"":                                               `theme`,
	} {
		_, err := config.Parse("f.yaml", []byte(text))
		var unusable *config.Error
		if !errors.As(err, &unusable) {
			t.Errorf("%q: %v, want an error", text, err)
			continue
		}
		if got := err.Error(); !strings.Contains(got, want) || !strings.HasPrefix(got, "f.yaml:") || strings.ContainsRune(got, '\x1b') {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

// All that is wrong is said at once, in the order of the file.
func TestAllProblemsAreSaid(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("f.yaml", []byte("context: nowhere\nthem: dark\ncontexts:\n  a: {colour: red}\nascii: perhaps\n"))
	want := `f.yaml:1: there is no context "nowhere": it is one of a
f.yaml:2: there is no setting "them": did you mean "theme"?
f.yaml:4: there is no setting "contexts.a.colour": did you mean "color"?
f.yaml:5: ascii cannot be "perhaps": it is one of auto, true and false`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A key in the file is refused, and is in no error, whatever else is wrong.
func TestAKeyInTheFileIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"key: KEY", "KEY: 1", "contexts:\n  a:\n    server: https://KEY@keys.example.com", "theme: KEY", "# KEY", "contexts: {a: {key_file: 'KEY'}}", "'KEY",
	} {
		text = strings.ReplaceAll(text, "KEY", key.Reveal())
		_, err := config.Parse("f.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), "this looks like a key") {
			t.Errorf("a key is taken: %v", err)
		} else if strings.Contains(err.Error(), key.Reveal()[3:10]) {
			t.Error("the error repeats the key")
		}
	}
}

func TestLoadSaysWhatIsWrongWithTheFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := config.Load(filepath.Join(folder, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := config.Load(folder); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a folder: %v", err)
	}
	large := filepath.Join(folder, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(large); err == nil || !strings.Contains(err.Error(), "more than 1 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

// uncommented takes the mark from every setting of a written file, but not
// from the words.
var uncommented = regexp.MustCompile(`(?m)^#(\w|  )|^    #(\w)`)

func TestTheWrittenFileIsRight(t *testing.T) {
	t.Parallel()
	document := config.Document()
	got := parse(t, document)
	got.Path = ""
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("what is written changes something: %s", diff)
	}
	for _, line := range strings.Split(document, "\n") {
		if len(line) > 110 && !strings.Contains(line, ": [\"") {
			t.Errorf("a line is too long: %q", line)
		}
	}
	opened := uncommented.ReplaceAllString(document, "$1")
	c := parse(t, opened)
	if len(c.Keys) != len(tui.Actions()) {
		t.Errorf("opened, the file has the keys of %d actions, want %d", len(c.Keys), len(tui.Actions()))
	}
	if c.Context != "production" || len(c.Contexts) != 1 || !c.Contexts[0].Production {
		t.Errorf("opened, the file says %+v:\n%s", c, opened)
	}
}

func TestUseContextChangesOneLine(t *testing.T) {
	t.Parallel()
	const contexts = "contexts: # all\r\n  a: {}\r\n  b: {}\r\n"
	for before, want := range map[string]string{
		contexts:                                  "context: b\n" + contexts,
		"context: a\r\n" + contexts:               "context: b\r\n" + contexts,
		"# first\ncontext: a # why\n" + contexts:  "# first\ncontext: b # why\n" + contexts,
		contexts + "context: \"a\"":               contexts + "context: b",
		"theme: dark\n" + contexts + "context: a": "theme: dark\n" + contexts + "context: b",
	} {
		got, err := config.UseContext("f.yaml", []byte(before), "b")
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v; want %q", before, got, err, want)
		}
	}
	for before, want := range map[string]string{
		"context:\n  a\n" + contexts:             "in an unusual way",
		"{context: a, contexts: {a: {}, b: {}}}": "in an unusual way",
		"contexts: {a: {}}":                      `there is no context "b"`,
		"contexts: [":                            "not YAML",
	} {
		if got, err := config.UseContext("f.yaml", []byte(before), "b"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %q", before, got, err, want)
		}
	}
}

func TestPutContextChangesNothingElse(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"":                                    "contexts:\n  new:\n    server: https://new\n    store: file\n",
		"# mine":                              "# mine\n\ncontexts:\n  new:\n    server: https://new\n    store: file\n",
		"theme: dark\n":                       "theme: dark\n\ncontexts:\n  new:\n    server: https://new\n    store: file\n",
		"contexts: # none yet\ntheme: dark\n": "contexts: # none yet\n  new:\n    server: https://new\n    store: file\ntheme: dark\n",
		"contexts:\r\n    a:\r\n        server: https://a # it\r\n        # said of a\r\n\r\n# the colours\r\ntheme: dark\r\n": "contexts:\r\n    a:\r\n        server: https://a # it\r\n        # said of a\r\n    new:\r\n      server: https://new\r\n      store: file\r\n\r\n# the colours\r\ntheme: dark\r\n",
		"contexts:\n  a: {server: https://a}":                                                        "contexts:\n  a: {server: https://a}\n  new:\n    server: https://new\n    store: file\n",
		"contexts:\n  new: # mine\n    # why\n    server: https://old # before\n    word: W\n  z:\n": "contexts:\n  new: # mine\n    store: file\n    # why\n    server: https://new # before\n    word: W\n  z:\n",
		"contexts:\n  new:\n    store: keyring\n    server: https://old\n":                           "contexts:\n  new:\n    store: file\n    server: https://new\n",
		"contexts:\n  new:\n  z:\n":                                                                  "contexts:\n  new:\n    server: https://new\n    store: file\n  z:\n",
	} {
		got, err := config.PutContext("f.yaml", []byte(before), "new", config.Entry{Name: "server", Value: "https://new"}, config.Entry{Name: "store", Value: "file"})
		if err != nil || string(got) != want {
			t.Errorf("%q:\n got %q, %v\nwant %q", before, got, err, want)
		}
	}
	for before, want := range map[string]string{
		"contexts: {a: {server: https://a}}":                         "in an unusual way: write server: https://new and store: file into contexts.new by hand",
		"{theme: dark}":                                              "in an unusual way",
		"contexts:\n  new: {server: https://a}\n":                    "in an unusual way",
		"contexts:\n  new:\n    server:\n      https://a\n":          "in an unusual way",
		"contexts:\n  new:\n    server: https://a\n    key_env: A\n": "in an unusual way",
		"contexts: [": "not YAML",
	} {
		got, err := config.PutContext("f.yaml", []byte(before), "new", config.Entry{Name: "server", Value: "https://new"}, config.Entry{Name: "store", Value: "file"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %q", before, got, err, want)
		}
	}
	for _, path := range []string{"/etc/ca: the file #1.pem", "C:\\certs\\ca.pem", "/true", "/a'b\"c", "relative.pem"} {
		got, err := config.PutContext("/f.yaml", nil, "new", config.Entry{Name: "server", Value: "https://new"}, config.Entry{Name: "ca_file", Value: path})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		c := parse(t, string(got))
		if want, _ := strings.CutPrefix(path, "/etc/lifeguard/"); !strings.HasSuffix(c.Contexts[0].CAFile, want) {
			t.Errorf("%s became %s in %s", path, c.Contexts[0].CAFile, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("theme: dark\ncontexts:\n  a: {server: https://a}\n"))
	f.Add([]byte("? [a]\n: b\n<<: *x\n"))
	f.Add([]byte("&a [*a]"))
	f.Add([]byte(config.Document()))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := config.Parse("f.yaml", text)
		if err != nil && !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Errorf("an error without its place: %v", err)
		}
	})
}

// Whatever the file is, adding a context breaks nothing in it.
func FuzzPutContext(f *testing.F) {
	f.Add([]byte("contexts:\n  a: {server: https://a}\ntheme: dark\n"), "new")
	f.Add([]byte("contexts: # none\r\n"), "a")
	f.Add([]byte("contexts:\n    new:\n        word: W # x\n\n# y\n"), "new")
	f.Add([]byte("---\ntheme: dark\n...\n"), "b")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		before, err := config.Parse("f.yaml", text)
		if err != nil {
			return
		}
		changed, err := config.PutContext("f.yaml", text, name, config.Entry{Name: "server", Value: "https://new"}, config.Entry{Name: "store", Value: "file"})
		if err != nil {
			return
		}
		after, err := config.Parse("f.yaml", changed)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, changed, err)
		}
		if got, known := after.ByName(name); !known || got.Server != "https://new" || got.Store != config.File {
			t.Errorf("%q became %q", text, changed)
		}
		for _, old := range before.Contexts {
			if got, known := after.ByName(old.Name); !known || old.Name != name && got.Server != old.Server {
				t.Errorf("%q lost %s: %q", text, old.Name, changed)
			}
		}
	})
}
