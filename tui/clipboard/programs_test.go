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
}

func openTerminal(t *testing.T, env []string, name string, args ...string) *terminal {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	term := &terminal{t: t, cmd: exec.CommandContext(ctx, name, args...)}
	term.cmd.Env = append(env, "TERM=xterm-256color")
	screen, err := pty.StartWithSize(term.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
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

var copies = regexp.MustCompile(`\x1b\]52;c?;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)`)

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

// command is ssh with a terminal at the far end, where the words are a shell's.
func (s *sshServer) command(t *testing.T, words []string) (name string, args []string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + word + "'"
	}
	return "ssh", []string{
		"-tt", "-F", os.DevNull, "-p", s.port, "-i", filepath.Join(s.folder, "person"), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile=" + filepath.Join(s.folder, "known_hosts"), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
		me.Username + "@127.0.0.1", strings.Join(quoted, " "),
	}
}

// Inside of tmux a key arrives at the terminal, whatever the two options are
// that let or do not let a program reach it, and nothing of it is left behind.
func TestThroughTmux(t *testing.T) {
	tmux := needs(t, "tmux", "tmux")
	server := startSSHD(t)
	for _, where := range []string{"here", "over ssh"} {
		for name, options := range map[string]string{
			"default":              "",
			"set-clipboard on":     "set -s set-clipboard on\n",
			"allow-passthrough on": "set -g allow-passthrough on\n",
			"set-clipboard off":    "set -s set-clipboard off\n",
		} {
			t.Run(where+"/"+name, func(t *testing.T) {
				t.Parallel()
				folder, err := os.MkdirTemp("", "lg") // a socket's path must be short
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(folder) })
				socket, conf := filepath.Join(folder, "s"), filepath.Join(folder, "conf")
				if err := os.WriteFile(conf, []byte(options), 0o600); err != nil {
					t.Fatal(err)
				}
				c := newCopier(t)
				words := append([]string{tmux, "-S", socket, "-f", conf, "new-session"}, c.command...)
				command, args := words[0], words[1:]
				if where == "over ssh" {
					command, args = server.command(t, words)
				}
				t.Cleanup(func() { _ = exec.CommandContext(context.Background(), tmux, "-S", socket, "kill-server").Run() })
				term := openTerminal(t, bareEnvironment(), command, args...)
				said, problem := c.said(t)
				if problem != "" || said != "Sent to your terminal through tmux; if paste is empty, select it above" {
					t.Errorf("it says %q, %q", said, problem)
				}
				if got := term.copied(); got != c.text {
					t.Errorf("the terminal got %q", got)
				}
				buffers, err := exec.CommandContext(t.Context(), tmux, "-S", socket, "list-buffers").CombinedOutput()
				if err != nil || len(buffers) > 0 {
					t.Errorf("tmux keeps %q, %v", buffers, err)
				}
			})
		}
	}
}

func TestOverSSH(t *testing.T) {
	c := newCopier(t)
	command, args := startSSHD(t).command(t, c.command)
	term := openTerminal(t, bareEnvironment(), command, args...)
	if said, problem := c.said(t); problem != "" || said != "Sent to the terminal; if paste is empty, select it above" {
		t.Errorf("it says %q, %q", said, problem)
	}
	if got := term.copied(); got != c.text {
		t.Errorf("the terminal got %q", got)
	}
}

// GNU screen passes on what comes in pieces. A sealed key has many.
func TestThroughScreen(t *testing.T) {
	screen := needs(t, "screen", "screen")
	folder, err := os.MkdirTemp("", "lg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	c := newCopier(t)
	env := append(bareEnvironment(), "SCREENDIR="+folder)
	term := openTerminal(t, env, screen, append([]string{"-c", os.DevNull, "-S", "lifeguard"}, c.command...)...)
	t.Cleanup(func() {
		quit := exec.CommandContext(context.Background(), screen, "-S", "lifeguard", "-X", "quit")
		quit.Env = env
		_ = quit.Run()
	})
	if said, problem := c.said(t); problem != "" || said != "Sent to your terminal through screen; if paste is empty, select it above" {
		t.Errorf("it says %q, %q", said, problem)
	}
	if got := term.copied(); got != c.text {
		t.Errorf("the terminal got %q", got)
	}
}

// At an X display the key is where other programs paste from.
func TestOnAnXDisplay(t *testing.T) {
	xvfb, xclip := needs(t, "Xvfb", "xvfb"), needs(t, "xclip", "xclip")
	number, err := os.CreateTemp(t.TempDir(), "display")
	if err != nil {
		t.Fatal(err)
	}
	x := exec.CommandContext(context.Background(), xvfb, "-displayfd", "3", "-screen", "0", "64x64x8", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{number}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	})
	var display string
	for end := time.Now().Add(patience); display == ""; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(number.Name())
		if line, _, whole := strings.Cut(string(text), "\n"); whole {
			display = ":" + line
		}
		if time.Now().After(end) {
			t.Fatal("the X server does not start")
		}
	}
	c := newCopier(t, "DISPLAY="+display)
	term := openTerminal(t, bareEnvironment(), c.command[0], c.command[1:]...)
	if said, problem := c.said(t); problem != "" || said != "Copied to this machine's clipboard" {
		t.Errorf("it says %q, %q", said, problem)
	}
	paste := exec.CommandContext(t.Context(), xclip, "-o", "-selection", "clipboard")
	paste.Env = append(bareEnvironment(), "DISPLAY="+display)
	if got, err := paste.Output(); err != nil || string(got) != c.text {
		t.Errorf("xclip pastes %q, %v", got, err)
	}
	term.mu.Lock()
	defer term.mu.Unlock()
	if term.got.Len() > 0 {
		t.Errorf("the terminal got %q as well", &term.got)
	}
}
