package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// The example in deploy/nginx, run by a real nginx: a good key gets in, a
// deleted one does not, and nobody can say for himself who he is.
func TestNginxGateway(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	var seen []*http.Request
	application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r) }))
	defer application.Close()
	gateway := startNginx(t, strings.TrimPrefix(server.url, "http://"), strings.TrimPrefix(application.URL, "http://"))

	admin := server.client(t, key)
	me, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	created, err := admin.CreateServiceAccount(t.Context(), api.CreateServiceAccount{Name: "Bot №1", TeamID: me.Teams[0].ID}, client.NewIdempotencyKey())
	if err != nil {
		t.Fatal(err)
	}
	bot := created.APIKey.Reveal()

	ask := func(key string) (status int, through *http.Request) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://gateway/path?query=1", strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		for _, name := range []string{"Subject", "Type", "Name", "Team", "Permissions", "Truncated"} {
			r.Header.Set("X-Auth-"+name, "forged")
			r.Header["X_Auth_"+name] = []string{"forged"}
		}
		seen = nil
		answer, err := gateway.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		if len(seen) > 0 {
			through = seen[0]
		}
		return answer.StatusCode, through
	}

	status, through := ask(bot)
	if status != http.StatusOK || through == nil {
		t.Fatalf("a good key: %d, %v", status, through)
	}
	want := map[string]string{
		"X-Auth-Subject": created.ServiceAccount.ID, "X-Auth-Type": "service_account", "X-Auth-Name": "Bot%20%E2%84%961",
		"X-Auth-Team": me.Teams[0].ID, "X-Auth-Truncated": "", "Authorization": "",
	}
	for name, value := range want {
		if got := through.Header.Get(name); got != value {
			t.Errorf("the application got %s %q, want %q", name, got, value)
		}
	}
	if strings.Contains(fmt.Sprint(through.Header), "forged") || through.URL.RawQuery != "query=1" || through.Method != http.MethodPost {
		t.Errorf("the application got %s %s, %v", through.Method, through.URL, through.Header)
	}

	if err := admin.DeleteServiceAccount(t.Context(), created.ServiceAccount.ID); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{bot, "", "ps-nonsense", bot[:20]} {
		if status, through := ask(key); status != http.StatusUnauthorized || through != nil {
			t.Errorf("a key that is not accepted: %d, %v", status, through)
		}
	}
	if status, through := ask(key.Reveal()); status != http.StatusOK || through.Header.Get("X-Auth-Type") != "user" {
		t.Errorf("the administrator: %d, %v", status, through)
	}
}

// startNginx runs the example with other addresses, and returns a client whose
// every request goes to it.
func startNginx(t *testing.T, lifeguard, application string) *http.Client {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		const advice = "nginx is not installed: apt-get install nginx"
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	folder := t.TempDir()
	socket := filepath.Join(folder, "s")
	example, err := os.ReadFile(filepath.Join("..", "..", "deploy", "nginx", "gateway.conf"))
	if err != nil {
		t.Fatal(err)
	}
	own := string(example)
	for _, address := range [][2]string{
		{"server 127.0.0.1:8080;", "server " + lifeguard + ";"}, {"server 127.0.0.1:9000;", "server " + application + ";"},
		{"listen 127.0.0.1:8081;", "listen unix:" + socket + ";"},
	} {
		if strings.Count(own, address[0]) != 1 {
			t.Fatalf("the example does not say %q once", address[0])
		}
		own = strings.Replace(own, address[0], address[1], 1)
	}
	around := "daemon off; pid nginx.pid; error_log stderr warn; events {}\nhttp {\naccess_log off;\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		around += kind + "_temp_path " + kind + ";\n"
	}
	for name, content := range map[string]string{"gateway.conf": own, "nginx.conf": around + "include gateway.conf;\n}\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-p", folder, "-c", "nginx.conf", "-e", "stderr") //nolint:noctx // ended below, in its own way
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("nginx ended with %v: %s", err, stderr)
		}
	})
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	for deadline := time.Now().Add(patience); ; {
		conn, err := dial(t.Context(), "", "")
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not answer: %s", stderr)
		}
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
