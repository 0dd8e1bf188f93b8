package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// sshLines is Debian's ssh on a terminal that shows lines alone.
type sshLines struct {
	*sshScreen
	heard int // how much of the output was asked for already
}

// openLines connects with a key on a terminal with a TERM.
func (s *sshServed) openLines(key, term string, args ...string) *sshLines {
	s.t.Helper()
	cmd := s.command(key, append([]string{"-tt"}, args...)...)
	cmd.Env = append(cmd.Env, "TERM="+term)
	return &sshLines{sshScreen: startOnTerminal(s.t, cmd, 80, 24)}
}

// hear waits until a prompt stands there, and returns what came before it since the
// last one.
func (l *sshLines) hear(prompt string) string {
	l.t.Helper()
	l.waitFor("to be asked "+prompt, func() bool { return strings.HasSuffix(l.output()[l.heard:], "\n"+prompt) })
	said := l.output()[l.heard:]
	l.heard += len(said)
	return said
}

// answer types a line.
func (l *sshLines) answer(line string) { l.t.Helper(); l.press(line + "\r") }

const accountsPrompt, havePrompt = "API Keys> ", "have, if you have it; or show: "

var keyLine = regexp.MustCompile(`(?m)^ps-\w+\r?$`)

// make makes a service account and returns its key, which stands there.
func (l *sshLines) make(name string) string {
	l.t.Helper()
	l.hear(accountsPrompt)
	l.answer("new")
	l.hear("Team: ")
	l.answer("administrators")
	l.hear("Name: ")
	l.answer(name)
	key := strings.TrimSpace(keyLine.FindString(l.hear(havePrompt)))
	if api.CheckKey(key) != nil {
		l.t.Fatalf("no key stands on a line of its own:\n%s", l.output())
	}
	return key
}

// A terminal with TERM=dumb gets the console line by line: create, search, delete,
// and not one escape sequence.
func TestSSHDumbTerminalIsAnsweredLineByLine(t *testing.T) {
	s := serveSSH(t)
	l := s.openLines("ada", "dumb")
	key := l.make("ci-deploy")
	s.takes(key, "ci-deploy")
	l.answer("write /tmp/of-the-server")
	if said := l.hear(havePrompt); !strings.Contains(said, "Keys are not written to files here") {
		t.Errorf("it says %q", said)
	}
	time.Sleep(time.Second) // for which a new key cannot be dismissed
	l.answer("have")
	l.hear(accountsPrompt)
	// What is mistyped is taken back on the line; keys that are no characters are nothing.
	l.press("sexx\x7f\x7farch nothing\x17ci \x1b[A\x1bOPdep")
	l.answer("")
	if said := l.hear(accountsPrompt); !strings.Contains(said, "1. ci-deploy, team administrators, ") {
		t.Errorf("it says %q", said)
	}
	l.answer("delete 1")
	l.hear("Type its name, or cancel: ") // its key was just used
	l.answer("ci-deploy")
	l.hear("delete or cancel: ")
	l.answer("delete")
	if said := l.hear(accountsPrompt); !strings.Contains(said, "Deleted ci-deploy. Its key is refused from now on.") {
		t.Errorf("it says %q", said)
	}
	l.press("\x04")
	if code := l.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.ContainsRune(l.output(), '\x1b') {
		t.Errorf("the terminal got an escape sequence: %q", l.output())
	}
	for action, events := range map[string][]api.AuditEvent{"made": s.events("service_account.create"), "deleted": s.events("service_account.delete")} {
		if len(events) != 1 || events[0].Via != "ssh" || events[0].Actor.Name != "ada" || events[0].IP != "127.0.0.1" {
			t.Errorf("%s: %+v", action, events)
		}
	}
	if undelivered := s.events("service_account.key_undelivered"); len(undelivered) > 0 {
		t.Errorf("a key that somebody has is said not to have arrived: %+v", undelivered)
	}
}

