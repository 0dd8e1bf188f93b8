package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// names lists the first column of the table as it is shown.
func (c *console) names() []string {
	var names []string
	lines := strings.Split(c.screen(), "\n")
	for _, line := range lines[4 : len(lines)-2] {
		if fields := strings.Fields(strings.TrimPrefix(line, "▌")); len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	return names
}

func TestSearchFindsByNameTeamCreatorAndHint(t *testing.T) {
	tests := []struct {
		query string
		want  []string
	}{
		{"ci dep", []string{"ci-deploy-eu", "ci-deploy-us", "nightly-ci-deps"}},
		{"deploy us", []string{"ci-deploy-us"}},
		{"reconc", []string{"réconciliation-paie"}},
		{"emile", []string{"réconciliation-paie"}},
		{"kenji", []string{"夜間バッチ"}},
		{"夜間", []string{"夜間バッチ"}},
		{"4f8a", []string{"ci-deploy-eu"}},
		{"c0Fe", []string{"nightly-ci-deps"}},
		{"linus developers", []string{"release-notes"}},
		{"cdeu", []string{"ci-deploy-eu", "ci-deploy-us"}}, // u of deploy-us, e before it
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsole(t, newAuthority(), 80, 24)
				c.press("/")
				c.typeText(test.query)
				if got := c.names(); !slices.Equal(got, test.want) {
					t.Errorf("%q shows %q, want %q", test.query, got, test.want)
				}
				c.sees(fmt.Sprintf("%d of 8", len(test.want)))
				c.press("esc")
				if got := c.names(); len(got) != 8 {
					t.Errorf("esc leaves %d rows", len(got))
				}
				c.press("esc", "q")
				if !c.quit {
					t.Error("q was typed into a search that had been left")
				}
			})
		})
	}
}

func TestEscClearsTheSearchThenLeavesItAndNeverQuits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("/")
		c.typeText("deploy")
		c.press("enter")
		c.sees("2 of 8")
		c.press("esc")
		c.sees("8 keys")
		c.press("esc", "esc", "esc")
		if c.quit {
			t.Error("esc quits")
		}
	})
}

func TestTheCursorKeepsItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("j", "j", "j")
		if got := c.selected(); got != "nightly-ci-deps" {
			t.Fatalf("selected %q", got)
		}
		for _, key := range []string{"s", "s", "S", "s", "s", "s", "r"} {
			c.press(key)
			if got := c.selected(); got != "nightly-ci-deps" {
				t.Errorf("after %s the cursor is on %q", key, got)
			}
		}
		for _, size := range []tea.WindowSizeMsg{{Width: 60, Height: 12}, {Width: 20, Height: 5}, {Width: 200, Height: 60}, {Width: 80, Height: 13}} {
			c.send(size)
		}
		if got := c.selected(); got != "nightly-ci-deps" {
			t.Errorf("after resizing the cursor is on %q", got)
		}
	})
}

func TestSortGoesThroughTheColumns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		for _, first := range []string{"nightly-ci-deps", "smoke-tests", "ci-deploy-eu", "backup-verify"} {
			c.press("s", "g")
			if got := c.names()[0]; got != first {
				t.Errorf("%q is first, want %q:\n%s", got, first, c.screen())
			}
		}
		c.press("S", "g")
		c.sees("NAME ▼")
		if got := c.names()[0]; got != "夜間バッチ" {
			t.Errorf("%q is first in reverse", got)
		}
	})
}

func TestMovement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, manyAccounts(500), 80, 24)
		for _, step := range []struct{ key, want string }{
			{"G", "smoke-tests-0000496"}, {"g", "backup-0000002"}, {"ctrl+f", "backup-0000104"}, {"ctrl+b", "backup-0000002"},
			{"pgdown", "backup-0000104"}, {"home", "backup-0000002"}, {"end", "smoke-tests-0000496"}, {"k", "smoke-tests-0000490"},
			{"up", "smoke-tests-0000484"}, {"down", "smoke-tests-0000490"}, {"j", "smoke-tests-0000496"}, {"j", "smoke-tests-0000496"},
			{"g", "backup-0000002"}, {"ctrl+d", "backup-0000050"}, {"ctrl+u", "backup-0000002"}, {"k", "backup-0000002"},
		} {
			c.press(step.key)
			if got := c.selected(); got != step.want {
				t.Errorf("after %s the cursor is on %q, want %q", step.key, got, step.want)
			}
		}
		c.seesNot("This cannot be undone")
	})
}

func TestPagesStreamInWhileSearchWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(12_000)
		server.delay["accounts"] = 100 * time.Millisecond
		c := newConsole(t, server, 80, 24)
		c.sees("Loading service accounts")
		c.wait(1100 * time.Millisecond)
		c.sees("of 12,000", "backup-0000002")
		c.press("/")
		c.typeText("11998")
		c.seesNot("smoke-tests-0011998")
		c.wait(time.Minute)
		c.sees("12,000 keys")
		if got := c.names(); !slices.Equal(got, []string{"smoke-tests-0011998"}) {
			t.Errorf("found %q", got)
		}
		c.press("esc", "esc")
		if n := len(c.names()); n != 18 {
			t.Errorf("%d rows on the screen", n)
		}
		c.press("s", "s")
		c.wait(time.Second)
		if got := c.selected(); got == "" {
			t.Error("no row is selected after sorting")
		}
	})
}

func TestAFailedRefreshKeepsTheOldRowsAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "accounts" && attempt >= 2 && attempt <= 4 {
				return unreachable()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.wait(2 * time.Minute)
		c.press("r")
		c.sees("ci-deploy-eu", "stale, loaded 2 minutes ago", "again in 2s")
		c.wait(1500 * time.Millisecond)
		c.sees("again in 1s")
		c.wait(time.Second)
		c.sees("again in 4s", "ci-deploy-eu")
		c.wait(20 * time.Second)
		c.seesNot("stale", "cannot be reached")
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "accounts" && attempt == 1 {
				return &api.Error{Kind: api.KindRefused, Code: api.CodeRateLimited, Status: 429, Detail: "Too many requests.", RetryAfter: 30 * time.Second}
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.sees("Too many requests", "again in 30s")
		c.wait(29 * time.Second)
		c.seesNot("ci-deploy-eu")
		c.wait(2 * time.Second)
		c.sees("ci-deploy-eu")
	})
}

func TestALastingRefusalIsNotRepeated(t *testing.T) {
	for _, err := range []*api.Error{forbidden(), {Kind: api.KindRefused, Code: api.CodeNoSuchEndpoint, Status: 404, Detail: "This server does not offer service accounts."}} {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			failing("accounts", err)(server)
			c := newConsole(t, server, 80, 24)
			c.sees(err.Detail, "r tries again")
			c.wait(10 * time.Minute)
			if server.calls["accounts"] != 1 {
				t.Errorf("%d tries", server.calls["accounts"])
			}
		})
	}
}

func TestARefusedKeyIsADialogAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "create" && attempt == 1 {
				return unauthorized()
			}
			return nil
		}
		var tried []string
		c := newConsole(t, server, 80, 24, func(o *tui.Options) {
			o.SignIn = func(key api.Secret) (tui.Client, error) {
				tried = append(tried, key.Reveal())
				return server, nil
			}
		})
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("Sign in", "req-401")
		c.typeText("ps-wrong")
		c.press("enter")
		c.sees("Nothing was sent")
		for range 8 {
			c.press("backspace")
		}
		c.paste(knownKey + "\n")
		c.seesNot(knownKey)
		c.press("enter")
		c.seesNot("does not accept")
		c.sees("ci-deploy-ap")
		if len(tried) != 1 || tried[0] != knownKey {
			t.Errorf("%d keys were tried", len(tried))
		}
		if strings.Contains(fmt.Sprintf("%+v", c.model), knownKey) {
			t.Error("the key stays in the model")
		}
		c.press("enter")
		c.sees(newKey)
	})
}

func TestAPastedKeyFindsItsOwnerAndIsNeverShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.paste("2026-01-01 401 Bearer " + knownKey + " refused\nmore of the log")
		c.seesNot(knownKey)
		c.sees("belongs to nightly-ci-deps")
		if got := c.selected(); got != "nightly-ci-deps" {
			t.Errorf("the cursor is on %q", got)
		}
		c.press("/")
		c.paste(knownKey[:40])
		c.sees("Not a whole key")
		c.paste(newKey)
		c.sees("No service account has this key")
		if strings.Contains(fmt.Sprintf("%+v", c.model), knownKey[3:40]) {
			t.Error("a pasted key stays in the model")
		}
	})
}

func TestTheDetailsFollowWhenTheCursorRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 120, 40)
		c.sees("6 months ago from 10.0.4.9")
		c.press("j")
		c.seesNot("2 minutes ago from 10.0.4.7")
		c.wait(200 * time.Millisecond)
		c.sees("2 minutes ago from 10.0.4.7", "Use Agents (2 named)", "ci-runner")
	})
}

func TestServerTextIsShownInItsOwnColumn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		lines := strings.Split(c.screen(), "\n")
		for _, line := range lines[5:12] {
			cells := []rune(line)
			if len(cells) < 31 {
				t.Fatalf("line %q", line)
			}
		}
		c.sees("夜間バッチ", "réconciliation-paie")
	})
}

func TestAProductionContextLooksDifferent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24, func(o *tui.Options) { o.Production = true })
		c.sees("PRODUCTION prod")
	})
}
