package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// elsewhere runs the verbs as somebody who has signed in elsewhere.
type elsewhere struct {
	t     *testing.T
	reach reach
}

func newElsewhere(t *testing.T) elsewhere {
	t.Helper()
	store, key, _, err := ada(t.TempDir()).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listener := newPipeListener()
	running := startAuthority(store, listener, nil, drainEmbedded, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	return elsewhere{t, func(options ...client.Option) (*client.Client, error) {
		return client.New("http://localhost", key, append(options, client.WithDialer(listener.DialContext))...)
	}}
}

func (e elsewhere) run(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, words bytes.Buffer
	// What would lead elsewhere if anything of it were looked at.
	env := environment{envServer + "=http://127.0.0.1:1", envContext + "=nowhere", envConfig + "=/nowhere", "HOME=/nowhere"}
	code = runVerbs(e.t.Context(), args, process{stdin: strings.NewReader(stdin), stdout: &out, stderr: &words, env: env, reach: e.reach})
	return out.String(), words.String(), code
}

func TestVerbsWorkThroughAConnectionThatIsThere(t *testing.T) {
	e := newElsewhere(t)
	do := func(stdin string, args ...string) string {
		t.Helper()
		stdout, stderr, code := e.run(stdin, args...)
		if code != exitDone {
			t.Fatalf("%q ended with %d: %s", args, code, stderr)
		}
		return stdout
	}
	key := strings.TrimSpace(do("", "create", "--team", "developers", "--name", "ci-deploy"))
	if err := api.CheckKey(key); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"list"}, "ci-deploy"},
		{[]string{"get", "ci-deploy"}, "ci-deploy"},
		{[]string{"teams", "--json"}, `"name":"developers"`},
		{[]string{"whoami"}, "ada@analytical"},
		{[]string{"audit", "--last", "0"}, "service_account.create"},
		{[]string{"audit", "verify"}, ":"},
		{[]string{"audit", "export"}, `"class_uid"`},
		{[]string{"identify"}, "ci-deploy"},
		{[]string{"delete", "ci-deploy", "--confirm", "ci-deploy", "--json"}, `"name":"ci-deploy"`},
		{[]string{"--help"}, "identify"},
		{[]string{"create", "--help"}, "--idempotency-key"},
		{nil, "identify"},
	} {
		if got := do(key, step.args...); !strings.Contains(got, step.want) {
			t.Errorf("%q printed %q, want %q in it", step.args, got, step.want)
		}
	}
}

// Whoever is elsewhere has no business with the files, the configuration and
// the servers of the machine that the verbs run on.
func TestVerbsOfSomebodyElsewhereReachForNothing(t *testing.T) {
	e := newElsewhere(t)
	file := filepath.Join(t.TempDir(), "eve.pub")
	if err := os.WriteFile(file, []byte("age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	create := []string{"create", "--team", "developers", "--name", "x"}
	for _, args := range [][]string{
		{"list", "--server", "http://localhost:1"}, {"list", "--context", "x"}, {"list", "--config", file}, {"list", "--ca-file", file},
		{"list", "--proxy", "none"}, {"list", "--view", "x"}, {"audit", "verify", "--database", "sqlite:" + file},
		append(create, "--key-file", filepath.Join(filepath.Dir(file), "x.key")), append(create, "--seal-to", "@"+file),
		{"serve"}, {"demo"}, {"config", "path"}, {"context", "list"}, {"login"}, {"org", "apply", "-f", file}, {"backup", file},
		{"man"}, {"completion", "bash"}, {"__complete", "get", ""}, {"__completeNoDesc", "get", ""},
	} {
		stdout, stderr, code := e.run("", args...)
		if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "age1") {
			t.Errorf("%q ended with %d, printed %q and said %q", args, code, stdout, stderr)
		}
	}
	if stdout, _, _ := e.run("", "list"); stdout != "" {
		t.Errorf("there is %q", stdout)
	}
	// Nor do they tell of what is not there.
	for _, args := range [][]string{{"list"}, {"get"}, {"create"}, {"delete"}, {"identify"}, {"teams"}, {"whoami"}, {"audit"}, {"audit", "verify"}, {"audit", "export"}} {
		stdout, _, _ := e.run("", append(args, "--help")...)
		for _, words := range []string{"--server", "--context", "--key-file", "--database", "--view", "this machine", "At a terminal"} {
			if strings.Contains(stdout, words) {
				t.Errorf("the help of %q speaks of %s:\n%s", args, words, stdout)
			}
		}
	}
}
