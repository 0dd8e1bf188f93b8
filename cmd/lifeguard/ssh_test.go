package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/lifeguard-keys/lifeguard/api"
)

// The create journey with Debian's ssh: the key arrives at the terminal's
// clipboard, works, and the audit log says who made it, how, and with which key.
func TestSSHCreateJourney(t *testing.T) {
	s := serveSSH(t)
	screen := s.open("ada", 100, 30)
	screen.see("Acme · over SSH")
	screen.see("ada@example.com · tenant-admin")
	screen.create("ci-deploy")
	key := screen.copied()
	if api.CheckKey(key) != nil || !strings.Contains(screen.text(), key) || strings.Contains(screen.text(), "write to a file") {
		t.Errorf("copied %d bytes; the screen:\n%s", len(key), screen.text())
	}
	s.takes(key, "ci-deploy")
	made := s.events("service_account.create")
	if len(made) != 1 || made[0].Via != "ssh" || made[0].Actor.Name != "ada" || made[0].IP != "127.0.0.1" || !strings.HasPrefix(made[0].Metadata["ssh_key"], "SHA256:") {
		t.Errorf("%+v", made)
	}
	screen.press("w") // there is no file of this person's here
	screen.press("\x03")
	screen.see("Leave without the key? Nothing tells whether your terminal took it.")
	screen.waitFor("to leave", func() bool { // not before it was there for a second
		screen.press("y")
		select {
		case <-screen.ended:
			return true
		case <-time.After(1100 * time.Millisecond):
			return false
		}
	})
	if code := screen.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if files, _ := filepath.Glob(filepath.Join(s.folder, "*.key")); len(files) > 0 {
		t.Errorf("the key was written to %v", files)
	}
}

func TestSSHRefusesAStranger(t *testing.T) {
	s := serveSSH(t)
	s.newKey("stranger")
	for range 2 {
		_, stderr, code := s.run("stranger", "", "-o", "NumberOfPasswordPrompts=1")
		if code != 255 || !strings.Contains(stderr, "Permission denied (publickey).") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	}
	// What only looks whether the port is open is no failed login.
	if conn, err := net.Dial("tcp", "127.0.0.1:"+s.port); err != nil { //nolint:noctx // as a port scanner does
		t.Error(err)
	} else {
		_ = conn.Close()
	}
	s.stop() // what was refused is written then
	s.start()
	refused := s.events("authentication.fail")
	if len(refused) != 1 || refused[0].Via != "ssh" || refused[0].Metadata["reason"] != "no such SSH key" || refused[0].Metadata["count"] != "2" ||
		!strings.HasPrefix(refused[0].UserAgent, "SSH-2.0-OpenSSH") || refused[0].IP != "127.0.0.1" {
		t.Errorf("%+v", refused)
	}
}

// Who is suspended, or loses the key, is put out at once.
func TestSSHSessionOfASuspendedUserEnds(t *testing.T) {
	s := serveSSH(t)
	eve := s.newUser("eve", s.administrators())
	for name, end := range map[string]func() error{
		"suspended": func() error {
			_, err := s.admin.UpdateUser(t.Context(), eve.ID, api.UpdateUser{StatusAction: api.SuspendUser})
			return err
		},
		"without a key": func() error {
			_, err := s.admin.UpdateUser(t.Context(), eve.ID, api.UpdateUser{SSHKeys: []string{}})
			return err
		},
	} {
		if _, err := s.admin.UpdateUser(t.Context(), eve.ID, api.UpdateUser{StatusAction: api.UnsuspendUser, SSHKeys: eve.SSHKeys}); err != nil {
			t.Fatal(err)
		}
		screen := s.open("eve", 80, 24)
		screen.see("live ●")
		began := time.Now()
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if code := screen.end(); code != 1 || !strings.Contains(screen.output(), "you were suspended, or your SSH key was taken away, so this session is over") {
			t.Errorf("%s: exit code %d:\n%s", name, code, screen.text())
		}
		t.Logf("%s: ended after %s", name, time.Since(began))
		if _, stderr, code := s.run("eve", ""); code != 255 || !strings.Contains(stderr, "Permission denied") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}
}

