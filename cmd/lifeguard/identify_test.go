package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// recorded stands before a server and keeps all that is sent to it.
type recorded struct {
	*httptest.Server
	mu   sync.Mutex
	sent bytes.Buffer
}

func record(t *testing.T, server served) *recorded {
	t.Helper()
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorded{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		dump, err := httputil.DumpRequest(request, true)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.sent.Write(dump)
		r.mu.Unlock()
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorded) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent.String()
}

// leaked makes service accounts on a server and returns their keys.
func leaked(t *testing.T, server served, key api.Secret, names ...string) []api.CreatedServiceAccount {
	t.Helper()
	admin := server.client(t, key)
	me, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var made []api.CreatedServiceAccount
	for _, name := range names {
		create := api.CreateServiceAccount{Name: name, TeamID: me.Teams[0].ID}
		created, err := admin.CreateServiceAccount(t.Context(), create, client.NewIdempotencyKey())
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, created)
	}
	return made
}

// The keys in a log are told with their accounts, and no key is in what is sent,
// printed or written.
func TestIdentifyNamesTheAccountsAndKeepsTheKeys(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	made := leaked(t, server, key, "ci-deploy", "nightly")
	first, second := made[0].APIKey.Reveal(), made[1].APIKey.Reveal()
	gone := leaked(t, server, key, "gone")[0]
	admin := server.client(t, key)
	if err := admin.DeleteServiceAccount(t.Context(), gone.ServiceAccount.ID); err != nil {
		t.Fatal(err)
	}
	log := "start\n401 " + first + "\n" + strings.Repeat("noise\n", 50_000) + gone.APIKey.Reveal() + " " + second + "\nagain " + first + "\n"
	between := record(t, server)
	identify := func(args ...string) (stdout, stderr string) {
		cmd := program(t, folder, append([]string{"identify", "--server", between.URL}, args...)...)
		cmd.Env = append(cmd.Env, envAPIKey+"="+key.Reveal())
		cmd.Stdin = strings.NewReader(log)
		out, failures := new(bytes.Buffer), new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr = out, failures
		if err := cmd.Run(); err != nil {
			t.Fatalf("identify: %v; %s", err, failures)
		}
		return out.String(), failures.String()
	}
	lines, _ := identify()
	rows := strings.Split(strings.TrimSpace(lines), "\n")
	if len(rows) != 3 {
		t.Fatalf("identify prints %q", lines)
	}
	for i, want := range [][]string{
		{api.KeyHint(first), "2,50004", "2", made[0].ServiceAccount.ID, "ci-deploy"},
		{api.KeyHint(gone.APIKey.Reveal()), "50003", "1", "", noSuchKey},
		{api.KeyHint(second), "50003", "1", made[1].ServiceAccount.ID, "nightly"},
	} {
		if !strings.HasPrefix(rows[i], strings.Join(want, "\t")+"\t") {
			t.Errorf("line %d is %q, want %q", i+1, rows[i], want)
		}
	}
	asJSON, _ := identify("--jsonl")
	var parsed identified
	if err := json.NewDecoder(strings.NewReader(asJSON)).Decode(&parsed); err != nil || parsed.ServiceAccount == nil || parsed.ServiceAccount.Name != "ci-deploy" {
		t.Errorf("--jsonl prints %s, %v", asJSON, err)
	}
	onTerminal := identifyOnTerminal(t, folder, between.URL, key, log)
	if !strings.Contains(onTerminal, "ci-deploy, team administrators, never used") || !strings.Contains(onTerminal, "lines 2, 50004") {
		t.Errorf("on a terminal it prints %q", onTerminal)
	}

	sent := between.text()
	if !strings.Contains(sent, api.HashKey(first).String()) {
		t.Error("the proxy did not see the look-up: this test proves nothing")
	}
	written := new(strings.Builder)
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(filepath.Base(path), "keys.db") {
			return err
		}
		text, err := os.ReadFile(path)
		written.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"the lines": lines, "the JSON": asJSON, "the terminal": onTerminal, "what was sent": sent, "what was written": written.String(),
	} {
		for _, secret := range []string{first, second, gone.APIKey.Reveal()} {
			if strings.Contains(text, secret[3:20]) || strings.Contains(text, secret[30:]) {
				t.Errorf("a key is in %s", name)
			}
		}
	}
}

// identifyOnTerminal runs the program with a terminal for its output.
func identifyOnTerminal(t *testing.T, folder, server string, key api.Secret, log string) string {
	t.Helper()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = screen.Close() }()
	cmd := program(t, folder, "identify", "--server", server)
	cmd.Env = append(cmd.Env, envAPIKey+"="+key.Reveal())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(log), terminal, terminal
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	seen, _ := io.ReadAll(screen) // ends with an error on Linux when nobody holds the other end
	return string(seen)
}
