package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// Over the API: a follower sees what happens, and verify finds what was done
// to the database behind the server's back.
func TestAuditOfAServer(t *testing.T) {
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	admin, err := client.New(server.url, key)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	me, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	follower := program(t, folder, "audit", "--follow", "--jsonl", "--last", "0", "--server", server.url)
	follower.Env = append(follower.Env, envAPIKey+"="+key.Reveal())
	output, err := follower.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	events := bufio.NewReader(output)
	next := func() (event api.AuditEvent) {
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