// A role that is taken away counts for the next request of an open session.
func TestSSHSessionHasThePermissionsOfNow(t *testing.T) {
	s := serveSSH(t)
	eve := s.newUser("eve", s.administrators())
	screen := s.open("eve", 100, 30)
	screen.see("live ●")
	if _, err := s.admin.RemoveMembers(t.Context(), s.administrators(), []string{eve.ID}); err != nil {
		t.Fatal(err)
	}
	screen.press("r")
	screen.see("permission")
}

func TestSSHKeyThatMayNotHaveArrived(t *testing.T) {
	s := serveSSH(t)
	screen := s.open("ada", 120, 30)
	screen.create("ci-deploy")
	if err := screen.cmd.Process.Kill(); err != nil { // the line breaks
		t.Fatal(err)
	}
	screen.end()
	for len(s.events("service_account.key_undelivered")) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	const words = "The key of ci-deploy may not have reached you: it was never used. Delete it and make another."
	next := s.open("ada", 120, 30)
	next.see(words)
	next.press("q")
	next.end()
	s.stop()
	s.start()
	again := s.open("ada", 120, 30)
	again.see(words)
	again.see("never") // used
	list, err := s.admin.ServiceAccounts(t.Context(), api.ServiceAccountFilter{}, api.ListOptions{})
	if err != nil || len(list.ServiceAccounts) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.admin.DeleteServiceAccount(t.Context(), list.ServiceAccounts[0].ID); err != nil {
		t.Fatal(err)
	}
	last := s.open("ada", 120, 30)
	last.see("live ●")
	last.press("?")
	last.see("Everywhere")
	if strings.Contains(last.output(), "may not have reached") {
		t.Errorf("it is deleted:\n%s", last.text())
	}
}

func TestSSHServerStopsAfterANotice(t *testing.T) {
	s := serveSSH(t)
	screen := s.open("ada", 100, 24)
	screen.see("live ●")
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.stop()
	}()
	screen.see("The server is being stopped. This session ends in 5 seconds.")
	if code := screen.end(); code != 1 || !strings.Contains(screen.output(), "the server is being stopped, so this session is over") {
		t.Errorf("exit code %d:\n%s", code, screen.output())
	}
	<-stopped
}

func TestSSHTerminalsOfEveryKind(t *testing.T) {
	s := serveSSH(t)
	_, stderr, code := s.run("ada", "", "-T")
	if code != 2 || !strings.Contains(stderr, "the console needs a terminal: connect with ssh -t, or give a command, such as list, or linear") {
		t.Errorf("without a terminal: exit code %d: %s", code, stderr)
	}
	nothing := s.open("ada", 0, 0) // is taken for a usual one until it says its size
	nothing.waitFor("a screen", func() bool { return strings.Contains(nothing.output(), "No service accounts yet.") })
	nothing.mu.Lock()
	nothing.screen.Resize(100, 30)
	nothing.mu.Unlock()
	if err := pty.Setsize(nothing.tty, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	nothing.see("No service accounts yet.")
	for _, size := range []pty.Winsize{{Cols: 1, Rows: 1}, {Cols: 65535, Rows: 65535}, {Cols: 100, Rows: 30}} {
		if err := pty.Setsize(nothing.tty, &size); err != nil {
			t.Fatal(err)
		}
	}
	nothing.press("q")
	if code := nothing.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, nothing.text())
	}
}

func TestSSHForwardsNothing(t *testing.T) {
	s := serveSSH(t)
	target := strings.TrimPrefix(s.url, "http://")
	_, stderr, code := s.run("ada", "", "-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:"+target)
	if code != 255 || !strings.Contains(stderr, "remote port forwarding failed") {
		t.Errorf("-R: exit code %d: %s", code, stderr)
	}
	_, stderr, code = s.run("ada", "", "-W", target)
	if code != 255 || !strings.Contains(stderr, "forwarding failed") {
		t.Errorf("-W, which is -L for one connection: exit code %d: %s", code, stderr)
	}
	for _, command := range []string{"sh", "/bin/sh -c id", "scp -t /tmp", "sftp-server", "lifeguard", "serve --listen :1", "; id", "$(id)"} {
		stdout, stderr, code := s.run("ada", "", "-T", "--", command)
		if code == 0 || code == 255 || stdout != "" || !strings.HasPrefix(stderr, "lifeguard: ") {
			t.Errorf("%s: exit code %d: %s%s", command, code, stdout, stderr)
		}
	}
	if _, stderr, code := s.run("ada", "", "-s", "--", "sftp"); code != 255 || !strings.Contains(stderr, "subsystem request failed") {
		t.Errorf("sftp: exit code %d: %s", code, stderr)
	}
}

