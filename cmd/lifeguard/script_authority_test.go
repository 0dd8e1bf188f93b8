package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lifeguard-keys/lifeguard/api"
)

// scriptAuthority is a script's command: authority. It makes the organization
// Acme in keys.db, with the first key in admin.key, serves it until the script
// ends, and sets SERVER and OTHER to two addresses of it. A whole key that the
// authority does not know is put into stranger.key.
func scriptAuthority(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) > 0 {
		ts.Fatalf("usage: authority")
	}
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command("lifeguard", args...) //nolint:noctx // ended by the script's Defer
		cmd.Dir = ts.MkAbs(".")
		for _, variable := range []string{"PATH", "HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "GORACE"} {
			cmd.Env = append(cmd.Env, variable+"="+ts.Getenv(variable))
		}
		return cmd
	}
	key, err := run("init", "--database", "sqlite:keys.db", "--organization", "Acme", "--admin", "ada@example.com").Output()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("admin.key"), key, 0o600))
	stranger, err := api.MintKey(rand.Reader)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("stranger.key"), []byte(stranger.Reveal()), 0o600))
	server := run("serve", "--listen", "127.0.0.1:0", "--database", "sqlite:keys.db")
	stdout, err := server.StdoutPipe()
	ts.Check(err)
	ts.Check(server.Start())
	ts.Defer(func() { _ = server.Process.Kill(); _ = server.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	ts.Check(err)
	address := strings.TrimPrefix(strings.TrimSpace(line), "lifeguard listens on ")
	ts.Setenv("SERVER", address)
	ts.Setenv("OTHER", strings.Replace(address, "127.0.0.1", "localhost", 1))
}

// setKey is a script's command: setkey VARIABLE FILE. The variable is set to the
// key in the file.
func setKey(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: setkey VARIABLE FILE")
	}
	key, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], string(bytes.TrimSpace(key)))
}
