package tui_test

import (
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

var update = flag.Bool("update", false, "write the golden files anew")

// states are the screens of the console, each with the keys that lead there.
var states = []struct {
	name   string
	server func(*authority)
	lead   func(*console)
}{
	{"list", nil, func(c *console) { c.press("j") }},
	{"search-hint", nil, func(c *console) { c.press("/"); c.typeText("ps-4f8a") }},
	{"empty", func(a *authority) { a.accounts = nil }, nil},
	{"loading", func(a *authority) { a.delay["accounts"] = 30 * time.Minute }, nil},
	{"search", nil, func(c *console) { c.press("/"); c.typeText("ci dep") }},
	{"query-wrong", nil, func(c *console) { c.press("/"); c.typeText("ci tema:platform !us") }},
	{"query-wrong-far", nil, func(c *console) {
		c.press("/")
		c.typeText("team:platform !us created:<30d used:soon \"nope")
		c.press("enter")
	}},
	{"query-terms", nil, func(c *console) { c.press("/"); c.typeText("team:plat !us /e[pu]/ 4f8a") }},
	{"identify-empty", nil, func(c *console) { c.press("I") }},
	{"identify", func(a *authority) { a.owned = withKeys().owned; a.accounts = withKeys().accounts }, func(c *console) { c.paste(leakedLog()) }},
	{"search-nothing", nil, func(c *console) { c.press("/"); c.typeText("zebra"); c.press("enter") }},
	{"sorted", nil, func(c *console) { c.press("s", "s", "S") }},
	{"unreachable", failing("accounts", unreachable()), nil},
	{"stale", failingLater("accounts", unreachable()), func(c *console) { c.press("r") }},
	{"forbidden", failing("accounts", forbidden()), nil},
	{"unauthorized", failing("accounts", unauthorized()), nil},
	{"no-endpoint", failing("accounts", &api.Error{Kind: api.KindRefused, Code: api.CodeNoSuchEndpoint, Status: 404, Detail: "This server does not offer service accounts."}), nil},
	{"details", nil, func(c *console) { c.press("j", "enter") }},
	{"help", nil, func(c *console) { c.press("?") }},
	{"create-team", nil, func(c *console) { c.press("n"); c.typeText("plat") }},
	{"create-tenant-admin", nil, func(c *console) { c.press("n", "down", "down", "down") }},
	{"create-name", nil, func(c *console) { c.press("n"); c.typeText("plat"); c.press("enter"); c.typeText("ci-deploy-ap") }},
	{"create-bad-name", nil, func(c *console) { c.press("n", "enter"); c.typeText("ci\u200bdeploy"); c.press("enter") }},
	{"create-seal", nil, func(c *console) { c.fill("plat", "ci-deploy"); c.press("tab"); c.typeText(adasKey) }},
	{"create-seal-wrong", nil, func(c *console) {
		c.fill("plat", "ci-deploy")
		c.press("tab")
		c.typeText(adasKey + ", agee1")
		c.press("enter")
	}},
	{"create-lost", failing("create", lost()), func(c *console) { c.press("n", "enter"); c.typeText("ci-deploy"); c.press("enter") }},
	{"key", nil, func(c *console) { c.press("n", "enter"); c.typeText("ci-deploy"); c.press("enter") }},
	{"key-write", nil, func(c *console) { c.press("n", "enter"); c.typeText("ci-deploy"); c.press("enter", "w") }},
	{"key-leave", nil, func(c *console) { c.press("n", "enter"); c.typeText("ci-deploy"); c.press("enter", "esc") }},
	{"key-sealed", nil, func(c *console) {
		c.fill("plat", "ci-deploy")
		c.press("tab")
		c.typeText(adasKey)
		c.press("enter")
	}},
	{"delete", nil, func(c *console) { c.press("d") }},
	{"delete-in-use", nil, func(c *console) { c.press("j", "d") }},
	{"delete-mistyped", nil, func(c *console) { c.press("j", "d"); c.typeText("ci-dep"); c.press("enter") }},
	{"marked", nil, func(c *console) { c.press("space", "j", "space", "/"); c.typeText("ci"); c.press("enter") }},
	{"bulk", nil, func(c *console) { c.press("space", "space", "j", "space", "d") }},
	{"bulk-running", func(a *authority) { a.delay["delete"] = 30 * time.Minute }, func(c *console) {
		c.askForAll(8)
		c.press("enter")
	}},
	{"bulk-failed", failing("delete", forbidden()), func(c *console) { c.askForAll(8); c.press("enter") }},
	{"bulk-meanwhile", nil, func(c *console) {
		c.press("*", "d")
		c.server.deletes(c.server.accounts[1].ID)
		c.settle()
	}},
	{"delete-meanwhile", nil, func(c *console) {
		c.press("d")
		c.server.deletes(c.server.accounts[0].ID)
		c.settle()
	}},
	{"disconnected", func(a *authority) {
		a.fail = func(call string, attempt int) *api.Error {
			if call == "check" || call == "await" && attempt > 1 {
				return unreachable()
			}
			return nil
		}
	}, func(c *console) {
		c.server.deletes(c.server.accounts[0].ID)
		c.wait(3 * time.Minute)
	}},
	{"not-live", failing("end", forbidden()), nil},
	{"streaming", func(a *authority) {
		*a = *manyAccounts(1000)
		a.fail = func(call string, attempt int) *api.Error {
			if call == "accounts" && attempt > 2 {
				a.mu.Lock()
				a.delay["accounts"] = 30 * time.Minute
				a.mu.Unlock()
			}
			return nil
		}
	}, nil},
	{"audit", nil, func(c *console) { c.press("2", "j"); c.wait(time.Second) }},
	{"audit-empty", func(a *authority) { a.log = nil }, func(c *console) { c.press("2") }},
	{"audit-loading", func(a *authority) { a.delay["events"] = 30 * time.Minute }, func(c *console) { c.press("2") }},
	{"audit-forbidden", failing("events", forbidden()), func(c *console) { c.press("2") }},
	{"audit-unreachable", failing("events", unreachable()), func(c *console) { c.press("2") }},
	{"audit-stale", failingLater("events", unreachable()), func(c *console) { c.press("2", "r") }},
	{"audit-details", nil, func(c *console) { c.press("2", "j", "i") }},
	{"audit-to-account", nil, func(c *console) { c.press("2", "j", "enter") }},
	{"audit-to-deleted", nil, func(c *console) { c.press("2", "j", "j", "j", "enter") }},
	{"teams", nil, func(c *console) { c.press("3", "j"); c.wait(time.Second) }},
	{"teams-search", nil, func(c *console) { c.press("3", "/"); c.typeText("ci"); c.wait(time.Second) }},
	{"teams-nothing", nil, func(c *console) { c.press("3", "/"); c.typeText("zebra"); c.press("enter") }},
	{"teams-loading", func(a *authority) { a.delay["teams"] = 30 * time.Minute }, func(c *console) { c.press("3") }},
	{"teams-forbidden", failing("teams", forbidden()), func(c *console) { c.press("3") }},
	{"teams-stale", failingLater("teams", unreachable()), func(c *console) { c.press("3", "r") }},
	{"teams-no-members", func(a *authority) {
		a.caller.Permissions = []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}
	},
		func(c *console) { c.press("3", "n") }},
	{"teams-details", nil, func(c *console) { c.press("3", "j", "i") }},
	{"teams-new-role", nil, func(c *console) { c.press("3", "n", "down") }},
	{"teams-new-mighty", func(a *authority) {
		a.caller.Permissions = []api.Permission{{Action: api.ProvisionUsersWithSCIM, Scope: api.ScopeAll}}
	},
		func(c *console) { c.press("3", "n", "down", "down") }},
	{"teams-new-name", nil, func(c *console) { c.press("3", "n"); c.typeText("ci"); c.press("enter"); c.typeText("night shift") }},
	{"teams-new-taken", nil, func(c *console) { c.press("3", "n", "enter"); c.typeText("data"); c.press("enter") }},
	{"teams-new-lost", failing("create-team", lost()), func(c *console) { c.press("3", "n", "enter"); c.typeText("night shift"); c.press("enter") }},
	{"teams-made", nil, func(c *console) {
		c.press("3", "n", "enter")
		c.typeText("night shift")
		c.press("enter")
		c.wait(time.Second)
	}},
	{"list-rested", nil, func(c *console) { c.press("j"); c.wait(time.Second) }},
	{"details-events", nil, func(c *console) { c.press("j", "enter"); c.wait(time.Second); c.press("pgdown") }},
	{"details-no-audit", func(a *authority) {
		a.caller.Permissions = []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}
	},
		func(c *console) { c.press("j", "enter"); c.wait(time.Second) }},
	{"audit-search", nil, func(c *console) { c.press("2", "/"); c.typeText("ci create") }},
	{"audit-search-wrong", nil, func(c *console) { c.press("2", "/"); c.typeText("outcome:denied when:<1d") }},
	{"audit-search-nothing", nil, func(c *console) { c.press("2", "/"); c.typeText("zebra"); c.press("enter") }},
	{"audit-search-time", nil, func(c *console) {
		c.press("2", "/")
		c.typeText("time:<2h !denied")
		c.press("enter")
		c.wait(time.Second)
	}},
	{"palette", nil, func(c *console) { c.press(":") }},
	{"palette-search", nil, func(c *console) { c.press("3", ":"); c.typeText("team") }},
	{"palette-off", func(a *authority) { a.caller.Permissions = nil }, func(c *console) { c.press(":"); c.typeText("new"); c.press("enter") }},
	{"palette-nothing", nil, func(c *console) { c.press(":"); c.typeText("zebra") }},
	{"help-audit", nil, func(c *console) { c.press("2", "?") }},
	{"deleted", nil, func(c *console) { c.press("d", "right", "enter") }},
}

