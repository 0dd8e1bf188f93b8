package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

const exported = orgHeading + `roles: []
teams:
  - name: administrators
    role: tenant-admin
    members:
      - ada@example.com
users:
  - email: ada@example.com
    name: ada
`

const wantedFile = `
roles:
  - name: agents
    permissions:
      - create-agent
      - action: use-agents
        resources: [agent-1]
teams:
  - name: administrators
    role: tenant-admin
    members: [ada@example.com]
  - name: platform
    role: agents
    members: [eve@example.com]
users:
  - email: ada@example.com
    name: ada
  - email: eve@example.com
    name: Eve
  - email: sam@example.com
`

const wantedPlan = `+ role agents
    + permission create-agent
    + permission use-agents on agent-1
+ team platform
    + role: agents
    + member eve@example.com
+ user eve@example.com
    + name: Eve
+ user sam@example.com

4 to create, 0 to change, 0 to delete.
`

// orgServer is a server, and lifeguard org beside it.
type orgServer struct {
	t      *testing.T
	folder string
	url    string
	key    api.Secret
	admin  *client.Client
}

func startOrgServer(t *testing.T) orgServer {
	t.Helper()
	s := orgServer{t: t, folder: t.TempDir()}
	s.key = initialised(t, s.folder)
	s.url = startServing(t, s.folder).url
	admin, err := client.New(s.url, s.key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	s.admin = admin
	s.write("wanted.yaml", wantedFile)
	return s
}

func (s orgServer) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s orgServer) command(args ...string) *exec.Cmd {
	cmd := program(s.t, s.folder, append(args, "--server", s.url)...)
	cmd.Env = append(cmd.Env, envAPIKey+"="+s.key.Reveal())
	return cmd
}

// run returns what a command printed, after its exit code was looked at.
func (s orgServer) run(code int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := s.command(args...)
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	s.ended(code, cmd.Run(), &failed)
	return out.String(), failed.String()
}

func (s orgServer) ended(code int, err error, output interface{ String() string }) {
	s.t.Helper()
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		s.t.Fatal(err)
	}
	if got != code {
		s.t.Fatalf("ended with %d, want %d: %s", got, code, output)
	}
}

func (s orgServer) export() string {
	s.t.Helper()
	stdout, _ := s.run(exitDone, "org", "export")
	return stdout
}

