package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

// Every verb ends in the same way for the same reason, with --json too.
func TestVerbsEndWithTheCodeThatTheReasonHas(t *testing.T) {
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// What each verb wants.
	arguments := map[string][]string{
		"get": {"ci-deploy"}, "delete": {"ci-deploy"}, "create": {"--team", "platform", "--name", "ci-deploy"},
	}
	for _, verb := range verbs(process{}) {
		name := verb.Name()
		for _, c := range []struct {
			reason string
			env    environment
			args   []string
			code   int
			title  string
		}{
			{reason: "help", args: []string{"--help"}, code: exitDone},
			{reason: "a flag that is not there", args: []string{"--colour"}, code: exitFailed, title: "The command line was not understood"},
			{reason: "no key", args: []string{"--server", "https://keys.example.com"}, code: exitNeedsSignIn, title: "Sign-in needed"},
			{reason: "no such context", args: []string{"--context", "nowhere"}, code: exitFailed, title: "Failed"},
			{reason: "nobody there", env: environment{envAPIKey + "=" + key.Reveal()}, args: []string{"--server", "http://127.0.0.1:1"}, code: exitFailed, title: "No usable answer"},
		} {
			for _, asJSON := range []bool{false, true} {
				args := append(append([]string{name}, arguments[name]...), c.args...)
				if asJSON {
					args = append(args, "--json")
				}
				var stdout, stderr bytes.Buffer
				env := append(environment(ownEnvironment(t.TempDir())), c.env...)
				code := run(t.Context(), args, strings.NewReader(key.Reveal()), &stdout, &stderr, env)
				said := stderr.String()
				if code != c.code || (code != exitDone && strings.Count(said, "\n") != 1) || strings.Contains(said, key.Reveal()[3:15]) {
					t.Errorf("%s, %s: it ended with %d and said %q", name, c.reason, code, said)
				}
				var told problem
				if asJSON && code != exitDone && (json.Unmarshal(stderr.Bytes(), &told) != nil || told.Title != c.title || told.ExitCode != code || told.Detail == "") {
					t.Errorf("%s, %s: it said %q, want the title %q", name, c.reason, said, c.title)
				}
			}
		}
	}
}

// block is the first shell block of a document below a heading.
func block(t *testing.T, path, heading string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n"+heading+"\n")
	_, begun, hasBlock := strings.Cut(below, "```sh\n")
	code, _, ended := strings.Cut(begun, "```")
	if !found || !hasBlock || !ended {
		t.Fatalf("%s has no shell block below %q", path, heading)
	}
	return code
}

// What the documents show can be pasted.
func TestTheScriptsOfTheDocumentsWork(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	if _, err := admin.CreateTeam(t.Context(), api.CreateTeam{Name: "platform"}); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{
		block(t, "../../README.md", "## In scripts"),
		"uuidgen() { echo 0199e5a2-7c1e-7c5a-9f57-3d1c2b4a5f60; }\nCI_JOB=7\nrm ci.key\n" + block(t, "../../docs/scripts.md", "## Create"),
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
		cmd.Dir = folder
		cmd.Env = append(ownEnvironment(folder), envServer+"="+server.url, envAPIKey+"="+key.Reveal())
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v: %s", script, err, output)
		}
		if api.FindKey(string(output)) != "" {
			t.Errorf("%s\nshows a key", script)
		}
	}
	for _, name := range []string{"nightly.key", "ci.key"} {
		text, err := os.ReadFile(folder + "/" + name)
		if err != nil || api.CheckKey(strings.TrimSpace(string(text))) != nil {
			t.Errorf("%s holds %d bytes, %v", name, len(text), err)
		}
	}
}

func TestTheExitCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range exitCodes {
		row := fmt.Sprintf("| %d | %s |", code.code, code.means)
		if !strings.Contains(strings.ReplaceAll(string(text), "`", ""), row) {
			t.Errorf("docs/scripts.md lacks %q", row)
		}
	}
}
