package tui_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// pane is what stands at the right of the table.
func (c *console) pane() string {
	var lines []string
	for _, line := range strings.Split(c.screen(), "\n") {
		if _, right, ok := strings.Cut(line, "│"); ok {
			lines = append(lines, right)
		}
	}
	return squeeze(strings.Join(lines, "\n"))
}

func TestTheDetailsTellWhatHappenedToAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		used := time.Now().Add(-time.Minute)
		c := newConsole(t, server, 120, 40)
		server.accounts[1].Key.LastUsedAt, server.accounts[1].Key.LastUsedIP = &used, "10.9.9.9"
		c.press("j")
		if n := server.calls["account"]; n != 0 {
			t.Errorf("%d requests before the cursor rested", n)
		}
		c.wait(time.Second)
		for _, want := range []string{"ci-deploy-eu", "Role ci-runner", "1 minute ago from 10.9.9.9", "Use Agents (2 named)", "create by ada", "authorization.deny"} {
			if !strings.Contains(c.pane(), want) {
				t.Errorf("the details do not tell %q:\n%s", want, c.screen())
			}
		}
	})
}

func TestPassingRowsAsksForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(500)
		c := newConsole(t, server, 120, 40)
		c.wait(time.Second)
		before := server.calls["account"]
		for range 100 {
			c.press("j")
			c.wait(100 * time.Millisecond)
		}
		if n := server.calls["account"] - before; n != 0 {
			t.Errorf("%d accounts were asked for while the cursor passed them", n)
		}
		c.wait(time.Second)
		if n := server.calls["account"] - before; n != 1 {
			t.Errorf("%d accounts were asked for where the cursor rests", n)
		}
		// Back and forth is not asked again for a while.
		c.press("j")
		c.wait(time.Second)
		c.press("k")
		c.wait(time.Second)
		if n := server.calls["account"] - before; n != 2 {
			t.Errorf("%d requests for two accounts", n)
		}
		c.wait(time.Minute)
		c.press("j")
		c.wait(time.Second)
		if n := server.calls["account"] - before; n != 3 {
			t.Errorf("%d requests after what was known got old", n)
		}
	})
}

// A narrow screen has no pane: nothing is asked for before the dialog opens.
func TestNarrowScreensAskForDetailsInTheDialog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24)
		c.press("j")
		c.wait(time.Minute)
		if n := server.calls["account"]; n != 0 {
			t.Errorf("%d requests without a pane", n)
		}
		server.delay["events"] = time.Second
		c.press("enter")
		c.sees("Its audit events: loading")
		c.wait(2 * time.Second)
		c.sees("create by ada")
		// A screen that is high enough has the details below the table.
		c.press("esc")
		c.send(tea.WindowSizeMsg{Width: 90, Height: 50})
		c.sees("The key can:")
	})
}

func TestWhatIsAskedForAnAccountEndsWhenTheCursorLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.delay["events"] = time.Minute
		c := newConsole(t, server, 120, 40)
		c.press("j")
		c.wait(time.Second)
		if server.calls["events"] != 2 || server.ended != 0 {
			t.Fatalf("%d requests, %d ended", server.calls["events"], server.ended)
		}
		c.press("j")
		if server.ended != 2 {
			t.Errorf("%d of 2 requests ended", server.ended)
		}
		c.seesNot("could not be had")
	})
}

func TestAnAccountThatIsGoneIsSaidInItsDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, _ int) *api.Error {
			if call == "end" { // or the row would go as well
				return forbidden()
			}
			return nil
		}
		c := newConsole(t, server, 120, 40)
		if err := server.DeleteServiceAccount(context.Background(), server.accounts[1].ID); err != nil {
			t.Fatal(err)
		}
		c.press("j")
		c.wait(time.Second)
		c.sees("It was deleted meanwhile")
	})
}

func TestWhoMayNotSeeTheAuditLogIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.caller.Permissions = []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}
		c := newConsole(t, server, 120, 40)
		c.press("j")
		c.wait(time.Second)
		c.sees("you need the permission view-audit-log")
		if server.calls["events"] != 0 || server.calls["account"] != 1 {
			t.Errorf("%d requests for events, %d for the account", server.calls["events"], server.calls["account"])
		}
	})
}
