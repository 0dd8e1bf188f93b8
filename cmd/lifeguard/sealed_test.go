package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// unsealed opens what was sealed, with the identity of its recipient.
func unsealed(t *testing.T, sealed string, identity age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), identity)
	if err != nil {
		t.Fatalf("%v: %q", err, sealed)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// saysSealed checks that the audit log says of an account's creation that its
// key was sealed to somebody.
func saysSealed(t *testing.T, admin *client.Client, name, fingerprint string) {
	t.Helper()
	for event, err := range admin.AllAuditEvents(t.Context(), api.AuditFilter{}) {
		switch {
		case err != nil:
			t.Fatal(err)
		case event.Action != "service_account.create" || event.Resource.Name != name:
		case event.Metadata["delivery"] != "sealed, never displayed" || event.Metadata["sealed_to"] != fingerprint:
			t.Errorf("the event says %v", event.Metadata)
		default:
			return
		}
	}
	t.Errorf("no event says that the key of %s was sealed", name)
}

// hasPartOf reports whether a text has any 12 characters in a row of a key, as
// they are or in one of the three ways that base64 writes them.
func hasPartOf(text, key string) bool {
	for i := len(api.KeyPrefix); i+12 <= len(key); i++ {
		part := key[i : i+12]
		if strings.Contains(text, part) {
			return true
		}
		for shift := range 3 {
			coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + part))
			if strings.Contains(text, coded[4:16]) {
				return true
			}
		}
	}
	return false
}

// A key that is sealed in the console works for its recipient, is on no screen
// and in no sequence to the terminal, and the audit log says so.
func TestWholeSealedKey(t *testing.T) {
	identity := newIdentity(t)
	synctest.Test(t, func(t *testing.T) {
		w := openWhole(t, 20, 80, 24)
		w.WaitFor("20 keys")
		w.Press("n")
		w.WaitFor("New API Key")
		w.Type("platform")
		w.Press("enter")
		w.Type("ci-sealed-journey")
		w.Press("tab")
		w.Type(identity.Recipient().String())
		w.Press("enter")
		w.WaitFor("shown to nobody")
		w.WaitFor("Sent to the terminal")
		key := unsealed(t, w.Clipboard(), identity)
		if caller, err := w.owner(key); err != nil || caller.Name != "ci-sealed-journey" {
			t.Errorf("the key belongs to %q, %v", caller.Name, err)
		}
		if hasPartOf(string(w.Raw()), key) {
			t.Error("the terminal was sent a part of the key")
		}
		if !hasPartOf("\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte(key)), key) {
			t.Error("a part of the key would not have been found")
		}
		admin := w.dial(w.admin)
		defer admin.Close()
		saysSealed(t, admin, "ci-sealed-journey", identity.Recipient().String())
	})
}

// create --seal-to: each recipient opens it, the key works at the server, and the
// key is on no stream, in no file and in no log.
func TestSealedCreate(t *testing.T) {
	folder := t.TempDir()
	admin := initialised(t, folder)
	server := startServing(t, folder)
	c := speakTo(t, server.url, admin)
	me, err := c.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one, two := newIdentity(t), newIdentity(t)
	if err := os.WriteFile(filepath.Join(folder, "two.txt"), []byte("# two\n"+two.Recipient().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var streams bytes.Buffer // all that came out
	create := func(args ...string) string {
		t.Helper()
		cmd := program(t, folder, append([]string{"create", "--server", server.url, "--team", me.Teams[0].ID, "--seal-to", one.Recipient().String(), "--seal-to", "@two.txt"}, args...)...)
		cmd.Env = append(cmd.Env, envAPIKey+"="+admin.Reveal())
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		streams.Write(stdout.Bytes())
		streams.Write(stderr.Bytes())
		return stdout.String()
	}
	printed := create("--name", "printed")
	created := create("--name", "as an object", "--json")
	var object struct {
		APIKey *string  `json:"api_key"`
		Sealed string   `json:"sealed_api_key"`
		To     []string `json:"sealed_to"`
	}
	if err := json.Unmarshal([]byte(created), &object); err != nil || object.APIKey != nil || len(object.To) != 2 {
		t.Errorf("%v, %+v", err, object)
	}
	if out := create("--name", "written", "--key-file", "written.age"); out != "" {
		t.Errorf("standard output has %q", out)
	}
	written, err := os.ReadFile(filepath.Join(folder, "written.age"))
	if err != nil {
		t.Fatal(err)
	}
	fingerprints := []string{one.Recipient().String(), two.Recipient().String()}
	slices.Sort(fingerprints)
	var keys []string
	for name, sealed := range map[string]string{"printed": printed, "as an object": object.Sealed, "written": string(written)} {
		key := unsealed(t, sealed, one)
		if unsealed(t, sealed, two) != key {
			t.Errorf("%s: the two open different keys", name)
		}
		if caller, err := speakTo(t, server.url, api.NewSecret(key)).Me(t.Context()); err != nil || caller.Name != name {
			t.Errorf("%s: the key belongs to %q, %v", name, caller.Name, err)
		}
		saysSealed(t, c, name, strings.Join(fingerprints, " "))
		keys = append(keys, key)
	}
	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.cmd.Wait(); err != nil {
		t.Error(err)
	}
	places := map[string]string{"what came out": streams.String(), "the server's log": server.stderr.String()}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			places[file] = string(content)
		}
	}
	for place, content := range places {
		for _, key := range keys {
			if hasPartOf(content, key) {
				t.Errorf("a part of a key is in %s", place)
			}
		}
	}
}

// What is sealed to an SSH key opens with the command that is named, by the real
// programs.
func TestAgeOpensWhatIsSealed(t *testing.T) {
	for _, name := range []string{"age", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			const words = "sealed keys are opened with the real programs: apt-get install age openssh-client"
			if os.Getenv("CI") == "true" {
				t.Fatal(words)
			}
			t.Skip(words)
		}
	}
	folder := t.TempDir()
	for _, kind := range []string{"ed25519", "rsa"} {
		keygen := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "eve@laptop", "-f", filepath.Join(folder, kind))
		if output, err := keygen.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		file := kind + ".key.age"
		create := program(t, folder, "create", "--team", "developers", "--name", kind, "--seal-to", "@"+kind+".pub", "--key-file", file)
		output, err := create.CombinedOutput()
		if opening := "sealed to eve@laptop and shown to nobody: age -d -i ~/.ssh/id_" + kind + " " + file; err != nil || !strings.Contains(string(output), opening) {
			t.Fatalf("%v: %s", err, output)
		}
		open := exec.CommandContext(t.Context(), "age", "-d", "-i", filepath.Join(folder, kind), filepath.Join(folder, file))
		key, err := open.Output()
		if err != nil {
			t.Fatalf("age: %v", err)
		}
		identify := program(t, folder, "identify")
		identify.Stdin = bytes.NewReader(key)
		if output, err := identify.Output(); err != nil || !strings.Contains(string(output), "\t"+kind+"\t") {
			t.Errorf("%s: %v, %s", kind, err, output)
		}
	}
}
