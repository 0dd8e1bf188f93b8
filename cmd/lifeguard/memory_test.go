package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

func TestTheLastSearchIsKept(t *testing.T) {
	t.Parallel()
	m := memory{filepath.Join(t.TempDir(), "state", "views", "context-a%2Fb.json")}
	if v, note := m.recall(); v != (tui.View{}) || note != "" {
		t.Errorf("before anything was kept: %+v, %q", v, note)
	}
	for _, want := range []tui.View{{Query: `team:platform "ci dep" 夜`, Sort: "-used"}, {}, {Sort: "team"}} {
		if err := m.keep(want); err != nil {
			t.Fatal(err)
		}
		if v, note := m.recall(); v != want || note != "" {
			t.Errorf("recalled %+v, %q; want %+v", v, note, want)
		}
		if info, err := os.Stat(m.path); err != nil || othersMay(info) {
			t.Errorf("%v, %v: others may read it", info, err)
		}
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(m.path), ".*")); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

// What is damaged is ignored with a note, and the next end mends it.
func TestADamagedMemoryIsIgnored(t *testing.T) {
	t.Parallel()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := memory{filepath.Join(t.TempDir(), "damaged.json")}
	for _, text := range []string{
		"", "{", "\x00\x00", `{"query": 7}`, `{"queries": "x"}`, `[]`, `{"query":"` + key.Reveal() + `"}`, `{"query":"` + strings.Repeat("x", maxMemory),
	} {
		if err := os.WriteFile(m.path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v, note := m.recall()
		if v != (tui.View{}) || !strings.Contains(note, "ignored") || strings.Contains(note, key.Reveal()[:20]) {
			t.Errorf("of %d bytes %+v was recalled, and said: %d bytes", len(text), v, len(note))
		}
		if err := m.keep(tui.View{Sort: "used"}); err != nil {
			t.Fatal(err)
		}
		if v, note := m.recall(); v.Sort != "used" || note != "" {
			t.Errorf("after it was kept anew: %+v, %q", v, note)
		}
	}
	if err := (memory{}).keep(tui.View{Query: "x"}); err != nil {
		t.Error(err)
	}
}

// A key is never kept, not even by mistake.
func TestAKeyIsNotKept(t *testing.T) {
	t.Parallel()
	key, err := api.MintKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := memory{filepath.Join(t.TempDir(), "a.json")}
	if err := m.keep(tui.View{Query: "ci " + key.Reveal(), Sort: "used"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(m.path)
	if err != nil || strings.Contains(string(text), key.Reveal()[3:12]) || !strings.Contains(string(text), "used") {
		t.Errorf("kept %d bytes, %v", len(text), err)
	}
}

// Each context has a file of its own, inside of the folder whatever its name.
func TestEachContextHasAMemoryOfItsOwn(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	env := environment{"XDG_STATE_HOME=" + state}
	seen := map[string]bool{}
	remembering := connectFlags{}
	remembering.file.Remember = true
	inContext := remembering
	inContext.context = "prod"
	for _, m := range []memory{
		remembering.memory(env, "server", "prod"), inContext.memory(env, "server", "prod"), remembering.memory(env, "machine", "prod"),
		remembering.memory(env, "server", "keys.example.com:8443"), remembering.memory(env, "server", "../../etc/passwd"),
	} {
		if seen[m.path] || filepath.Dir(m.path) != filepath.Join(state, "lifeguard", "views") {
			t.Errorf("%s is shared, or elsewhere", m.path)
		}
		seen[m.path] = true
	}
	if m := (connectFlags{}).memory(env, "server", "prod"); m.path != "" {
		t.Errorf("remember is off, and %s is used", m.path)
	}
}

// The next console begins with the search that the last one was left with, and
// damage to its file is said and no more.
func TestTheNextConsoleBeginsWithTheLastSearch(t *testing.T) {
	home := t.TempDir()
	p := openPane(t, home, "100", "24", "lifeguard")
	p.waitFor("No service accounts yet")
	p.press("/")
	p.write("zebra")
	p.press("Enter")
	p.waitFor("Nothing matches zebra")
	p.press("q")
	p.waitFor("exit code 0")
	p.close()
	p = openPane(t, home, "100", "24", "lifeguard")
	p.waitFor("Nothing matches zebra")
	p.press("q")
	p.waitFor("exit code 0")
	p.close()
	files, err := filepath.Glob(filepath.Join(home, "state", "lifeguard", "views", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = openPane(t, home, "100", "24", "lifeguard")
	p.waitFor("No service accounts yet", "cannot be read and is ignored")
	p.press("q") // killed, it would still write when its folder is taken away
	p.waitFor("exit code 0")
}