// Whoever asks for it gets it on any terminal, and without one through a pipe.
func TestSSHLinearIsACommand(t *testing.T) {
	s := serveSSH(t)
	l := s.openLines("ada", "xterm-256color", "--", "linear")
	l.make("ci-deploy")
	l.press("\x03")
	if code := l.end(); code != 1 || !strings.Contains(l.output(), "^C\r\nlifeguard: a new key was not taken by anybody who said so") {
		t.Errorf("exit code %d: %q", code, l.output())
	}
	const notice = "The key of ci-deploy may not have reached you: it was never used. Delete it and make another."
	for _, step := range []struct {
		answers        string
		code           int
		stdout, stderr string
	}{
		{"list\n", 0, "1. ci-deploy, team administrators, never used.", ""},
		{"list\ndelete 1\n", 2, "delete or cancel: ", "the input ended in the middle of a question"},
		{"list\ndelete 1\ndelete\nquit\n", 0, "Deleted ci-deploy.", ""},
	} {
		stdout, stderr, code := s.run("ada", step.answers, "-T", "--", "linear")
		if code != step.code || !strings.Contains(stdout, step.stdout) || !strings.Contains(stderr, step.stderr) || !strings.Contains(stdout, notice) {
			t.Errorf("%q: exit code %d:\n%s%s", step.answers, code, stdout, stderr)
		}
	}
	if _, stderr, code := s.run("ada", "", "-T", "--", "linear all"); code != 1 || !strings.Contains(stderr, `there is no argument "all"; see lifeguard linear --help`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Who is suspended is put out in the middle of a line, with the half of it undone.
func TestSSHLinearSessionOfASuspendedUserEnds(t *testing.T) {
	s := serveSSH(t)
	eve := s.newUser("eve", s.administrators())
	l := s.openLines("eve", "dumb")
	l.make("ci-deploy")
	time.Sleep(time.Second) // for which a new key cannot be dismissed
	l.answer("have")
	l.hear(accountsPrompt)
	l.answer("choose ci-deploy")
	l.hear(accountsPrompt)
	l.answer("delete")
	l.hear("delete or cancel: ")
	l.press("delete")
	l.waitFor("the echo", func() bool { return strings.HasSuffix(l.output(), ": delete") })
	began := time.Now()
	if _, err := s.admin.UpdateUser(t.Context(), eve.ID, api.UpdateUser{StatusAction: api.SuspendUser}); err != nil {
		t.Fatal(err)
	}
	if code := l.end(); code != 1 || !strings.Contains(l.output(), "\nlifeguard: you were suspended, or your SSH key was taken away, so this session is over") {
		t.Errorf("exit code %d: %q", code, l.output())
	}
	t.Logf("ended after %s", time.Since(began))
	if deleted := s.events("service_account.delete"); len(deleted) > 0 {
		t.Errorf("a line that was not ended counts: %+v", deleted)
	}
}

// When the line breaks while a key stands there, the next sign-in says so.
func TestSSHLinearKeyThatMayNotHaveArrived(t *testing.T) {
	s := serveSSH(t)
	l := s.openLines("ada", "dumb")
	l.make("ci-deploy")
	l.press("have") // not said, as long as the line is not ended
	l.waitFor("the echo", func() bool { return strings.HasSuffix(l.output(), ": have") })
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.end()
	l.waitFor("the event", func() bool { return len(s.events("service_account.key_undelivered")) == 1 })
	next := s.openLines("ada", "dumb")
	if said := next.hear(accountsPrompt); !strings.Contains(said, "\nThe key of ci-deploy may not have reached you: it was never used. Delete it and make another.\r\n") {
		t.Errorf("it says %q", said)
	}
	next.answer("quit")
	if code := next.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestSSHLinearIsToldThatTheServerStops(t *testing.T) {
	s := serveSSH(t)
	l := s.openLines("ada", "dumb")
	l.hear(accountsPrompt)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.stop()
	}()
	if said := l.hear(accountsPrompt); !strings.Contains(said, "\nThe server is being stopped. This session ends in 5 seconds.\r\n") {
		t.Errorf("it says %q", said)
	}
	if code := l.end(); code != 1 || !strings.Contains(l.output(), "\nlifeguard: the server is being stopped, so this session is over") {
		t.Errorf("exit code %d: %q", code, l.output())
	}
	<-stopped
}
