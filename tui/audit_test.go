package tui_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// longLog is an authority with n more events, of which each page holds 50.
func longLog(n int) *authority {
	a := newAuthority()
	a.pageSize = 50
	ada := api.Actor{Type: api.IdentityUser, ID: "u-ada", Name: "ada"}
	start := time.Now().Add(-time.Duration(n) * time.Second)
	for i := range n {
		target := api.AuditResource{Type: "team", ID: fmt.Sprint("t-", i), Name: fmt.Sprintf("squad-%04d", i)}
		a.record(start.Add(time.Duration(i)*time.Second), ada, "team.create", target, "success")
	}
	return a
}

// target is the row under the cursor.
func (c *console) target() string {
	c.t.Helper()
	for _, line := range strings.Split(c.screen(), "\n") {
		if strings.HasPrefix(line, "▌ ") {
			return line
		}
	}
	return ""
}

func TestTheAuditLogIsLoadedWhenItIsShownAndFurtherAsOneScrolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(500)
		c := newConsole(t, server, 80, 24)
		if n := server.calls["events"]; n != 0 {
			t.Fatalf("%d requests before the page was shown", n)
		}
		c.press("2")
		c.sees("Security › Audit log", "squad-0499", "513 events")
		if n := server.calls["events"]; n != 1 {
			t.Errorf("%d requests for the first screen", n)
		}
		for range 15 {
			c.press("pgdown")
		}
		if !strings.Contains(c.target(), "squad-0244") {
			t.Errorf("the cursor is on %q", c.target())
		}
		for range 40 {
			c.press("G")
		}
		c.sees("organization.create", "Acme")
		if n := server.calls["events"]; n != 11 {
			t.Errorf("%d requests for 513 events in pages of 50", n)
		}
		c.press("g")
		c.sees("squad-0499")
	})
}

func TestARefreshOfTheAuditLogKeepsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(120)
		server.fail = func(call string, _ int) *api.Error {
			if call == "await" { // or the log would be followed, and there were nothing to refresh
				return &api.Error{Status: http.StatusServiceUnavailable}
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.press("2", "G", "j", "k")
		before := c.target()
		server.other("team.delete", api.AuditResource{Type: "team", Name: "squad-new"})
		c.press("r")
		c.sees("134 events")
		if after := c.target(); strings.Fields(after)[5] != strings.Fields(before)[5] {
			t.Errorf("the cursor went from %q to %q", before, after)
		}
		c.press("g")
		c.sees("squad-new")
		// Who looks at the newest event goes on doing so.
		server.other("team.delete", api.AuditResource{Type: "team", Name: "squad-newer"})
		c.press("r")
		if !strings.Contains(c.target(), "squad-newer") {
			t.Errorf("the cursor is on %q", c.target())
		}
		// The log went on by more than a page: nothing may be missing between.
		for range 60 {
			server.other("team.delete", api.AuditResource{Type: "team", Name: "squad-late"})
		}
		c.press("r")
		c.sees("loaded anew", "195 events")
	})
}

func TestALogThatJumpedBackIsLoadedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(30)
		c := newConsole(t, server, 80, 24)
		c.press("2")
		c.sees("squad-0029")
		server.mu.Lock()
		server.log = server.log[:20] // restored from a backup
		server.mu.Unlock()
		c.press("r")
		c.sees("loaded anew", "20 events", "squad-0006")
		c.seesNot("squad-0029")
	})
}

func TestPagesKeepTheirState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(100)
		c := newConsole(t, server, 80, 24)
		c.press("/")
		c.typeText("ci dep")
		c.press("enter", "j")
		account := c.selected()
		c.press("tab", "j", "j", "j")
		event := c.target()
		c.press("shift+tab")
		c.sees("3 of 8", "ci dep")
		if c.selected() != account {
			t.Errorf("the cursor went from %q to %q", account, c.selected())
		}
		c.press("2")
		if c.target() != event {
			t.Errorf("the cursor went from %q to %q", event, c.target())
		}
	})
}

func TestEnterOnAnEventGoesToItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("/")
		c.typeText("zebra")
		c.press("enter", "2", "j", "enter")
		c.sees("Security › API Keys", "8 keys")
		if c.selected() != "ci-deploy-eu" {
			t.Errorf("the cursor is on %q", c.selected())
		}
		c.press("2", "j", "j", "enter")
		c.sees("old-pipeline is deleted: only the audit log still names it")
		c.press("2", "k", "enter") // a team: there is no account to go to
		c.sees("team.create", "Hash")
	})
}

func TestAnAuditLogThatMayNotBeSeenIsSaidAndNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("events", forbidden())(server)
		c := newConsole(t, server, 80, 24)
		c.press("2")
		c.sees("req-403", "You may not see")
		c.wait(10 * time.Minute)
		c.press("1", "2")
		if n := server.calls["events"]; n != 1 {
			t.Errorf("%d requests", n)
		}
		c.press("1")
		c.seesNot("You may not see")
	})
}
