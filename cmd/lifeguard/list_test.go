package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// servedSample serves a made-up organization from folder and returns the key of
// its administrator.
func servedSample(t *testing.T, folder string, accounts int) (served, api.Secret) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(folder, "keys.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	organization, err := sample.New(1, time.Now(), accounts)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sample.Load(t.Context(), store, organization, sample.Admin{Name: "Ada", Email: "ada@example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return startServing(t, folder), key
}

// listed runs lifeguard list --jsonl against a server.
func listed(t *testing.T, folder string, s served, key api.Secret, args ...string) []api.ServiceAccount {
	t.Helper()
	cmd := program(t, folder, append([]string{"list", "--jsonl", "--server", s.url}, args...)...)
	cmd.Env = append(cmd.Env, envAPIKey+"="+key.Reveal())
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("list %q: %v", args, err)
	}
	var accounts []api.ServiceAccount
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var account api.ServiceAccount
		if err := decoder.Decode(&account); err == io.EOF {
			return accounts
		} else if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, account)
	}
}

func TestListOfAServer(t *testing.T) {
	folder := t.TempDir()
	server, key := servedSample(t, folder, 700)
	list := func(args ...string) []api.ServiceAccount { return listed(t, folder, server, key, args...) }
	all := list()
	if len(all) != 700 {
		t.Fatalf("%d accounts are listed, want 700", len(all))
	}
	some := all[350]
	now := time.Now()
	for query, want := range map[string]func(api.ServiceAccount) bool{
		"":                                   func(api.ServiceAccount) bool { return true },
		"team:=" + quoted(some.Team.Name):    func(a api.ServiceAccount) bool { return a.Team.Name == some.Team.Name },
		"!team:=" + quoted(some.Team.Name):   func(a api.ServiceAccount) bool { return a.Team.Name != some.Team.Name },
		"by:=" + quoted(some.CreatedBy.Name): func(a api.ServiceAccount) bool { return a.CreatedBy.Name == some.CreatedBy.Name },
		"used:never":                         func(a api.ServiceAccount) bool { return a.Key.LastUsedAt == nil },
		"used:>90d": func(a api.ServiceAccount) bool {
			return a.Key.LastUsedAt != nil && now.Sub(*a.Key.LastUsedAt) > 90*24*time.Hour
		},
		"used:>90d,never created:>30d": func(a api.ServiceAccount) bool {
			return (a.Key.LastUsedAt == nil || now.Sub(*a.Key.LastUsedAt) > 90*24*time.Hour) && now.Sub(a.CreatedAt) > 30*24*time.Hour
		},
		"!deploy": func(a api.ServiceAccount) bool {
			return !strings.Contains(a.Name+" "+a.Team.Name+" "+a.CreatedBy.Name, "deploy")
		},
		`"deploy"`: func(a api.ServiceAccount) bool {
			return strings.Contains(a.Name+" "+a.Team.Name+" "+a.CreatedBy.Name, "deploy")
		},
		`name:/^ci-/`:          func(a api.ServiceAccount) bool { return strings.HasPrefix(a.Name, "ci-") },
		"id:" + some.ID:        func(a api.ServiceAccount) bool { return a.ID == some.ID },
		"key:" + some.Key.Hint: func(a api.ServiceAccount) bool { return a.Key.Hint == some.Key.Hint },
	} {
		var ids []string
		for _, account := range all {
			if want(account) {
				ids = append(ids, account.ID)
			}
		}
		var got []string
		for _, account := range list("--query", query) {
			got = append(got, account.ID)
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%q lists %d accounts, want %d", query, len(got), len(ids))
		}
	}

	// Ranked as in the console: the account whose key hint was typed is first.
	if found := list("-q", some.Key.Hint); len(found) == 0 || found[0].ID != some.ID {
		t.Errorf("the hint %s finds %v first", some.Key.Hint, found)
	}
	// The role is that of the team, which has to be asked for.
	if found := list("-q", "role:=tenant-admin"); len(found) == len(all) || slices.ContainsFunc(found, func(a api.ServiceAccount) bool { return a.Team.Name != "administrators" }) {
		t.Errorf("role:=tenant-admin lists %d accounts", len(found))
	}
	created := list("--sort", "created")
	slices.SortStableFunc(all, func(a, b api.ServiceAccount) int { return b.CreatedAt.Compare(a.CreatedAt) })
	if created[0].ID != all[0].ID || created[699].ID != all[699].ID {
		t.Error("--sort created does not begin with the latest")
	}
	if reversed := list("--sort", "created", "--reverse"); reversed[0].ID != all[699].ID {
		t.Error("--reverse does not turn the order round")
	}
}

func quoted(text string) string { return `"` + text + `"` }

// On a terminal it is a table no wider than that, without a colour when NO_COLOR
// says so, and what a server sends moves nothing.
func TestListOnATerminal(t *testing.T) {
	folder := t.TempDir()
	server, key := servedSample(t, folder, 40)
	for _, colours := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, "lifeguard", "list", "-q", "used:never", "--server", server.url)
		cmd.Env = append(environment(ownEnvironment(folder)).without("NO_COLOR"), envAPIKey+"="+key.Reveal(), "TERM=xterm-256color")
		if !colours {
			cmd.Env = append(cmd.Env, "NO_COLOR=1")
		}
		screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 70})
		if err != nil {
			t.Fatal(err)
		}
		seen, _ := io.ReadAll(screen) // ends with an error on Linux when the program does
		if err := cmd.Wait(); err != nil {
			t.Fatalf("list: %v; %s", err, seen)
		}
		lines := strings.Split(strings.TrimSpace(string(seen)), "\r\n")
		if !strings.Contains(lines[0], "NAME") || !strings.Contains(lines[0], "LAST USED") || len(lines) < 2 || !strings.HasSuffix(lines[1], "never") {
			t.Errorf("the table is %q", lines)
		}
		for _, line := range lines {
			if !colours && (len([]rune(line)) > 70 || strings.Contains(line, "\x1b")) {
				t.Errorf("the line %q has a colour or is wider than 70", line)
			}
		}
		if coloured := strings.Contains(lines[0], "\x1b"); coloured != colours {
			t.Errorf("with colours %v the heading is %q", colours, lines[0])
		}
	}
}

// For other programs a line is whole and has tabs between its fields. A reader
// that has read enough is no failure.
func TestListForOtherPrograms(t *testing.T) {
	folder := t.TempDir()
	server, key := servedSample(t, folder, 3000)
	cmd := program(t, folder, "list", "--server", server.url)
	cmd.Env = append(cmd.Env, envAPIKey+"="+key.Reveal())
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1000)
	if _, err := io.ReadFull(stdout, first); err != nil {
		t.Fatal(err)
	}
	if err := stdout.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("a reader that leaves is a failure: %v; %s", err, stderr)
	}
	line, _, _ := strings.Cut(string(first), "\n")
	if fields := strings.Split(line, "\t"); len(fields) != 7 || len(fields[0]) != 36 || !strings.HasPrefix(fields[3], "ps-") {
		t.Errorf("a line is %q", line)
	}
}
