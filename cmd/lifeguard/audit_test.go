package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// follow starts lifeguard audit --follow over an API, and returns what waits
// for its next event.
func follow(t *testing.T, folder, url string, key api.Secret) (follower *exec.Cmd, next func() api.AuditEvent) {
	t.Helper()
	follower = program(t, folder, "audit", "--follow", "--json", "--last", "0", "--server", url)
	follower.Env = append(follower.Env, envAPIKey+"="+key.Reveal())
	output, err := follower.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = follower.Process.Kill() })
	events := bufio.NewReader(output)
	return follower, func() (event api.AuditEvent) {
		t.Helper()
		line, err := events.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return event
	}
}

// A follower goes on behind its last event when its server is there again, and
// ends when its key is not accepted any more.
func TestAFollowerOutlivesItsServer(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	own, err := admin.CreateDeveloperKey(t.Context(), client.NewIdempotencyKey())
	if err != nil {
		t.Fatal(err)
	}
	follower, next := follow(t, folder, server.url, own.APIKey)
	for sequence := int64(1); sequence <= 4; sequence++ {
		if sequence > 2 { // the first two are there already
			server.stop(t)
			server = startServingOn(t, folder, "sqlite:keys.db", "--listen", strings.TrimPrefix(server.url, "http://"))
			if _, err := admin.CreateTeam(t.Context(), api.CreateTeam{Name: fmt.Sprint("team ", sequence)}); err != nil {
				t.Fatal(err)
			}
		}
		if event := next(); event.Sequence != sequence {
			t.Errorf("event %d: %+v", sequence, event)
		}
	}
	if err := admin.DeleteDeveloperKey(t.Context(), own.Key.ID); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := follower.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitNeedsSignIn {
		t.Errorf("without its key it ended with %v", err)
	}
}

// A server that comes back with an older copy of its database would be
// followed in silence for as long as its log is shorter.
func TestAFollowerSaysThatTheLogWentBack(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	if output, err := program(t, folder, "backup", "older.db", "--database", "sqlite:keys.db").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if _, err := admin.CreateTeam(t.Context(), api.CreateTeam{Name: "lost"}); err != nil {
		t.Fatal(err)
	}
	follower, next := follow(t, folder, server.url, key)
	for sequence := int64(1); sequence <= 2; sequence++ {
		if event := next(); event.Sequence != sequence {
			t.Errorf("event %d: %+v", sequence, event)
		}
	}
	server.stop(t)
	startServingOn(t, folder, "sqlite:older.db", "--listen", strings.TrimPrefix(server.url, "http://"))
	var exit *exec.ExitError
	if err := follower.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("it ended with %v", err)
	}
}

// Over the API: a follower sees what happens, and verify finds what was done
// to the database behind the server's back.
func TestAuditOfAServer(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin := server.client(t, key)
	me, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	follower, next := follow(t, folder, server.url, key)
	if first := next(); first.Sequence != 1 {
		t.Errorf("the first event is %+v", first)
	}
	for _, name := range []string{"one", "two", "three"} {
		create := api.CreateServiceAccount{Name: name, TeamID: me.Teams[0].ID}
		created, err := admin.CreateServiceAccount(t.Context(), create, client.NewIdempotencyKey())
		if err != nil {
			t.Fatal(err)
		}
		created.APIKey.Destroy()
		if event := next(); event.Action != "service_account.create" || event.Resource.Name != name {
			t.Errorf("after the creation of %s came %+v", name, event)
		}
	}
	if err := follower.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := follower.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitCancelled {
		t.Errorf("the follower ended with %v", err)
	}

	verify := func(args ...string) (string, error) {
		cmd := program(t, folder, append([]string{"audit", "verify", "--server", server.url}, args...)...)
		cmd.Env = append(cmd.Env, envAPIKey+"="+key.Reveal())
		output, err := cmd.Output()
		return strings.TrimSpace(string(output)), err
	}
	end, err := verify()
	if err != nil || !strings.HasPrefix(end, "4:") {
		t.Fatalf("%q, %v", end, err)
	}
	if again, err := verify("--expect", end); err != nil || again != end {
		t.Errorf("%q, %v", again, err)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, "keys.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, c := range []struct{ statement, want string }{
		{`UPDATE audit_events SET metadata = '{"key_hint":"none"}' WHERE sequence = 3`, "event 3 was edited or moved"},
		{`UPDATE audit_events SET time = 'never' WHERE sequence = 3`, "event 3 was edited or moved"},
		{`DELETE FROM audit_events WHERE sequence = 3`, "event 3 is missing"},
		{`UPDATE audit_events SET sequence = 3 WHERE sequence = 2`, "event 2 is missing\nevent 4 was edited or moved"},
		{`DELETE FROM audit_events WHERE sequence > 1`, "events 2 to 4 are missing"},
	} {
		if _, err := db.ExecContext(t.Context(), c.statement); err != nil {
			t.Fatal(err)
		}
		output, err := verify("--expect", end)
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.HasPrefix(output, c.want) {
			t.Errorf("%s: %v\n%s", c.statement, err, output)
		}
	}
}
