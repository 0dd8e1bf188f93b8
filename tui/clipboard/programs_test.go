//go:build unix

package clipboard_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// TestMain lets the test binary be the program that copies: inside of tmux, of
// screen, or at the far end of SSH. What is left to write goes to its terminal,
// what it says to a file.
func TestMain(m *testing.M) {
	report := os.Getenv("LIFEGUARD_TEST_REPORT")
	if report == "" {
		os.Exit(m.Run())
	}
	// When that was seen and answered, all that is in between has its terminal.
	_, _ = os.Stdout.WriteString(ready)
	_, _ = os.Stdin.Read(make([]byte, 1))
	r := clipboard.New(clipboard.Auto, os.Getenv, clipboard.Machine()).Copy(context.Background(), os.Getenv("LIFEGUARD_TEST_TEXT"))
	_, _ = os.Stdout.WriteString(r.Sequence)
	if err := os.WriteFile(report+".part", []byte(r.Words()+"\n"+r.Problem), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(report+".part", report); err != nil {
		panic(err)
	}
	// Whoever started it ends it, when what it has written was seen.
	_, _ = os.Stdin.Read(make([]byte, 1))
}

const ready = "ready-to-copy"

// patience is for what takes no time, on a machine that has none.
const patience = 20 * time.Second

// needs skips a test whose program is not installed; with CI=true it fails.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + program); err == nil {
			return path
		}
		advice := fmt.Sprintf("%s is not installed: apt-get install %s", program, pkg)
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	return path
}

// terminal is a pseudo-terminal whose bytes are kept.
type terminal struct {
	t   *testing.T
	cmd *exec.Cmd
	mu  sync.Mutex
	got bytes.Buffer
	// screen is written to as to a keyboard.
	screen *os.File
}

func openTerminal(t *testing.T, words []string) *terminal {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	term := &terminal{t: t, cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
	term.cmd.Env = append(bareEnvironment(), "TERM=xterm-256color")
	screen, err := pty.StartWithSize(term.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	// What runs in it may keep it open: only one that polls can be closed then.
	screen, err = polled(screen)
	if err != nil {
		t.Fatal(err)
	}
	term.screen = screen
	done := make(chan struct{})
	go func() {
		defer close(done)
		chunk := make([]byte, 4096)
		for {
			n, err := screen.Read(chunk)
			term.mu.Lock()
			term.got.Write(chunk[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = term.cmd.Wait()
		_ = screen.Close()
		<-done
	})
	return term
}

func polled(file *os.File) (*os.File, error) {
	defer func() { _ = file.Close() }()
	fd, err := syscall.Dup(int(file.Fd()))
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), file.Name()), err
}

var copies = regexp.MustCompile(`\x1b\]52;c?;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)`)

// begin lets the copier copy once it is on the screen.
func (term *terminal) begin() {
	term.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		term.mu.Lock()
		seen := bytes.Contains(term.got.Bytes(), []byte(ready))
		all := term.got.String()
		term.mu.Unlock()
		if seen {
			break
		}
		if time.Now().After(end) {
			term.t.Fatalf("the copier does not start; the terminal got %q", all)
		}
	}
	if _, err := term.screen.WriteString("\r"); err != nil {
		term.t.Fatal(err)
	}
}

// copied waits for a text that is sent to the terminal's clipboard.
func (term *terminal) copied() string {
	term.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		term.mu.Lock()
		found := copies.FindSubmatch(term.got.Bytes())
		all := term.got.String()
		term.mu.Unlock()
		if found != nil {
			text, err := base64.StdEncoding.DecodeString(string(found[1]))
			if err != nil {
				term.t.Fatal(err)
			}
			return string(text)
		}
		if time.Now().After(end) {
			term.t.Fatalf("nothing was copied; the terminal got %q", all)
		}
	}
}

// copier is the test binary as a program that copies.
type copier struct {
	report, text string
	command      []string
}

func newCopier(t *testing.T, env ...string) copier {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := copier{report: filepath.Join(t.TempDir(), "report"), text: "ps-" + rand.Text() + rand.Text()[:20]}
	c.command = append(append([]string{"env"}, env...), "LIFEGUARD_TEST_REPORT="+c.report, "LIFEGUARD_TEST_TEXT="+c.text, self)
	return c
}

// said waits for what it reports.
func (c copier) said(t *testing.T) (words, problem string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(c.report); err == nil {
			words, problem, _ = strings.Cut(string(text), "\n")
			return words, problem
		}
		if time.Now().After(end) {
			t.Fatal("the program that copies does not report")
		}
	}
}

// bareEnvironment is that of these tests without what says where they run.
func bareEnvironment() []string {
	var env []string
	for _, entry := range os.Environ() {
		switch name, _, _ := strings.Cut(entry, "="); name {
		case "TMUX", "TMUX_PANE", "STY", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "TERM", "WSL_DISTRO_NAME", "WSL_INTEROP":
		default:
			env = append(env, entry)
		}
	}
	return env
}

// sshServer is a real sshd of the person who runs the tests, on a free port.
type sshServer struct{ folder, port string }

func startSSHD(t *testing.T) *sshServer {
	t.Helper()
	sshd := needs(t, "sshd", "openssh-server")
	keygen := needs(t, "ssh-keygen", "openssh-client")
	needs(t, "ssh", "openssh-client")
	if os.Geteuid() == 0 {
		// Where sshd of Debian shuts its unprivileged part in; its service makes it.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &sshServer{folder: t.TempDir()}
	for _, key := range []string{"host", "person"} {
		if output, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.folder, key)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	config := fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %[2]s/person.pub\nPidFile none\n"+
		"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPrintMotd no\n", s.port, s.folder)
	if err := os.WriteFile(filepath.Join(s.folder, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), sshd, "-D", "-e", "-f", filepath.Join(s.folder, "config"))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", &said)
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+s.port); err == nil {
			_ = conn.Close()
			return s
		}
		if time.Now().After(end) {
			t.Fatal("sshd does not listen")
		}
	}
}

// around is ssh with a terminal at the far end, where the words are a shell's.
func (s *sshServer) around(t *testing.T, words []string) []string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + word + "'"
	}
	return []string{
		"ssh", "-tt", "-F", os.DevNull, "-p", s.port, "-i", filepath.Join(s.folder, "person"), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile=" + filepath.Join(s.folder, "known_hosts"), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
		me.Username + "@127.0.0.1", strings.Join(quoted, " "),
	}
}
