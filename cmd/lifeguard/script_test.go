package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: a script's `exec lifeguard`
// starts it again, as a process of its own with its own exit code.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lifeguard": main, "lifeguard-test-writer": writer, "lifeguard-test-bare": bare})
}

// TestScripts runs every script of testdata in an empty home.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sql": execSQL, "authority": scriptAuthority, "setkey": setKey, "golden": golden},
		Condition:           missing,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			env.Setenv("NO_COLOR", "1")
			// A program with the race detector in it sleeps a second at exit unless told.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return os.Mkdir(home, 0o700)
		},
	})
}

// missing is a script's condition: [missing:PROGRAM] or [missing:/FILE]. In CI
// nothing may be missing: .ci/run installs all that is driven.
func missing(condition string) (bool, error) {
	name, ok := strings.CutPrefix(condition, "missing:")
	if !ok {
		return false, fmt.Errorf("there is no condition %q", condition)
	}
	_, err := exec.LookPath(name)
	if filepath.IsAbs(name) {
		_, err = os.Stat(name)
	}
	if err != nil && os.Getenv("CI") == "true" {
		return true, fmt.Errorf("%s is not installed: .ci/run installs it", name)
	}
	return err != nil, nil
}

// exits is a script's command: exits CODE [-terminal] PROGRAM [ARG…]. It runs
// the program, with a terminal for its standard input and output if asked, and
// checks its exit code. What it says on standard error can then be looked at.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE [-terminal] PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	run := ts.Exec
	if args[0] == "-terminal" {
		args = args[1:]
		run = func(name string, args ...string) error { return onTerminal(ts, name, args...) }
	}
	code := 0
	if err := run(args[0], args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[0], err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("%s ended with %d, want %d", args[0], code, want)
	}
}

// onTerminal runs a program on a pseudo-terminal.
func onTerminal(ts *testscript.TestScript, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, variable := range []string{"PATH", "HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "GORACE", envServer, envAPIKey} {
		cmd.Env = append(cmd.Env, variable+"="+ts.Getenv(variable))
	}
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	cmd.Stderr = ts.Stderr()
	screen, err := pty.Start(cmd)
	ts.Check(err)
	defer func() { _ = screen.Close() }()
	seen, _ := io.ReadAll(screen) // ends with an error on Linux when the program does
	if len(seen) > 0 {
		ts.Logf("the terminal got %q", seen)
	}
	return cmd.Wait()
}

// execSQL is a script's command: sql FILE STATEMENT. It changes a database in
// a way that the program never would.
func execSQL(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.ExecContext(context.Background(), args[1])
	ts.Check(errors.Join(err, db.Close()))
}