func failing(call string, err *api.Error) func(*authority) {
	return func(a *authority) {
		a.fail = func(c string, _ int) *api.Error {
			if c == call {
				return err
			}
			return nil
		}
	}
}

func failingLater(call string, err *api.Error) func(*authority) {
	return func(a *authority) {
		a.fail = func(c string, attempt int) *api.Error {
			if c == call && attempt > 1 {
				return err
			}
			return nil
		}
	}
}

func unreachable() *api.Error {
	return &api.Error{Kind: api.KindUnreachable, Detail: "keys.example.com cannot be reached: the connection was refused"}
}

func lost() *api.Error {
	return &api.Error{Kind: api.KindTimeout, Lost: true, Detail: "keys.example.com did not answer within 15 seconds."}
}

func unauthorized() *api.Error {
	return &api.Error{Kind: api.KindRefused, Code: api.CodeUnauthorized, Status: 401, Detail: "The key is not valid.", RequestID: "req-401"}
}

func forbidden() *api.Error {
	return &api.Error{
		Kind: api.KindRefused, Code: api.CodeForbidden, Status: 403, Detail: "You may not see service accounts; a tenant-admin can give you that.",
		Missing: []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}, RequestID: "req-403",
	}
}

// armored is a line of a sealed key, which is another one each time.
var armored = regexp.MustCompile(`(?m)^((?:\x1b\[[0-9;]*m)*)[A-Za-z0-9+/]{8,64}=*((?:\x1b\[[0-9;]*m)*)$`)