// A file is planned, applied and applied again; then things are renamed,
// deleted and suspended.
func TestAnOrganizationFromItsFile(t *testing.T) {
	s := startOrgServer(t)
	if diff := cmp.Diff(exported, s.export()); diff != "" {
		t.Fatalf("exported (-want +got):\n%s", diff)
	}
	plan, _ := s.run(exitDone, "org", "apply", "-f", "wanted.yaml", "--dry-run")
	if diff := cmp.Diff(wantedPlan, plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	plan, refused := s.run(exitFailed, "org", "apply", "-f", "wanted.yaml")
	if plan != wantedPlan || !strings.Contains(refused, "say --yes") {
		t.Errorf("without a terminal: %s", refused)
	}
	if after := s.export(); after != exported {
		t.Errorf("nobody said yes, and there is now:\n%s", after)
	}
	if plan, done := s.run(exitDone, "org", "apply", "-f", "wanted.yaml", "--yes"); plan != wantedPlan || !strings.HasPrefix(done, "Done: ") {
		t.Errorf("%s%s", plan, done)
	}
	if plan, said := s.run(exitDone, "org", "apply", "-f", "wanted.yaml"); plan != "No changes.\n" || said != "" {
		t.Errorf("applied again: %s%s", plan, said)
	}
	if log, _ := s.run(exitDone, "audit", "--json", "--last", "1"); !strings.Contains(log, `"via":"lifeguard org apply"`) {
		t.Error(log)
	}

	renamed := strings.NewReplacer("name: platform", "name: builders\n    previously: platform", "name: Eve", "suspended: true",
		"  - email: sam@example.com\n", "", "agent-1", "agent-2").Replace(wantedFile)
	s.write("renamed.yaml", renamed)
	plan, _ = s.run(exitDone, "org", "apply", "-f", "renamed.yaml", "--yes")
	const want = `~ role agents
    + permission use-agents on agent-2
    - permission use-agents on agent-1
~ team builders
    ~ name: platform → builders
~ user eve@example.com
    - name: Eve
    ~ suspended: false → true
- user sam@example.com

0 to create, 3 to change, 1 to delete; users to suspend: 1.
`
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	s.write("again.yaml", s.export())
	if plan, _ := s.run(exitDone, "org", "apply", "-f", "again.yaml"); plan != "No changes.\n" {
		t.Errorf("what was exported changes: %s", plan)
	}
	if _, whole := s.run(exitDone, "audit", "verify"); !strings.Contains(whole, "whole") {
		t.Error(whole)
	}
}

// A team with service accounts is not deleted, and then nothing else is done.
func TestAFileThatWouldTakeATeamFromServiceAccounts(t *testing.T) {
	s := startOrgServer(t)
	s.run(exitDone, "org", "apply", "-f", "wanted.yaml", "--yes")
	teams, err := s.admin.Teams(t.Context(), api.TeamFilter{Name: "platform"}, api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	create := api.CreateServiceAccount{Name: "ci", TeamID: teams.Teams[0].ID}
	created, err := s.admin.CreateServiceAccount(t.Context(), create, client.NewIdempotencyKey())
	if err != nil {
		t.Fatal(err)
	}
	before := s.export()
	s.write("first.yaml", exported)
	for _, flag := range []string{"--dry-run", "--yes"} {
		plan, refused := s.run(exitFailed, "org", "apply", "-f", "first.yaml", flag)
		if plan != "" || !strings.Contains(refused, `Team "platform": This team still has 1 service account. Delete it first.`) {
			t.Errorf("%s%s", plan, refused)
		}
	}
	if after := s.export(); after != before {
		t.Errorf("a refusal changed something:\n%s", cmp.Diff(before, after))
	}
	if _, err := s.admin.ServiceAccount(t.Context(), created.ServiceAccount.ID); err != nil {
		t.Error(err)
	}
}

// On a terminal it asks. Between the question and the answer somebody else may
// change the organization.
func TestApplyingAFileAsksFirst(t *testing.T) {
	s := startOrgServer(t)
	for _, c := range []struct {
		answer  string
		between func()
		code    int
		words   string
	}{
		{"\n", nil, exitCancelled, "lifeguard: nothing was changed"},
		{"no\n", nil, exitCancelled, "lifeguard: nothing was changed"},
		{"\x03", nil, exitCancelled, "lifeguard: cancelled"},
		{"y\n", func() {
			if _, err := s.admin.CreateTeam(t.Context(), api.CreateTeam{Name: "in between"}); err != nil {
				t.Error(err)
			}
		}, exitFailed, "somebody changed the organization in the meantime, and nothing was done"},
		{"y\n", nil, exitDone, "Done: "},
	} {
		before := s.export()
		cmd := s.command("org", "apply", "-f", "wanted.yaml")
		screen, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		var seen bytes.Buffer
		chunk := make([]byte, 4096)
		for !strings.Contains(seen.String(), "[y/N] ") {
			n, err := screen.Read(chunk)
			if err != nil {
				t.Fatalf("%v: %s", err, &seen)
			}
			seen.Write(chunk[:n])
		}
		if c.between != nil {
			c.between()
			before = s.export()
		}
		if _, err := screen.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		_, _ = seen.ReadFrom(screen) // ends with an error on Linux when the program does
		s.ended(c.code, cmd.Wait(), &seen)
		_ = screen.Close()
		if !strings.Contains(seen.String(), c.words) {
			t.Errorf("answered %q: %s", c.answer, &seen)
		}
		if after := s.export(); (after == before) != (c.code != exitDone) {
			t.Errorf("answered %q, and there is now:\n%s", c.answer, after)
		}
	}
}
