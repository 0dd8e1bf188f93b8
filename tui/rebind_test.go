package tui_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lifeguard-keys/lifeguard/tui"
)

func TestReboundKeysDoAndShowTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := tui.Keys{
			"new": {"a", "f2"}, "search": {"ctrl+p", "Z"}, "down": {"e", "ctrl+n", "down"}, "up": {"u"}, "sort": {}, "back": {"ctrl+g"},
			"leave-search": {"ctrl+g"}, "refresh": {"R"},
		}
		if problems := keys.Check(); len(problems) > 0 {
			t.Fatal(problems)
		}
		c := newConsole(t, newAuthority(), 100, 24, func(o *tui.Options) { o.Keys = keys })
		c.sees("a new", "ctrl+p search", "R refresh")
		c.seesNot("n new", "s sort")
		before := c.screen()
		for _, old := range []string{"n", "j", "k", "s", "/", "r"} {
			if c.press(old); c.screen() != before {
				t.Errorf("%s still does something", old)
			}
		}
		c.press("e")
		c.sees("▌ ci-deploy-eu")
		c.press("u")
		c.sees("▌ backup-verify")
		c.press("Z")
		c.typeText("ci")
		c.press("down") // e would be a letter
		c.sees("▌ ci-deploy-us", "ctrl+g clear, then leave", "↓ down")
		c.press("ctrl+g", "ctrl+g", "a")
		c.sees("New API Key", "ctrl+g back")
		c.press("esc")
		c.sees("New API Key")
		c.press("ctrl+g", "f2")
		c.sees("New API Key")
		c.press("ctrl+g", "?")
		c.sees("a f2", "(no key)")
	})
}

func TestKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keys   tui.Keys
		action string
		want   string // "" for no problem
	}{
		{tui.Keys{"new": {"d"}}, "new", "new is on d, which delete has in the same place (API Keys)"},
		{tui.Keys{"new": {"d"}, "delete": {"n"}}, "", ""}, // swapped
		{tui.Keys{"new": {"x"}, "delete": {"x"}}, "delete", "delete is on x, which new has"},
		{tui.Keys{"delete": {"enter"}, "details": {"o"}}, "delete", "delete changes something, so it cannot be on enter"},
		{tui.Keys{"delete": {"ctrl+x"}}, "delete", "cannot be on ctrl+x"},
		{tui.Keys{"delete": {"space"}}, "delete", "cannot be on space"},
		{tui.Keys{"delete": {"pgdown"}, "page-down": {}}, "delete", "cannot be on pgdown"},
		{tui.Keys{"delete": {"delete", "f8", "alt+d", "D", "-", "+"}}, "", ""},
		{tui.Keys{"delete": {}}, "", ""},
		{tui.Keys{"interrupt": {}}, "interrupt", "interrupt must keep a key"},
		{tui.Keys{"interrupt": {"ctrl+x"}}, "", ""},
		{tui.Keys{"back": {}}, "back", "back must keep a key"},
		{tui.Keys{"back": {"b"}}, "back", "back cannot be on b: that writes where text is typed"},
		{tui.Keys{"leave-search": {"space"}}, "leave-search", "leave-search cannot be on space"},
		{tui.Keys{"copy-key": {"i"}}, "copy-key", "copy-key is on i, which have-key has in the same place (The new key)"},
		{tui.Keys{"sort": {"escape"}}, "sort", `the key "escape" is called "esc" here`},
		{tui.Keys{"sort": {" "}}, "sort", `the key " " is called "space" here`},
		{tui.Keys{"sort": {"ctrl+m"}}, "sort", `called "enter" here`},
		{tui.Keys{"sort": {"ctrl+X"}}, "sort", `called "ctrl+x" here`},
		{tui.Keys{"sort": {"shift+x"}}, "sort", `called "X" here`},
		{tui.Keys{"sort": {"Ctrl+x"}}, "sort", `there is no key "Ctrl+x"`},
		{tui.Keys{"sort": {"f21"}}, "sort", `there is no key "f21"`},
		{tui.Keys{"sort": {""}}, "sort", `there is no key ""`},
		{tui.Keys{"sort": {"\x1b"}}, "sort", `there is no key "\x1b"`},
		{tui.Keys{"sort": {"ctrl+alt+x", "alt+shift+up", "ctrl++", "é", "界", "f20"}}, "", ""},
	} {
		problems := test.keys.Check()
		if test.want == "" {
			if len(problems) > 0 {
				t.Errorf("%v: %v", test.keys, problems)
			}
			continue
		}
		if !slices.ContainsFunc(problems, func(p tui.KeyProblem) bool {
			return p.Action == test.action && strings.Contains(p.Text, test.want)
		}) {
			t.Errorf("%v: %v, want %s: %s", test.keys, problems, test.action, test.want)
		}
		for i, p := range problems { // several places have both
			if slices.ContainsFunc(problems[:i], func(q tui.KeyProblem) bool { return q.Action == p.Action && q.Other == p.Other }) {
				t.Errorf("%v: told twice: %v", test.keys, problems)
			}
		}
	}
}