// Commands over SSH are the verbs: same arguments, streams, exit codes and
// permissions, and nothing of the server's own machine.
func TestSSHCommands(t *testing.T) {
	s := serveSSH(t)
	s.newUser("eve", "")
	key, stderr, code := s.run("ada", "", "-T", "--", "create --team administrators --name 'ci  deploy'")
	if code != 0 || api.CheckKey(strings.TrimSpace(key)) != nil {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	made := s.events("service_account.create")
	if len(made) != 1 || made[0].Via != "ssh" || made[0].Actor.Name != "ada" || made[0].Resource.Name != "ci  deploy" {
		t.Errorf("%+v", made)
	}
	for _, step := range []struct {
		user, command, stdin string
		code                 int
		stdout, stderr       string
	}{
		{"ada", "list --json", "", 0, `"name":"ci  deploy"`, ""},
		{"ada", "get 'ci  deploy' --json", "", 0, `"name":"ci  deploy"`, ""},
		{"ada", "identify --exit-code", "a log with " + key, 3, "ci  deploy", ""},
		{"ada", "whoami --json", "", 0, `"email":"ada@example.com"`, ""},
		{"ada", "teams", "", 0, "administrators", ""},
		{"ada", "audit --json --last 1", "", 0, `"action":"`, ""},
		{"ada", "list --query 'nosuchfield:'", "", 2, "", "nosuchfield"},
		{"ada", "list 'no end", "", 1, "", "a quote that does not end"},
		{"ada", "list --server http://127.0.0.1:1", "", 1, "", "unknown flag"},
		{"ada", "list --config /etc/passwd", "", 1, "", "unknown flag"},
		{"ada", "create --team administrators --name x --key-file /tmp/x", "", 1, "", "unknown flag"},
		{"ada", "create --team administrators --name x --seal-to @/etc/passwd", "", 1, "", "files cannot be read over SSH"},
		{"ada", "delete 'ci  deploy'", "", 1, "", "--confirm"},
		{"ada", "get nobody", "", 1, "", `Acme has no service account named "nobody"`},
		{"ada", "create --team nowhere --name x", "", 1, "", `Acme has no team "nowhere"`},
		{"eve", "whoami", "", 0, "eve@example.com", ""},
		{"eve", "list", "", 1, "", "permission"},
		{"eve", "list --json", "", 1, "", `"status":403`},
		{"ada", "delete 'ci  deploy' --confirm 'ci  deploy'", "", 0, "", ""},
	} {
		stdout, stderr, code := s.run(step.user, step.stdin, "-T", "--", step.command)
		if code != step.code || !strings.Contains(stdout, step.stdout) || !strings.Contains(stderr, step.stderr) || (step.stderr != "" && stdout != "") {
			t.Errorf("%s: %s: exit code %d, want %d\n%s%s", step.user, step.command, code, step.code, stdout, stderr)
		}
	}
}

func TestSSHHostKeyIsKeptAndGuarded(t *testing.T) {
	s := serveSSH(t)
	path := filepath.Join(s.folder, "ssh_host_ed25519_key")
	before, err := os.ReadFile(path)
	if info, failed := os.Stat(path); err != nil || failed != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", err, failed)
	}
	s.run("ada", "", "-T") // remembers the host
	s.stop()
	s.start()
	if _, stderr, code := s.run("ada", "", "-T", "-o", "StrictHostKeyChecking=yes"); code != 2 {
		t.Errorf("the host is another one after a start: %s", stderr)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the host key was changed: %v", err)
	}
	s.stop()
	for want, spoil := range map[string]func() error{
		"is open to other users of this machine: run chmod 600": func() error { return os.Chmod(path, 0o644) },
		"is no private key of OpenSSH":                          func() error { return os.WriteFile(path, []byte("nonsense"), 0o600) },
	} {
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		cmd := program(t, s.folder, "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:keys.db", "--ssh", "127.0.0.1:0")
		if output, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(output), want) || strings.Contains(string(output), "nonsense") {
			t.Errorf("%v: %s", err, output)
		}
	}
}