var sizes = []struct{ width, height int }{{60, 12}, {80, 24}, {160, 50}}

func TestGoldens(t *testing.T) {
	for _, state := range states {
		for _, theme := range []string{"dark", "light"} {
			t.Run(state.name+"-"+theme, func(t *testing.T) {
				var got strings.Builder
				for _, size := range sizes {
					fmt.Fprintf(&got, "=== %dx%d\n", size.width, size.height)
					got.WriteString(shown(t, state.server, state.lead, theme, size.width, size.height))
				}
				compare(t, state.name+"-"+theme, got.String())
			})
		}
	}
}

// shown plays a state in a bubble of its own, where it is always the same time.
func shown(t *testing.T, change func(*authority), lead func(*console), theme string, width, height int) (text string) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		if change != nil {
			change(server)
		}
		c := newConsole(t, server, width, height)
		background := color.Color(color.Black)
		if theme == "light" {
			background = color.White
		}
		c.send(tea.BackgroundColorMsg{Color: background})
		if lead != nil {
			lead(c)
		}
		view := c.model.View()
		for i, line := range strings.Split(view.Content, "\n") {
			if w := ansi.StringWidthWc(line); w > width {
				t.Errorf("%dx%d: line %d is %d cells wide", width, height, i, w)
			}
		}
		if n := strings.Count(view.Content, "\n") + 1; n > height {
			t.Errorf("%dx%d: %d lines", width, height, n)
		}
		text = armored.ReplaceAllString(strings.ReplaceAll(view.Content, newKey, "ps-<the key>"), "$1<sealed>$2") + "\n"
		if view.Cursor != nil {
			text += fmt.Sprintf("cursor %d,%d\n", view.Cursor.X, view.Cursor.Y)
		}
	})
	return text
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s has changed (-want +got); when that is right, run the test with -update:\n%s", path, diff)
	}
}

func TestSmallAndStrangeScreens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24, func(o *tui.Options) { o.ASCII = true })
		for _, keys := range [][]string{{}, {"n"}, {"esc", "d"}, {"esc", "?"}, {"esc", "enter"}} {
			c.press(keys...)
			for _, size := range []struct{ w, h int }{{0, 0}, {1, 1}, {59, 12}, {60, 11}, {60, 12}, {500, 200}, {61, 200}, {500, 12}, {-1, -1}, {80, 24}} {
				c.send(tea.WindowSizeMsg{Width: size.w, Height: size.h})
				view := c.model.View()
				for _, line := range strings.Split(view.Content, "\n") {
					if w := ansi.StringWidthWc(line); w > max(size.w, 0) {
						t.Errorf("%d×%d: a line is %d cells wide: %q", size.w, size.h, w, line)
					}
				}
			}
		}
	})
}
