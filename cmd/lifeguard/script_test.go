package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: a script's `exec lifeguard`
// starts it again, as a process of its own with its own exit code.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lifeguard": main, "lifeguard-test-writer": writer})
}

// TestScripts runs every script of testdata in an empty home.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
			env.Setenv("NO_COLOR", "1")
			// A program with the race detector in it sleeps a second at exit unless told.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return os.Mkdir(home, 0o700)
		},
	})
}
