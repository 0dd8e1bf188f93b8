package tui

import (
	"context"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// TestEveryBindingIsUniqueInItsContext holds that no key means two things in
// one place, that none is one that multiplexers own, and that each can be
// pressed at all.
func TestEveryBindingIsUniqueInItsContext(t *testing.T) {
	t.Parallel()
	m := New(Options{Context: context.Background(), Clock: time.Now, NewIdempotencyKey: func() string { return "k" }})
	m.resize(80, 24)
	e := m.environment()
	form, _ := newCreateDialog(e)
	onName, _, _ := form.to(focusName, e)
	sending, retrying := form, form
	sending.sending, retrying.retry, retrying.lost = true, &createRetry{}, true
	account := api.ServiceAccount{Name: "a"}
	key := newKeyDialog(api.CreatedServiceAccount{ServiceAccount: account}, nil, e)
	leaving, writing := key, key
	leaving.leaving, writing.writing = true, true
	sign, _ := newSignInDialog(&api.Error{}, true, false, e)
	log, teams, searching := m, m, m
	log.turn(pageAudit)
	teams.turn(pageTeams)
	searching.accounts.box.input.Focus()
	led := log
	led.lead(pageAccounts)
	team, _ := newTeamDialog(e)
	palette, _ := newPaletteDialog(m.commands(), e)
	contexts := map[string][]binding{
		"page": m.bindings(), "led": led.bindings(), "palette": palette.bindings(e), "audit log": log.bindings(), "teams": teams.bindings(), "team": team.bindings(e), "search": searching.bindings(), "create": form.bindings(e), "create name": onName.bindings(e), "sending": sending.bindings(e),
		"retrying": retrying.bindings(e), "delete": newDeleteDialog(account, e).bindings(e), "key": key.bindings(e),
		"leaving": leaving.bindings(e), "writing": writing.bindings(e), "sign in": sign.bindings(e),
		"help": newHelpDialog(m.keys, "Teams", nil).bindings(e), "details": newDetailsDialog(accountFacts{account: account}).bindings(e),
	}
	owned := map[string]bool{"ctrl+a": true, `ctrl+\`: true, "ctrl+s": true, "ctrl+q": true, "ctrl+h": true, "ctrl+j": true, "ctrl+k": true, "ctrl+l": true, "ctrl+z": true, " ": true}
	for context, bindings := range contexts {
		seen := map[string]string{}
		for _, b := range bindings {
			for _, k := range b.Keys() {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q means both %s and %s", context, k, other, b.name)
				}
				seen[k] = b.name
				if owned[k] {
					t.Errorf("%s: %q belongs to the terminal or its multiplexer", context, k)
				}
			}
			if b.Help().Key == "" || b.Help().Desc == "" {
				t.Errorf("%s: %s has no help", context, b.name)
			}
		}
	}
	// What is really offered together is one of the places that keys are checked in.
	for context, bindings := range contexts {
		if !slices.ContainsFunc(m.keys.places(), func(p place) bool {
			return !slices.ContainsFunc(bindings, func(b binding) bool {
				return !slices.ContainsFunc(p.bindings, func(known binding) bool { return known.name == b.name })
			})
		}) {
			t.Errorf("%s offers bindings that no place of keyMap.places has together", context)
		}
	}
	press := tea.KeyPressMsg{Code: 'd', Mod: tea.ModCtrl}
	if b, ok := find(m.bindings(), press); !ok || b.dangerous {
		t.Error("ctrl+d is dangerous")
	}
}

// Every binding stands on the help page and in a place, and its name is its own.
func TestEveryBindingIsKnown(t *testing.T) {
	t.Parallel()
	keys := defaultKeyMap()
	names := map[string]int{}
	keys.each(func(b *binding) { names[b.name]++ })
	if len(names) < 30 {
		t.Fatalf("only %d bindings were found", len(names))
	}
	onHelp, placed := map[string]bool{}, map[string]bool{}
	for _, action := range Actions() {
		onHelp[action.Name] = true
	}
	for _, place := range keys.places() {
		for _, b := range place.bindings {
			placed[b.name] = true
		}
	}
	for name, n := range names {
		if n > 1 || !onHelp[name] || !placed[name] {
			t.Errorf("%s: %d bindings of that name, on the help page %t, in a place %t", name, n, onHelp[name], placed[name])
		}
	}
	if problems := (Keys{}).Check(); len(problems) > 0 {
		t.Errorf("the console's own keys have problems: %v", problems)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for d, want := range map[time.Duration][2]string{
		-time.Hour:            {"now", "just now"},
		0:                     {"now", "just now"},
		59 * time.Second:      {"now", "just now"},
		time.Minute:           {"1m ago", "1 minute ago"},
		2 * time.Hour:         {"2h ago", "2 hours ago"},
		47 * time.Hour:        {"1d ago", "1 day ago"},
		59 * 24 * time.Hour:   {"59d ago", "59 days ago"},
		300 * 24 * time.Hour:  {"9mo ago", "9 months ago"},
		1000 * 24 * time.Hour: {"2y ago", "2 years ago"},
	} {
		if got := age(now, now.Add(-d)); got != want[0] {
			t.Errorf("age(%v) = %q, want %q", d, got, want[0])
		}
		if got := ageInWords(now, now.Add(-d)); got != want[1] {
			t.Errorf("ageInWords(%v) = %q, want %q", d, got, want[1])
		}
	}
}

func TestAFileNameIsNeverAPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ci-deploy": "ci-deploy", "../../etc/passwd": "etc-passwd", ".hidden": "hidden", "a b/c": "a-b-c", "///": "service-account", "夜間": "夜間",
	} {
		if got := fileName(name); got != want {
			t.Errorf("fileName(%q) = %q, want %q", name, got, want)
		}
	}
}
