package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

// targets counts the rows on the screen.
func (c *console) rows() int {
	n := 0
	lines := strings.Split(c.screen(), "\n")
	for _, line := range lines[4 : len(lines)-2] {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

func TestTheAuditLogIsSearchedInTheQueryLanguage(t *testing.T) {
	for query, want := range map[string]int{
		"ada":                     5, // and three accounts that she made
		"ADA create":              4,
		"emile":                   1,
		"outcome:denied":          2,
		"!outcome:denied":         11,
		"actor:ci-deploy":         1,
		"target:ci":               4,
		"type:team":               1,
		"action:delete":           1,
		"action:/fail$/":          1,
		"time:<2h":                5,
		"time:<2h outcome:denied": 2,
		"time:>1d":                8,
		"10.0.4.7":                13,
		"ip:10.9":                 0,
		"event:<3":                2,
		"id:gone":                 1,
		"action:=team.create":     1,
		"!ada !grace":             6,
	} {
		t.Run(query, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsole(t, newAuthority(), 100, 30)
				c.press("2", "/")
				c.typeText(query)
				c.wait(time.Second)
				if want == 0 {
					c.sees("Nothing matches")
				} else if n := c.rows(); n != want {
					t.Errorf("%d rows, want %d:\n%s", n, want, c.screen())
				}
				c.press("esc")
				c.wait(time.Second)
				if n := c.rows(); n != 13 {
					t.Errorf("%d rows without a query:\n%s", n, c.screen())
				}
				c.press("esc", "q")
				if !c.quit {
					t.Error("q was typed into a search that had been left")
				}
			})
		})
	}
}

func TestATermOfTheAuditLogThatIsNotUnderstoodIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 30)
		c.press("2", "/")
		c.typeText("denied when:<1d")
		c.sees("when", "2 of 13")
		// Also behind a space it is that term that is underlined.
		c.press("esc")
		c.typeText("  when:<1d")
		if line := strings.Split(c.model.View().Content, "\n")[2]; !strings.Contains(line, "mwhen:<1d\x1b") {
			t.Errorf("the wrong term is not underlined: %q", line)
		}
	})
}

// A needle is looked for through the whole log, page by page, as long as the
// page is in sight.
func TestAQueryGoesThroughTheLogUntilTheScreenIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(500)
		server.delay["events"] = 100 * time.Millisecond
		c := newConsole(t, server, 80, 24)
		c.press("2")
		c.wait(time.Second)
		c.press("/")
		c.typeText("grace")
		c.wait(350 * time.Millisecond)
		c.sees("200 of 513 events searched")
		c.press("enter", "1")
		c.wait(time.Minute)
		if n := server.calls["events"]; n > 6 {
			t.Errorf("%d requests: it goes on where nobody looks", n)
		}
		c.press("2")
		c.wait(time.Minute)
		c.sees("2 of 513", "nightly-ci-deps", "backup-verify")
	})
}

// What the server can filter by is not looked for here.
func TestTheServerNarrowsTheAuditLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(500)
		c := newConsole(t, server, 80, 24)
		c.press("2", "/")
		c.typeText("action:=service_account.delete")
		c.wait(time.Second)
		c.sees("old-pipeline", "1 event", "1 of 1")
		if n := server.calls["events"]; n > 12 {
			t.Errorf("%d requests for one event", n)
		}
		before := server.calls["events"]
		c.press("esc", "enter")
		c.sees("squad-0499", "513 events")
		c.wait(time.Second)
		if n := server.calls["events"] - before; n != 1 {
			t.Errorf("%d requests to come back", n)
		}
		c.press("/")
		c.typeText("time:<1m")
		c.wait(time.Second)
		c.sees("squad-0499", "57 events") // some seconds passed meanwhile
		// What happens now is found too.
		server.other("team.delete", api.AuditResource{Type: "team", Name: "squad-new"})
		c.press("enter", "r")
		c.sees("squad-new")
	})
}
