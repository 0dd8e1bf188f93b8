package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/client"
)

// sshServed is a running lifeguard serve --ssh over an organization of its own.
type sshServed struct {
	served
	t      *testing.T
	folder string
	host   string // where it listens for SSH
	port   string
	admin  *client.Client
}

// serveSSH starts one. Its administrator is ada@example.com, with the SSH key of
// the name ada.
func serveSSH(t *testing.T, flags ...string) *sshServed {
	t.Helper()
	for _, name := range []string{"ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			const advice = "OpenSSH's client is not installed: apt-get install openssh-client"
			if os.Getenv("CI") == "true" {
				t.Fatal(advice)
			}
			t.Skip(advice)
		}
	}
	s := &sshServed{t: t, folder: t.TempDir(), host: "127.0.0.1"}
	key := initialised(t, s.folder)
	s.start(flags...)
	var err error
	if s.admin, err = client.New(s.url, key); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.admin.Close)
	me, err := s.admin.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.give(me.ID, s.newKey("ada"))
	return s
}

// start starts the server. After it was stopped it comes back on the same ports.
func (s *sshServed) start(flags ...string) {
	s.t.Helper()
	listen := "127.0.0.1:0"
	if s.url != "" {
		listen = strings.TrimPrefix(s.url, "http://")
	}
	cmd := program(s.t, s.folder, append([]string{"serve", "--listen", listen, "--database", "sqlite:keys.db", "--ssh", net.JoinHostPort(s.host, s.portOr("0"))}, flags...)...)
	s.cmd, s.stderr = cmd, new(bytes.Buffer)
	cmd.Stderr = s.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil && s.cmd == cmd {
			s.stop()
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "lifeguard listens on http"); ok {
			s.url = "http" + url
		}
		if address, ok := strings.CutPrefix(lines.Text(), "lifeguard listens on ssh://"); ok {
			if _, s.port, err = net.SplitHostPort(address); err != nil {
				s.t.Fatal(err)
			}
			return
		}
	}
	_ = cmd.Wait()
	s.t.Fatalf("it does not say that it is ready: %s", s.stderr)
}

func (s *sshServed) portOr(other string) string {
	if s.port == "" {
		return other
	}
	return s.port
}

// stop ends the server as systemd does and waits for it.
func (s *sshServed) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	err := s.cmd.Wait()
	if said := s.stderr.String(); err != nil || strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic") {
		s.t.Fatalf("%v; %s", err, said)
	}
}

// newKey makes a key pair with a name, and returns its public line.
func (s *sshServed) newKey(name string) string {
	s.t.Helper()
	path := filepath.Join(s.folder, name)
	cmd := exec.CommandContext(s.t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path)
	if output, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v; %s", err, output)
	}
	line, err := os.ReadFile(path + ".pub")
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(line))
}

func (s *sshServed) give(userID string, keys ...string) {
	s.t.Helper()
	if _, err := s.admin.UpdateUser(s.t.Context(), userID, api.UpdateUser{SSHKeys: keys}); err != nil {
		s.t.Fatal(err)
	}
}

// newUser makes a user in a team with a key of that name.
func (s *sshServed) newUser(name, teamID string) api.User {
	s.t.Helper()
	create := api.CreateUser{Email: name + "@example.com", Name: name, SSHKeys: []string{s.newKey(name)}}
	if teamID != "" {
		create.Teams = []api.TeamRef{{ID: teamID}}
	}
	user, err := s.admin.CreateUser(s.t.Context(), create)
	if err != nil {
		s.t.Fatal(err)
	}
	return user
}

