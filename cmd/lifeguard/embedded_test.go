package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

func ada(folder string) home {
	return home{folder: folder, person: person{name: "Ada Lovelace", email: "ada@analytical"}, clock: time.Now}
}

// embeddedClient opens the embedded authority as the console does.
func embeddedClient(t *testing.T, h home) *client.Client {
	t.Helper()
	c, err := connectEmbedded(t.Context(), h, connectFlags{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	admin, err := c.dial(c.key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}

// writer is a program of the tests: it opens the embedded authority of
// WRITER_FOLDER, says who it is, and creates accounts until it is killed,
// each named in a line once it is acknowledged.
func writer() {
	if err := write(os.Getenv("WRITER_FOLDER")); err != nil {
		_, _ = fmt.Fprintln(os.Stdout, "failed:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	ctx := context.Background()
	c, err := connectEmbedded(ctx, ada(folder), connectFlags{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	admin, err := c.dial(c.key)
	if err != nil {
		return err
	}
	caller, err := admin.Me(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(os.Stdout, caller.Email, api.HashKey(c.key.Reveal()))
	for i := range 1_000_000 {
		request := api.CreateServiceAccount{Name: fmt.Sprintf("account-%d-%d", os.Getpid(), i), TeamID: caller.Teams[0].ID}
		if _, err := admin.CreateServiceAccount(ctx, request, client.NewIdempotencyKey()); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(os.Stdout, request.Name)
	}
	return nil
}

func startWriter(t *testing.T, folder string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "lifeguard-test-writer")
	cmd.Env = append(os.Environ(), "WRITER_FOLDER="+folder)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(stdout)
}

// What was acknowledged is there after kill -9, with the same key, and the
// next start works as if nothing had happened.
func TestEmbeddedSurvivesKill(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "lifeguard")
	var acknowledged []string
	var identity string
	for round := range 3 {
		cmd, lines := startWriter(t, folder)
		if !lines.Scan() {
			t.Fatal("the writer said nothing")
		}
		if round == 0 {
			identity = lines.Text()
		}
		if lines.Text() != identity || !strings.HasPrefix(identity, "ada@analytical ") {
			t.Errorf("round %d works as %q, before as %q", round, lines.Text(), identity)
		}
		for range 10 {
			if !lines.Scan() {
				t.Fatal("the writer ended early")
			}
			acknowledged = append(acknowledged, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before the signal arrived
			acknowledged = append(acknowledged, lines.Text())
		}
		_ = cmd.Wait() // it was killed
	}
	admin := embeddedClient(t, ada(folder))
	for _, name := range acknowledged {
		list, err := admin.ServiceAccounts(t.Context(), api.ServiceAccountFilter{Query: name}, api.ListOptions{PageSize: api.MaxPageSize})
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, account := range list.ServiceAccounts {
			if account.Name == name {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s was acknowledged and is there %d times", name, found)
		}
	}
}

// Killed at the first start, as soon as its key file is there: the next start
// makes the organization with that key.
func TestEmbeddedSurvivesKillAtItsFirstStart(t *testing.T) {
	for range 5 {
		h := ada(filepath.Join(t.TempDir(), "lifeguard"))
		cmd, _ := startWriter(t, h.folder)
		deadline := time.Now().Add(patience)
		for _, err := os.Stat(h.keyFile().path); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(h.keyFile().path) {
			if time.Now().After(deadline) {
				t.Fatal("no key file appeared")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if caller, err := embeddedClient(t, h).Me(t.Context()); err != nil || caller.Email != h.person.email {
			t.Errorf("after the kill: %+v, %v", caller, err)
		}
	}
}

// Consoles that start at once on an empty folder agree on one organization
// and one key, and all work.
func TestEmbeddedConsolesStartAtOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "lifeguard")
	const consoles = 5
	var commands [consoles]*exec.Cmd
	var lines [consoles]*bufio.Scanner
	for i := range consoles {
		commands[i], lines[i] = startWriter(t, folder)
	}
	var first string
	for i := range consoles {
		if !lines[i].Scan() {
			t.Fatalf("console %d said nothing", i)
		}
		if first == "" {
			first = lines[i].Text()
		}
		if lines[i].Text() != first {
			t.Errorf("console %d is %q, another %q", i, lines[i].Text(), first)
		}
		for range 3 {
			if !lines[i].Scan() || !strings.HasPrefix(lines[i].Text(), "account-") {
				t.Fatalf("console %d cannot create beside the others: %q", i, lines[i].Text())
			}
		}
	}
	for _, cmd := range commands {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func TestEmbeddedMakesAFurtherKey(t *testing.T) {
	h := ada(filepath.Join(t.TempDir(), "lifeguard"))
	before, err := embeddedClient(t, h).Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := h.keyFile().read()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(h.keyFile().path); err != nil {
		t.Fatal(err)
	}
	after, err := embeddedClient(t, h).Me(t.Context())
	if err != nil || after.ID != before.ID {
		t.Fatalf("with the further key: %+v, %v", after, err)
	}
	second, err := h.keyFile().read()
	if err != nil || second.Reveal() == first.Reveal() {
		t.Errorf("the key file holds the old key, or none: %v", err)
	}
}

func TestEmbeddedFirstStart(t *testing.T) {
	h := ada(filepath.Join(t.TempDir(), "lifeguard"))
	if err := os.Mkdir(h.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	admin := embeddedClient(t, h)
	caller, err := admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if caller.Name != "Ada Lovelace" || len(caller.Teams) != 1 || caller.Teams[0].Role != api.RoleTenantAdmin {
		t.Errorf("the person is %+v", caller)
	}
	teams, err := admin.Teams(t.Context(), api.TeamFilter{}, api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]string{}
	for _, team := range teams.Teams {
		roles[team.Name] = team.Role.Name
	}
	if len(roles) != 2 || roles["administrators"] != api.RoleTenantAdmin || roles["developers"] != api.RoleDeveloper {
		t.Errorf("the teams are %v", roles)
	}
	if info, err := os.Stat(h.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; want 0700", info.Mode(), err)
	}
	if info, err := os.Stat(h.keyFile().path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v, %v; want 0600", info.Mode(), err)
	}
}

// A console asks for everything at once as soon as it is open, when nothing in
// store and server has been used before.
func TestEmbeddedAnswersFirstRequestsAtOnce(t *testing.T) {
	for range 10 {
		admin := embeddedClient(t, ada(filepath.Join(t.TempDir(), "lifeguard")))
		var group errgroup.Group
		for range 2 {
			group.Go(func() error {
				_, err := admin.Me(t.Context())
				return err
			})
			group.Go(func() error {
				_, err := admin.Teams(t.Context(), api.TeamFilter{}, api.ListOptions{})
				return err
			})
			group.Go(func() error {
				_, err := admin.ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}
