package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
)

// verb runs a command as the administrator and keeps what it says on standard
// error. What it prints is returned.
func (c *canary) verb(stdin string, args ...string) string {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := program(c.t, c.folder, args...)
	cmd.Env = append(cmd.Env, envServer+"="+c.replica.url, envAPIKey+"="+c.admin)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		c.t.Errorf("%q: %v: %s", args[0], err, stderr.String())
	}
	c.keep("the words of "+args[0], stderr.Bytes())
	return stdout.String()
}

// scriptTheLives makes accounts with create in every way, has all the other
// verbs speak of them, and deletes them. Their keys are in the output of create
// and in the file that it writes, and nowhere else.
func (c *canary) scriptTheLives() {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "canary.key") // not in the folder, which is searched
	create := []string{"create", "--team", "administrators", "--name"}
	c.keys["create's"] = strings.TrimSpace(c.verb("", append(create, "canary-plain")...))
	object := c.verb("", append(create, "canary-json", "--json")...)
	c.keys["create --json's"] = api.FindKey(object)
	c.keep("the rest of what create --json prints", []byte(strings.Replace(object, c.keys["create --json's"], "", 1)))
	c.keep("what create --key-file prints", []byte(c.verb("", append(create, "canary-file", "--key-file", file)...)))
	written, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	c.keys["create --key-file's"] = strings.TrimSpace(string(written))
	log := ""
	for _, made := range []string{"create's", "create --json's", "create --key-file's"} {
		key := c.keys[made]
		if err := api.CheckKey(key); err != nil {
			c.t.Fatalf("%s: %v", made, err)
		}
		c.send("GET", api.PathMe, key, "", "")
		log += key + "\n"
	}
	for _, name := range []string{"canary-plain", "canary-json", "canary-file"} {
		for _, args := range [][]string{
			{"get", name}, {"get", name, "--json"}, {"list", "--query", name, "--json"}, {"list", "--query", name}, {"audit", "--query", name, "--json"},
			{"identify", "--json"}, {"identify"}, {"__complete", "get", "canary"}, {"__complete", "get", c.keys["create's"]}, {"__complete", "create", "--team", ""},
			{"delete", name, "--confirm", name, "--json"},
		} {
			output := c.verb(log, args...)
			if !strings.Contains(args[0], "__complete") && !strings.Contains(output, name) {
				c.t.Errorf("%q printed %q, and not of %s", args[0], output, name)
			}
			c.keep("the output of "+args[0], []byte(output))
		}
	}
}