// administrators is the id of their team.
func (s *sshServed) administrators() string {
	s.t.Helper()
	me, err := s.admin.Me(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return me.Teams[0].ID
}

// events are the audit events of an action.
func (s *sshServed) events(action string) []api.AuditEvent {
	s.t.Helper()
	var events []api.AuditEvent
	for event, err := range s.admin.AllAuditEvents(s.t.Context(), api.AuditFilter{Action: action}) {
		if err != nil {
			s.t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// takes checks that the server takes an API key, and whose it is.
func (s *sshServed) takes(key, name string) {
	s.t.Helper()
	robot, err := client.New(s.url, api.NewSecret(key))
	if err != nil {
		s.t.Fatal(err)
	}
	defer robot.Close()
	if me, err := robot.Me(s.t.Context()); err != nil || me.Name != name {
		s.t.Errorf("%+v, %v", me, err)
	}
}

// command is Debian's ssh, with the key of a name and nothing of whoever runs
// the tests.
func (s *sshServed) command(key string, args ...string) *exec.Cmd {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	all := []string{
		"-F", os.DevNull, "-p", s.port, "-i", filepath.Join(s.folder, key), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile=" + filepath.Join(s.folder, "known_hosts"), "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
	}
	cmd := exec.CommandContext(ctx, "ssh", append(append(all, args[:len(args)-commandWords(args)]...), append([]string{s.host}, args[len(args)-commandWords(args):]...)...)...)
	cmd.Env = append(ownEnvironment(s.folder), "TERM=xterm-256color", "LANG=C.UTF-8")
	return cmd
}

// commandWords is how many of the arguments are the command, which stands after
// a --.
func commandWords(args []string) int {
	for i, arg := range args {
		if arg == "--" {
			return len(args) - i
		}
	}
	return 0
}

// run runs ssh to its end.
func (s *sshServed) run(key, stdin string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	cmd := s.command(key, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("ssh: %v", err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// sshScreen is Debian's ssh in a terminal emulator.
type sshScreen struct {
	t     testing.TB
	cmd   *exec.Cmd
	tty   *os.File
	ended chan struct{}
	drawn chan struct{} // something, since it was last looked at

	mu     sync.Mutex
	screen *vt.Emulator
	raw    bytes.Buffer
}

// open connects with a key, on a terminal of a size.
func (s *sshServed) open(key string, width, height int, args ...string) *sshScreen {
	s.t.Helper()
	return startOnTerminal(s.t, s.command(key, append([]string{"-tt"}, args...)...), width, height)
}

// startOnTerminal starts ssh on a terminal of a size.
func startOnTerminal(t testing.TB, cmd *exec.Cmd, width, height int) *sshScreen {
	t.Helper()
	return startOn(t, vt.NewEmulator(max(width, 1), max(height, 1)), cmd, width, height)
}

// startOn starts ssh on a terminal that was prepared.
func startOn(t testing.TB, terminal *vt.Emulator, cmd *exec.Cmd, width, height int) *sshScreen {
	t.Helper()
	screen := &sshScreen{t: t, cmd: cmd, screen: terminal, ended: make(chan struct{}), drawn: make(chan struct{}, 1)}
	var err error
	if screen.tty, err = pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(screen.tty, screen.screen) }() // what the terminal answers
	go screen.read()
	t.Cleanup(func() {
		_ = screen.cmd.Process.Kill()
		<-screen.ended
		_ = screen.tty.Close()
		// Its Close is not for use beside its Read.
		if answers, ok := screen.screen.InputPipe().(io.Closer); ok {
			_ = answers.Close()
		}
	})
	return screen
}

func (s *sshScreen) read() {
	defer close(s.ended)
	buffer := make([]byte, 32<<10)
	for {
		n, err := s.tty.Read(buffer)
		s.mu.Lock()
		s.raw.Write(buffer[:n])
		_, _ = s.screen.Write(buffer[:n])
		s.mu.Unlock()
		select {
		case s.drawn <- struct{}{}:
		default:
		}
		if err != nil {
			_ = s.cmd.Wait()
			return
		}
	}
}

func (s *sshScreen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// output is all that ssh has written to the terminal.
func (s *sshScreen) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

func (s *sshScreen) waitFor(what string, there func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !there(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within %s; the screen:\n%s", what, patience, s.text())
		}
		select {
		case <-s.drawn:
		case <-time.After(5 * time.Millisecond): // what it waits for may be elsewhere
		}
	}
}

// see waits until the screen shows a text.
func (s *sshScreen) see(text string) {
	s.t.Helper()
	s.waitFor("to see "+text, func() bool { return strings.Contains(s.text(), text) })
}

func (s *sshScreen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// end waits until ssh has ended, and returns its exit code.
func (s *sshScreen) end() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("ssh has not ended; the screen:\n%s", s.text())
	}
	return s.cmd.ProcessState.ExitCode()
}

var osc52 = regexp.MustCompile(`\x1b\]52;c;([A-Za-z0-9+/=]+)(?:\x07|\x1b\\)`)

// copied is the last text that was sent to the terminal's clipboard.
func (s *sshScreen) copied() string {
	s.t.Helper()
	var text string
	s.waitFor("to get a copy", func() bool {
		found := osc52.FindAllStringSubmatch(s.output(), -1)
		if len(found) == 0 {
			return false
		}
		decoded, err := base64.StdEncoding.DecodeString(found[len(found)-1][1])
		text = string(decoded)
		return err == nil
	})
	return text
}

// create makes a service account with the console, and leaves its key on the
// screen.
func (s *sshScreen) create(name string) {
	s.t.Helper()
	s.see("live ●")
	s.press("n")
	s.see("New API Key")
	s.press("\r")
	s.see("such as ci-deploy-eu")
	s.press(name)
	s.see(name)
	s.press("\r")
	s.see("shown only once")
}
