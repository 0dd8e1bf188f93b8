package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// A tmux that hangs hangs nothing: libraries that ask it how many colours there are,
// some before main begins, do not get to know of it.
func TestATmuxThatHangs(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "tmux"), []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		code int
	}{{[]string{"version"}, 0}, {[]string{"--help"}, 0}, {[]string{"doctor"}, 1}} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		cmd := exec.CommandContext(ctx, "lifeguard", test.args...)
		cmd.Env = append(ownEnvironment(folder), "TERM=xterm-256color", "TMUX=/tmp/tmux,1,0", "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for buffer := make([]byte, 4096); ; {
				if _, err := terminal.Read(buffer); err != nil {
					return
				}
			}
		}()
		err = cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != test.code {
			t.Errorf("%v: %v", test.args, err)
		}
		_ = terminal.Close()
		cancel()
	}
}
