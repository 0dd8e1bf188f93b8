package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whoever presses tab in bash, zsh or fish gets the names of teams and service
// accounts from the server, with the completions where the packages put them.
func TestTabCompletesInEveryShell(t *testing.T) {
	const bashCompletion = "/usr/share/bash-completion/bash_completion"
	folder := t.TempDir()
	key := initialised(t, folder)
	server := startServing(t, folder)
	run := func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := program(t, folder, args...)
		cmd.Env = append(cmd.Env, envServer+"="+server.url, envAPIKey+"="+key.Reveal())
		output, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return string(output)
	}
	for _, name := range []string{"ci-deploy-eu", "ci-deploy-us"} {
		run(t, "create", "--team", "administrators", "--name", name)
	}
	for shell, test := range map[string]struct {
		completions string            // where they are put
		files       map[string]string // of the shell's own
		start       string
	}{
		"bash": {
			"share/bash-completion/completions/lifeguard",
			map[string]string{"bashrc": ". " + bashCompletion + "\nPS1='ready> '\n"},
			"XDG_DATA_DIRS=$PWD/share bash --rcfile bashrc -i",
		},
		"zsh": {
			"share/zsh/site-functions/_lifeguard",
			map[string]string{".zshrc": "fpath=($PWD/share/zsh/site-functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\nPS1='ready> '\n"},
			"ZDOTDIR=$PWD zsh -i",
		},
		"fish": {
			"share/fish/vendor_completions.d/lifeguard.fish", nil,
			"XDG_DATA_DIRS=$PWD/share fish -i --init-command \"function fish_prompt; echo 'ready> '; end\"",
		},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			_, err := exec.LookPath(shell)
			if _, missing := os.Stat(bashCompletion); err != nil || shell == "bash" && missing != nil {
				const advice = "completions are tried in real shells: apt-get install bash-completion zsh fish"
				if os.Getenv("CI") == "true" {
					t.Fatal(advice)
				}
				t.Skip(advice)
			}
			home := t.TempDir()
			files := map[string]string{test.completions: run(t, "completion", shell), "key": key.Reveal()}
			for name, text := range test.files {
				files[name] = text
			}
			for name, text := range files {
				path := filepath.Join(home, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := openPane(t, home, "100", "24", "export "+envServer+"="+server.url+" "+envAPIKey+"=$(cat key); "+test.start)
			p.waitFor("ready>")
			p.write("lifeguard create --team adm")
			p.pressTabFor("--team administrators")
			p.press("C-u")
			p.write("lifeguard get ci-")
			p.pressTabFor("deploy-eu", "deploy-us") // which fish shortens at the front
		})
	}
}

// pressTabFor presses tab until the screen shows all texts: a completion gives up
// after a second, and a shell lists what there is at the second tab.
func (p pane) pressTabFor(texts ...string) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		p.press("Tab")
		for pressed := time.Now(); time.Since(pressed) < 2*time.Second; {
			screen := p.tmux("capture-pane", "-p")
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(screen, text) }) {
				return
			}
		}
	}
	p.t.Fatalf("tab does not lead to %q:\n%s", texts, p.tmux("capture-pane", "-p"))
}
