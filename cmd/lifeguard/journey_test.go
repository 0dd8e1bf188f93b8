package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
)

// From an empty machine to a deleted key, in the real program and a real
// terminal, with a kill -9 on the way.
func TestJourney(t *testing.T) {
	for _, size := range [][2]string{{"120", "30"}, {"80", "24"}, {"60", "15"}} {
		t.Run(size[0]+"x"+size[1], func(t *testing.T) {
			home := t.TempDir()
			p := openPane(t, home, size[0], size[1], "lifeguard")
			p.waitFor("Security › API Keys", "No service accounts yet")
			createAccount(t, p, "devel")
			p.press("q")
			p.waitFor("exit code 0")
			p.close()
			killConsole(t, home, size)
			p = openPane(t, home, size[0], size[1], "lifeguard")
			p.waitFor("ci-deploy", "1 key")
			deleteAccount(p)
			p.press("q")
			p.waitFor("exit code 0")
		})
	}
}

func createAccount(t *testing.T, p pane, team string) {
	t.Helper()
	p.press("n")
	p.waitFor("New API Key", "Team", "Name")
	p.write(team)
	p.press("Enter")
	p.press("Enter") // a name that is empty is said at its field
	p.waitFor("enter a name")
	p.write("ci-deploy")
	p.press("Enter")
	screen := p.waitFor("ps-", "write to a file")
	key := keyOnScreen.FindString(screen)
	if err := api.CheckKey(key); err != nil {
		t.Fatalf("the key on the screen: %v\n%s", err, hidden(screen))
	}
	p.press("w")
	p.waitFor("A new file that only you can read")
	p.press("Enter")
	p.waitFor("Written to")
	if text, err := os.ReadFile(filepath.Join(p.home, "ci-deploy.key")); err != nil || string(text) != key+"\n" {
		t.Errorf("the key's file holds %d bytes, %v", len(text), err)
	}
	p.press("Escape")
	screen = p.waitFor("Made ci-deploy", "1 key")
	if strings.Contains(screen, key) {
		t.Error("the key is still on the screen")
	}
}

func deleteAccount(p pane) {
	p.press("d")
	p.waitFor("Delete Service Account", "This cannot be undone", "Cancel")
	p.press("Enter") // Cancel has the focus
	p.waitFor("1 key", "n new")
	p.press("d")
	p.waitFor("This cannot be undone")
	p.waitGone("Looking up") // nothing is deleted before it is known who uses it
	p.press("Tab")
	p.press("Enter")
	p.waitFor("No service accounts yet", "Deleted ci-deploy")
}

// killConsole opens another console and kills it once it shows the account.
func killConsole(t *testing.T, home string, size [2]string) {
	t.Helper()
	p := openPane(t, home, size[0], size[1], "sh -c 'echo $$ >pid; exec lifeguard'")
	defer p.close()
	p.waitFor("ci-deploy", "1 key")
	text, err := os.ReadFile(filepath.Join(home, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.waitFor("exit code 137")
}

// Two consoles at once on one file see each other's work, although each has a
// server of its own.
func TestTwoConsoles(t *testing.T) {
	home := t.TempDir()
	p := openPane(t, home, "100", "24", "lifeguard")
	p.waitFor("No service accounts yet")
	p.tmux("new-window", "lifeguard; read _") // in front of the first one
	p.waitFor("No service accounts yet")
	createAccount(t, p, "devel")
	p.tmux("select-window", "-t", ":0")
	p.waitFor("ci-deploy", "1 key") // without a key being pressed
}

// A terminal that says nothing of itself, a signal, and a terminal that goes
// away leave nothing behind: no escape sequences, no temporary organization.
func TestDemoEndsCleanly(t *testing.T) {
	for name, end := range map[string]struct {
		how  func(p pane, pid int) error
		says string
	}{
		"quit":    {func(p pane, _ int) error { p.press("q"); return nil }, "exit code 0"},
		"ctrl+c":  {func(p pane, _ int) error { p.press("C-c"); return nil }, "exit code 0"},
		"SIGTERM": {func(_ pane, pid int) error { return syscall.Kill(pid, syscall.SIGTERM) }, "exit code 2"},
		"SIGINT":  {func(_ pane, pid int) error { return syscall.Kill(pid, syscall.SIGINT) }, "exit code 2"},
		"SIGHUP":  {func(_ pane, pid int) error { return syscall.Kill(pid, syscall.SIGHUP) }, "exit code 2"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			p := openPane(t, home, "80", "24", "sh -c 'echo $$ >pid; mkdir tmp; TERM=nonsense TMPDIR=$PWD/tmp exec lifeguard demo --accounts 50'")
			p.waitFor("Security › API Keys", "50 keys")
			text, err := os.ReadFile(filepath.Join(home, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			if err := end.how(p, pid); err != nil {
				t.Fatal(err)
			}
			screen := p.waitFor(end.says)
			if strings.Contains(screen, "Security") {
				t.Errorf("the console is still on the screen:\n%s", screen)
			}
			left, err := os.ReadDir(filepath.Join(home, "tmp"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			p.write("typed")
			p.waitFor("typed") // the terminal echoes again
		})
	}
}

// Against a server: a key that it refuses leads to the sign-in dialog and not
// to an exit, and a server that dies leaves the old rows on the screen.
func TestConsoleOnServer(t *testing.T) {
	home := t.TempDir()
	key := initialised(t, home)
	server := startServing(t, home)
	p := openPane(t, home, "100", "24", envAPIKey+"="+strings.Repeat("x", api.KeyLength)+" lifeguard --server "+server.url)
	p.waitFor("Sign in")
	p.write(key.Reveal())
	p.press("Enter")
	screen := p.waitFor("No service accounts yet", "ada@example.com")
	if strings.Contains(screen, key.Reveal()[3:12]) {
		t.Error("the key is on the screen")
	}
	createAccount(t, p, "admin")
	if err := server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.cmd.Wait() // it was killed
	p.press("r")
	p.waitFor("ci-deploy", "stale")
	p.press("q")
	p.waitFor("exit code 0")
}
