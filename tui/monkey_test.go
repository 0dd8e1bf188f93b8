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
var monkeyKeys = strings.Fields("n d d enter enter enter esc tab shift+tab up down left right j k g G / ? r s S y w c i q a e 1 2 3 2 3 : space space v * ~ 4 8 M backspace pgdown pgup ctrl+f ctrl+d ctrl+u ctrl+r home end")

var sgr = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// checkScreen holds what must be true of every frame.
func (c *console) checkScreen(width, height int) {
	c.t.Helper()
	c.checkFrame(c.model.View().Content, width, height)
}

func (c *console) checkFrame(content string, width, height int) {
	c.t.Helper()
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

// asks matches a screen that asks, or has asked, whether to delete.
var asks = regexp.MustCompile(`Delete ([\d,]+ )?Service Account|Trying again`)

// player presses keys, pastes, resizes and lets others act as bytes say, and
// checks after each that nothing was deleted without its dialog, that nothing
// was made without a form, and that every line fits the screen.
type player struct {
	*console
	width, height int
	steps         int
	frame, shown  string // the last one, with its styles and without
}

var playedSizes = [][2]int{{80, 24}, {60, 12}, {120, 40}, {20, 4}, {0, 0}, {200, 60}, {80, 13}}

func (p *player) step(b byte) {
	p.t.Helper()
	before := p.shown
	deleted, made := len(p.server.deleted), len(p.server.keys)
	switch {
	case b >= 250:
		size := playedSizes[p.steps%len(playedSizes)]
		p.width, p.height = size[0], size[1]
		p.send(tea.WindowSizeMsg{Width: p.width, Height: p.height})
	case b >= 244:
		p.paste([]string{"ci", "\x1b]52;c;aGk=\a", "two\nlines", knownKey, "\u202eevil\u200b", "plat"}[b-244])
	case b >= 240:
		p.wait(time.Duration(b-239) * 700 * time.Millisecond)
	case b >= 236:
		p.others(b)
	default:
		p.press(monkeyKeys[int(b)%len(monkeyKeys)])
	}
	p.steps++
	p.settle()
	small := p.width < 60 || p.height < 12
	if len(p.server.deleted) > deleted && !small && !asks.MatchString(before) {
		p.t.Fatalf("deleted without its dialog:\n%s", before)
	}
	if len(p.server.keys) > made && !small && !strings.Contains(before, "New API Key") {
		p.t.Fatalf("made without the form:\n%s", before)
	}
	content := p.model.View().Content
	if resized := b >= 250; content != p.frame || resized {
		p.checkFrame(content, p.width, p.height)
		p.frame, p.shown = content, ansi.Strip(content)
	}
}

// others is another administrator who makes and deletes accounts.
func (p *player) others(b byte) {
	if n := len(p.server.accounts); b%2 == 0 && n > 3 {
		p.server.deletes(p.server.accounts[p.steps%n].ID)
		return
	}
	p.server.makes(newcomer(p.server, p.steps, fmt.Sprintf("made-%d", p.steps)))
}

// play plays a script until it ends, or the console does.
func (c *console) play(script []byte) {
	p := player{console: c, width: 80, height: 24, shown: c.screen()}
	for _, b := range script {
		if p.step(b); c.quit {
			return
		}
	}
}

// monkey presses so many random keys. A console that was left is opened again.
func monkey(t *testing.T, seed uint64, steps int) {
	t.Chdir(t.TempDir()) // it finds out how to write files
	random := rand.New(rand.NewPCG(seed, 1))
	for steps > 0 {
		synctest.Test(t, func(t *testing.T) {
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
			p := player{console: newConsole(t, server, 80, 24), width: 80, height: 24}
			p.shown = p.screen()
			for steps > 0 && !p.quit && p.steps < 5000 {
				steps--
				p.step(byte(random.UintN(256)))
			}
		})
		if t.Failed() {
			return
		}
	}
}

func TestAMonkeyBreaksNothing(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { monkey(t, seed, 2500) })
	}
}

// TestSoakMonkey presses 1,000,000 random keys; see make soak.
func TestSoakMonkey(t *testing.T) {
	if os.Getenv("LIFEGUARD_SOAK") == "" {
		t.Skip("takes long: set LIFEGUARD_SOAK=1")
	}
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { monkey(t, 1000+seed, 10_000) })
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
