package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pasteEverywhere sends every operation of the document with keys as its ids,
// its parameters and all fields of its body.
func (c *canary) pasteEverywhere() {
	c.t.Helper()
	_, content := c.send(http.MethodGet, api.PathOpenAPI, "", "", "")
	var document struct {
		Paths map[string]map[string]struct {
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(content, &document); err != nil || len(document.Paths) < 15 {
		c.t.Fatalf("the document has %d paths: %v", len(document.Paths), err)
	}
	key := c.keys["a developer's"]
	for path, operations := range document.Paths {
		before, _, _ := strings.Cut(path, "{")
		_, after, hasID := strings.Cut(path, "}")
		target := path
		if hasID {
			target = before + key + after
		}
		for method, operation := range operations {
			method = strings.ToUpper(method)
			query := url.Values{}
			for _, parameter := range operation.Parameters {
				if parameter.In == "query" {
					query.Set(parameter.Name, key)
					c.send(method, target+"?"+parameter.Name+"="+key, c.admin, "", key)
				}
			}
			c.send(method, target+"?"+query.Encode()+"&"+key+"=1", c.admin, "", key)
			bodies := []string{key, `"` + key + `"`, `{"` + key + `":1}`, `{"x":"` + key}
			fields := map[string]any{}
			for name := range document.Components.Schemas[filepath.Base(operation.RequestBody.Content["application/json"].Schema.Ref)].Properties {
				fields[name] = key
				one, err := json.Marshal(map[string]any{name: key})
				if err != nil {
					c.t.Fatal(err)
				}
				bodies = append(bodies, string(one))
			}
			all, err := json.Marshal(fields)
			if err != nil {
				c.t.Fatal(err)
			}
			if len(fields) > 0 {
				bodies = append(bodies, string(all))
			}
			for _, body := range bodies {
				c.send(method, target, c.admin, body, key)
			}
			c.send(method, target, "", key, key)
		}
	}
}

// sendNonsense speaks to the server in ways that net/http refuses by itself.
func (c *canary) sendNonsense() {
	c.t.Helper()
	key := c.keys["the account's"]
	for _, text := range []string{
		key + "\r\n\r\n",
		"GET /" + key + " HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET " + key + " HTTP/1.1\r\nHost: x\r\n\r\n",
		key + " / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: " + key + "\r\n" + key + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n" + key + ": \x00" + key + "\r\n\r\n",
		"GET /?a;" + key + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: " + key + "\r\n\r\n",
		"POST " + api.PathTeams + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + key + "\r\n\r\n",
		"POST " + api.PathTeams + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: " + key + "\r\nContent-Length: 1\r\n\r\n1",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat(key, 1000) + "\r\n\r\n",
	} {
		conn, err := new(net.Dialer).DialContext(c.t.Context(), "tcp", strings.TrimPrefix(c.replica.url, "http://"))
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err == nil {
			said, _ := io.ReadAll(conn) // it may be cut off
			c.keep("an answer to nonsense", said)
		}
		_ = conn.Close()
	}
}

// canaryCommands are runs of the program whose output is searched. Every
// command that has a flag --json is among them.
var canaryCommands = map[string][][]string{
	"lifeguard audit":        {{"audit", "--json", "--last", "0"}, {"audit", "--jsonl", "--last", "0"}, {"audit", "--last", "0"}},
	"lifeguard audit export": {{"audit", "export", "--format", "ocsf"}},
	"lifeguard audit verify": {{"audit", "verify"}},
	"lifeguard identify":     {{"identify"}, {"identify", "--json"}, {"identify", "--jsonl"}},
	"lifeguard org export":   {{"org", "export"}},
	"lifeguard org apply":    {{"org", "apply", "-f", pastedFile}, {"org", "apply", "-f", pastedFile, "--json"}},
	"lifeguard user list":    {{"user", "list"}, {"user", "list", "--json"}, {"user", "list", "--jsonl"}},
	"lifeguard create":       {{"create", "--team", "nowhere", "--name", "x", "--json"}},
	"lifeguard doctor":       {{"doctor"}, {"doctor", "--json"}},
	"lifeguard delete":       {{"delete", "nobody", "--json"}, {"delete", "nobody"}},
	"lifeguard get":          {{"get", "nobody", "--json"}},
	"lifeguard teams":        {{"teams"}, {"teams", "--json"}, {"teams", "--jsonl"}},
	"lifeguard whoami":       {{"whoami"}, {"whoami", "--json"}},
	"lifeguard list":         {{"list"}, {"list", "--json"}, {"list", "--jsonl"}},
}

// pastedFile is an organization that has keys where names belong.
const pastedFile = "pasted.yaml"

func (c *canary) writePastedFile(key string) {
	c.t.Helper()
	text := strings.ReplaceAll("roles:\n  - name: KEY\n    permissions: [KEY]\nteams:\n  - name: KEY\n    role: KEY\n    members: [KEY@example.com]\n"+
		"users:\n  - email: KEY@example.com\n    name: KEY\n", "KEY", key)
	if err := os.WriteFile(filepath.Join(c.folder, pastedFile), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// runCommands runs the program's commands, and some with a key where none
// belongs.
func (c *canary) runCommands() {
	c.t.Helper()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("json") != nil && canaryCommands[cmd.CommandPath()] == nil {
			c.t.Errorf("%s has --json and is not in canaryCommands", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(rootCommand(process{}))
	key := c.keys["the account's"]
	runs := [][]string{
		{key}, {"audit", key}, {"audit", "--since", key}, {"audit", "--actor", key}, {"audit", "--" + key}, {"audit", "verify", "--expect", key},
		{"audit", "verify", "--database", "sqlite:" + key}, {"audit", "--server", key}, {"audit", "--server", "http://" + key + "@localhost"},
		{"serve", "--listen", key, "--database", c.database}, {"init", "--database", c.database, "--organization", key, "--admin", key},
		{"backup", "copy.db", "--database", c.database},
		{"org", "apply", "-f", key}, {"user", "key", "--email", key}, {"user", "create", "--email", key, "--name", key},
		{"user", "create", "--email", "x@example.com", "--team", key}, {"user", "delete", "--email", key, "--yes"},
		{"user", "key", "--email", "ada@example.com", "--idempotency-key", key},
		{"create", "--team", key, "--name", "x"}, {"create", "--team", "administrators", "--name", key, "--json"},
		{"create", "--team", "administrators", "--name", "x", "--idempotency-key", key}, {"get", key}, {"delete", key, "--json"},
		{"delete", "x", "--confirm", key}, {"teams", "--query", key, "--json"}, {"list", "--query", key, "--jsonl"}, {"audit", "--query", key, "--jsonl"}, {"audit", "--query", "actor:" + key}, {"whoami", key},
	}
	c.writePastedFile(key)
	defer func() { _ = os.Remove(filepath.Join(c.folder, pastedFile)) }() // the folder is searched too
	for _, command := range canaryCommands {
		runs = append(runs, command...)
	}
	for _, args := range runs {
		cmd := program(c.t, c.folder, args...)
		cmd.Env = append(cmd.Env, envServer+"="+c.replica.url, envAPIKey+"="+c.admin)
		if args[0] == "identify" { // a log with every key in it, whole and cut off
			log := new(strings.Builder)
			for _, key := range c.keys {
				_, _ = fmt.Fprintf(log, "401 Bearer %s\n%s\n", key, key[:40])
			}
			cmd.Stdin = strings.NewReader(log.String())
		}
		output, _ := cmd.CombinedOutput() // many of them fail
		if args[0] == "audit" && !strings.Contains(fmt.Sprint(args), key) && len(output) < 100 {
			c.t.Errorf("%q said only %q", args, output)
		}
		c.keep("the output of "+strings.ReplaceAll(fmt.Sprint(args), key, "KEY"), output)
	}
	for _, path := range []string{api.PathMetrics, api.PathAuditEvents + "?page_size=300", api.PathAuditEvents + "?page_size=300&order=desc", api.PathServiceAccounts} {
		if status, content := c.request(http.MethodGet, path, c.admin, "", ""); status != http.StatusOK {
			c.t.Errorf("%s: %d", path, status)
		} else {
			c.keep(path, content)
		}
	}
}
