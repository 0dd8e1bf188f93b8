package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
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

// patience bounds every wait for another process. It is never reached unless
// something is broken.
const patience = time.Minute

// program prepares a run of the real program in an environment of its own.
func program(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "lifeguard", args...)
	cmd.Dir = folder
	cmd.Env = ownEnvironment(folder)
	return cmd
}

// ownEnvironment is this process's environment with folder as the home, and
// nothing of whoever runs the tests.
func ownEnvironment(folder string) []string {
	return append(environment(os.Environ()).without(envServer).without(envAPIKey),
		"HOME="+folder, "XDG_DATA_HOME="+filepath.Join(folder, "data"), "XDG_STATE_HOME="+filepath.Join(folder, "state"),
		"NO_COLOR=1", "GORACE=atexit_sleep_ms=0")
}

// initialised makes an organization in folder and returns its first key.
func initialised(t *testing.T, folder string) api.Secret {
	t.Helper()
	cmd := program(t, folder, "init", "--database", "sqlite:keys.db", "--organization", "Acme", "--admin", "ada@example.com")
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("init: %v", err)
	}
	return api.NewSecret(strings.TrimSpace(string(output)))
}

// served is a running lifeguard serve.
type served struct {
	cmd    *exec.Cmd
	url    string
	stderr *bytes.Buffer
}

func startServing(t *testing.T, folder string) served {
	t.Helper()
	return startServingOn(t, folder, "sqlite:keys.db")
}

func startServingOn(t *testing.T, folder, database string, flags ...string) served {
	t.Helper()
	cmd := program(t, folder, append([]string{"serve", "--listen", "127.0.0.1:0", "--database", database}, flags...)...)
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("no ready line: %v; %s", err, stderr)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "lifeguard listens on ")
	if !ok {
		t.Fatalf("ready line %q", line)
	}
	return served{cmd: cmd, url: url, stderr: stderr}
}

// client is a client of the server, of whoever has the key.
func (s served) client(t *testing.T, key api.Secret) *client.Client {
	t.Helper()
	c, err := client.New(s.url, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// stop lets the server end as it should.
func (s served) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A server finishes the request that is running when it is told to stop,
// takes no further connection, and ends with 0.
func TestServeFinishesRunningRequests(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	caller, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"name":"nightly","team_id":%q}`, caller.Teams[0].ID)
	address := strings.TrimPrefix(server.url, "http://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The server asks for the body when it has begun with the request.
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
		api.PathServiceAccounts, address, key.Reveal(), api.HeaderIdempotencyKey, client.NewIdempotencyKey(), len(body))
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if line, err := textproto.NewReader(reader).ReadLine(); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("before the body the server said %q, %v", line, err)
	}
	if _, err := reader.Discard(len("\r\n")); err != nil {
		t.Fatal(err)
	}

	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitUntilRefused(t, address)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("the running request was answered with %s", response.Status)
	}
	if err := server.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if strings.Contains(server.stderr.String(), key.Reveal()[:10]) {
		t.Error("the log holds a key")
	}

	again := startServing(t, folder)
	admin, err = client.New(again.url, key)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	list, err := admin.ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
	if err != nil || len(list.ServiceAccounts) != 1 || list.ServiceAccounts[0].Name != "nightly" {
		t.Errorf("after a restart the accounts are %v, %v", list.ServiceAccounts, err)
	}
}

// With --stop-delay whoever asks /readyz is told no before any connection is
// refused, and all else is served until then.
func TestServeSaysThatItIsAboutToStop(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServingOn(t, folder, "sqlite:keys.db", "--stop-delay", "1s")
	get := func(path string) (int, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key.Reveal())
		request.Close = true // each on a connection of its own
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := get(api.PathReadyz); status != http.StatusOK || err != nil {
		t.Fatalf("at first: %d, %v", status, err)
	}
	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		status, err := get(api.PathReadyz)
		if err != nil {
			t.Fatalf("connections were refused before /readyz said no: %v", err)
		}
		if status == http.StatusServiceUnavailable {
			break
		}
	}
	if status, err := get(api.PathAuth); status != http.StatusOK || err != nil {
		t.Errorf("a request meanwhile: %d, %v", status, err)
	}
	if err := server.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v: %s", err, server.stderr)
	}
}

func waitUntilRefused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the server still takes connections")
}

func TestServeAsksForTheKey(t *testing.T) {
	folder := t.TempDir()
	initialised(t, folder)
	server := startServing(t, folder)
	stranger, err := client.New(server.url, api.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Me(t.Context()); err == nil {
		t.Error("a caller without a key was let in")
	}
}
