//go:build unix

package clipboard_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tmuxServer is a real tmux of its own.
type tmuxServer struct{ path, socket, conf string }

func newTmux(t *testing.T, options string) tmuxServer {
	t.Helper()
	folder := shortFolder(t) // a socket's path must be short
	s := tmuxServer{needs(t, "tmux", "tmux"), filepath.Join(folder, "s"), filepath.Join(folder, "conf")}
	if err := os.WriteFile(s.conf, []byte(options), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.CommandContext(context.Background(), s.path, "-S", s.socket, "kill-server").Run() })
	return s
}

// around is words inside of it.
func (s tmuxServer) around(words []string) []string {
	return append([]string{"env", "-u", "TMUX", s.path, "-S", s.socket, "-f", s.conf, "new-session"}, words...)
}

// holdsNothing fails when a buffer is left.
func (s tmuxServer) holdsNothing(t *testing.T) {
	t.Helper()
	buffers, err := exec.CommandContext(context.Background(), s.path, "-S", s.socket, "list-buffers").CombinedOutput()
	if err != nil || len(buffers) > 0 {
		t.Errorf("tmux keeps %q, %v", buffers, err)
	}
}

// aroundInScreen is words inside of a real GNU screen of its own.
func aroundInScreen(t *testing.T, words []string) []string {
	t.Helper()
	screen, folder := needs(t, "screen", "screen"), shortFolder(t)
	t.Cleanup(func() {
		quit := exec.CommandContext(context.Background(), screen, "-S", "lifeguard", "-X", "quit")
		quit.Env = append(bareEnvironment(), "SCREENDIR="+folder)
		_ = quit.Run()
	})
	return append([]string{"env", "SCREENDIR=" + folder, screen, "-c", os.DevNull, "-S", "lifeguard"}, words...)
}

func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "lg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}
