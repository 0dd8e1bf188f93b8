package tui_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// monkeyKeys are pressed by those who press anything.
var monkeyKeys = strings.Fields("n d enter enter enter esc tab shift+tab up down left right j k g G / ? r s S y w c i q a e 1 2 3 2 3 : space backspace pgdown pgup ctrl+f ctrl+d ctrl+u ctrl+r home end")

var sgr = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// checkScreen holds what must be true of every frame.
func (c *console) checkScreen(width, height int) {
	c.t.Helper()
	content := c.model.View().Content
	for _, line := range strings.Split(content, "\n") {
		if w := ansi.StringWidthWc(line); w > max(width, 0) {
			c.t.Fatalf("a line is %d cells wide on a screen of %d: %q", w, width, line)
		}
	}
	if lines := strings.Count(content, "\n") + 1; lines > max(height, 1) {
		c.t.Fatalf("%d lines on a screen of %d", lines, height)
	}
	for _, r := range sgr.ReplaceAllString(content, "") {
		if unicode.IsControl(r) && r != '\n' {
			c.t.Fatalf("a control character %U is on the screen", r)
		}
	}
}

// play presses keys, pastes and resizes as the bytes say, and checks after each
// that nothing was deleted without its dialog, and nothing made without a form.
func (c *console) play(script []byte) {
	width, height := 80, 24
	sizes := [][2]int{{80, 24}, {60, 12}, {120, 40}, {20, 4}, {0, 0}, {200, 60}, {80, 13}}
	for i, b := range script {
		before := c.screen()
		deleted, made := len(c.server.deleted), len(c.server.keys)
		switch {
		case b >= 250:
			size := sizes[i%len(sizes)]
			width, height = size[0], size[1]
			c.send(tea.WindowSizeMsg{Width: width, Height: height})
		case b >= 244:
			c.paste([]string{"ci", "\x1b]52;c;aGk=\a", "two\nlines", knownKey, "\u202eevil\u200b", "plat"}[b-244])
		case b >= 240:
			c.wait(time.Duration(b-239) * 700 * time.Millisecond)
		default:
			c.press(monkeyKeys[int(b)%len(monkeyKeys)])
		}
		c.settle()
		small := width < 60 || height < 12
		if len(c.server.deleted) > deleted && !small && !strings.Contains(before, "Delete Service Account") && !strings.Contains(before, "Trying again") {
			c.t.Fatalf("deleted without its dialog:\n%s", before)
		}
		if len(c.server.keys) > made && !small && !strings.Contains(before, "New API Key") {
			c.t.Fatalf("made without the form:\n%s", before)
		}
		c.checkScreen(width, height)
		if c.quit {
			return
		}
	}
}

func TestAMonkeyBreaksNothing(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Chdir(t.TempDir()) // it finds out how to write files
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				server := newAuthority()
				// Every sixth call fails, in a way that only its number decides:
				// calls come from several goroutines.
				server.fail = func(call string, attempt int) *api.Error {
					n := (attempt*7919 + len(call)*31 + int(seed)) % 24
					if n > 3 {
						return nil
					}
					return []*api.Error{unreachable(), lost(), forbidden(), unauthorized()}[n]
				}
				server.delay["account"] = 200 * time.Millisecond
				c := newConsole(t, server, 80, 24)
				script := make([]byte, 500)
				for i := range script {
					script[i] = byte(random.UintN(256))
				}
				c.play(script)
			})
		})
	}
}

func FuzzKeyPresses(f *testing.F) {
	f.Add([]byte{0, 2, 2, 2})
	f.Add([]byte{1, 6, 2, 250, 251, 244})
	f.Fuzz(func(t *testing.T, script []byte) {
		t.Chdir(t.TempDir())
		synctest.Test(t, func(t *testing.T) {
			c := newConsole(t, newAuthority(), 80, 24)
			c.play(script[:min(len(script), 200)])
		})
	})
}

// FuzzServerNames shows any bytes as a server's name, cleaned as the client
// does where it decodes, on every surface.
func FuzzServerNames(f *testing.F) {
	f.Add("\x1b]0;owned\a")
	f.Add("\x1bP+q\x1b\\\u009b31m")
	f.Add("a\u202eb\u200dc\U000e0041")
	f.Add("e" + strings.Repeat("\u0301", 60))
	f.Add("👩‍👩‍👧‍👦👍🏽❤️🇩🇪")
	f.Fuzz(func(t *testing.T, name string) {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			clean := api.Clean(name)
			server.accounts[0].Name, server.accounts[0].Team.Name, server.accounts[0].CreatedBy.Name = clean, clean, clean
			server.teams[1].Name = clean
			c := newConsole(t, server, 120, 24)
			for _, keys := range [][]string{{}, {"enter"}, {"esc", "d"}, {"esc", "n"}, {"tab"}, {"esc", "/", "a"}} {
				c.press(keys...)
				c.checkScreen(120, 24)
			}
		})
	})
}

// FuzzTypedNames pastes any bytes into the form.
func FuzzTypedNames(f *testing.F) {
	f.Add("\x1b]52;c;aGk=\a")
	f.Add("line\nline")
	f.Fuzz(func(t *testing.T, name string) {
		synctest.Test(t, func(t *testing.T) {
			c := newConsole(t, newAuthority(), 80, 24)
			c.fill("plat", "")
			c.paste(name)
			c.checkScreen(80, 24)
			c.press("enter")
			c.checkScreen(80, 24)
		})
	})
}

func TestKeysDocumentIsUpToDate(t *testing.T) {
	const path = "../docs/keys.md"
	if *update {
		if err := os.WriteFile(path, []byte(tui.KeysDocument()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != tui.KeysDocument() {
		t.Errorf("docs/keys.md is not what the bindings say (%v); run go test ./tui -update", err)
	}
}
