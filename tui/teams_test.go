package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

func TestMembersAreAskedForTheTeamsInSightAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		for i := range 200 {
			server.teams = append(server.teams, api.Team{ID: fmt.Sprint("squad-", i), Name: fmt.Sprintf("squad-%03d", i), Role: server.teams[2].Role})
		}
		c := newConsole(t, server, 80, 24)
		if n := server.calls["members"]; n != 0 {
			t.Fatalf("%d requests before the page was shown", n)
		}
		c.press("3")
		c.sees("204 teams", "administrators tenant-admin everything 14")
		if n := server.calls["members"]; n != 18 {
			t.Errorf("%d requests for 18 rows", n)
		}
		// Rows that are passed are not asked for; where the cursor rests they are.
		for range 8 {
			c.press("pgdown")
		}
		if n := server.calls["members"]; n != 18 {
			t.Errorf("%d requests while the cursor moves", n)
		}
		c.wait(time.Second)
		if n := server.calls["members"]; n != 36 {
			t.Errorf("%d requests after it rested", n)
		}
		c.press("1", "3")
		c.wait(time.Second)
		if n := server.calls["members"]; n != 36 {
			t.Errorf("%d requests after coming back", n)
		}
	})
}

func TestEnterOnATeamShowsItsServiceAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("3", "/")
		c.typeText("data")
		c.press("enter", "enter")
		c.sees("Security › API Keys", "3 of 8", "nightly-ci-deps", "夜間バッチ")
		c.press("esc")
		c.sees("8 keys")
		c.press("3", "i", "enter")
		c.sees("Security › API Keys", "3 of 8")
	})
}

func TestTheCountOfServiceAccountsIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(2_000)
		server.delay["accounts"] = time.Second
		c := newConsole(t, server, 80, 24)
		c.wait(3500 * time.Millisecond)
		c.press("3")
		c.sees("333+") // three pages of 300 have come
		c.wait(time.Minute)
		c.sees("500")
		c.seesNot("+")
	})
}

func TestWhoMayNotProvisionSeesNoMembersAndMakesNoTeam(t *testing.T) {
	for name, change := range map[string]func(*authority, *tui.Options){
		"read-only":     func(_ *authority, o *tui.Options) { o.ReadOnly = true },
		"no permission": func(a *authority, _ *tui.Options) { a.caller.Permissions = nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				c := newConsole(t, server, 80, 24, func(o *tui.Options) { change(server, o) })
				c.press("3", "n")
				c.seesNot("New Team")
				if !strings.Contains(c.screen(), "read-only") && !strings.Contains(c.screen(), "You need the permission") {
					t.Errorf("n does not say why it does nothing:\n%s", c.screen())
				}
				if n := server.calls["members"]; name == "no permission" && n != 0 {
					t.Errorf("%d requests that can only be refused", n)
				}
			})
		})
	}
}

func TestANewTeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24)
		c.press("3", "n")
		c.typeText("runner")
		c.press("enter", "enter")
		c.sees("enter a name")
		c.typeText("data")
		c.press("enter")
		c.sees("there is a team of this name")
		for range 4 {
			c.press("backspace")
		}
		c.typeText("night shift")
		c.press("enter")
		c.sees("Made the team night shift with the role ci-runner", "5 teams")
		if c.selected() != "night" {
			t.Errorf("the cursor is on %q", c.selected())
		}
	})
}

func TestANewTeamWhoseAnswerIsLostIsNotMadeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "create-team" && attempt == 1 {
				return lost()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.press("3", "n", "enter")
		c.typeText("night shift")
		c.press("enter")
		c.sees("the team may exist")
		c.press("enter")
		c.sees("it may be the one whose answer was lost")
		c.press("esc", "esc")
		c.sees("The team may exist", "night shift", "5 teams")
		if n := server.calls["create-team"]; n != 1 {
			t.Errorf("%d teams were made", n)
		}
	})
}

func TestAPastedKeyGoesToTheKeysFromEveryPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		for _, page := range []string{"2", "3"} {
			c.press(page)
			c.paste("401 " + knownKey)
			c.sees("Security › API Keys", "belongs to nightly-ci-deps")
			c.seesNot(knownKey)
		}
		// Typed, as a terminal without bracketed paste does.
		c.press("3", "/")
		c.typeText(knownKey)
		c.seesNot(knownKey)
		c.sees("belongs to nightly-ci-deps")
	})
}
