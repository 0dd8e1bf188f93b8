package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/lifeguard-keys/lifeguard/api"
)

// listed are the names that the table shows, in order.
func (c *console) listed() string {
	var names []string
	for _, line := range strings.Split(c.screen(), "\n")[4:] {
		if fields := strings.Fields(strings.TrimPrefix(line, "▌")); len(fields) > 2 && strings.Contains(line, "ps-") {
			names = append(names, fields[0])
		}
	}
	return strings.Join(names, " ")
}

func TestTheSearchSpeaksTheQueryLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		for text, want := range map[string]string{
			"by:ada":                      "ci-deploy-eu ci-deploy-us smoke-tests",
			"ci by:ada":                   "ci-deploy-eu ci-deploy-us",
			"by:ada !us":                  "ci-deploy-eu smoke-tests",
			"used:never":                  "nightly-ci-deps smoke-tests",
			"used:>90d,never":             "backup-verify nightly-ci-deps smoke-tests",
			"created:<7d !used:never":     "ci-deploy-eu ci-deploy-us",
			"role:ci-runner dep":          "ci-deploy-eu ci-deploy-us nightly-ci-deps",
			`"paie"`:                      "réconciliation-paie",
			"/^ci-.*s$/":                  "ci-deploy-us",
			"team:=platform !by:ada":      "backup-verify",
			"key:4f8a":                    "ci-deploy-eu",
			"tema:platform team:data":     "nightly-ci-deps réconciliation-paie 夜間バッチ",
			`by:ada "not finished`:        "ci-deploy-eu ci-deploy-us smoke-tests",
			"by:ada /(/":                  "ci-deploy-eu ci-deploy-us smoke-tests",
			"by:ada created:":             "ci-deploy-eu ci-deploy-us smoke-tests",
			strings.Repeat("smoke ", 200): "smoke-tests",
		} {
			c.press("/")
			c.typeText(text)
			if got := c.listed(); got != want {
				t.Errorf("%q shows %q, want %q\n%s", text, got, want, c.screen())
			}
			c.press("esc", "esc")
		}
	})
}

// What is not understood is said in the place of the headings, with the term
// underlined, and goes away as it is mended.
func TestAWrongTermIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		c.press("/")
		c.typeText("by:ada tema:pl")
		c.sees("^^^^^^^ there is no field tema: did you mean team?")
		c.seesNot("LAST USED")
		if line := strings.Split(c.model.View().Content, "\n")[2]; !strings.Contains(line, "mtema:pl\x1b") || !strings.Contains(line, "\x1b[4;") {
			t.Errorf("the wrong term is not underlined: %q", line)
		}
		// The other terms filter, and the screen keeps its shape.
		if got := c.listed(); got != "ci-deploy-eu ci-deploy-us smoke-tests" {
			t.Errorf("the rest filters to %q", got)
		}
		c.press("esc")
		c.typeText("ci team:pl")
		c.sees("LAST USED")
		c.seesNot("^^^")
		c.press("esc")
		c.typeText("ci team:")
		c.sees("team: wants a value, as in team:platform")
		c.press("esc")
		c.typeText("tema:a maet:b")
		c.sees("(1 more term not understood)")
		c.press("enter")
		c.sees("there is no field tema")
	})
}

// A role is known when the teams have come.
func TestARoleIsFoundWhenTheTeamsCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		a.delay["teams"] = time.Minute
		c := newConsole(t, a, 100, 24)
		c.press("/")
		c.typeText("role:ci-runner dep")
		c.sees("Nothing matches role:ci-runner dep.")
		c.wait(2 * time.Minute)
		if got := c.listed(); got != "ci-deploy-eu ci-deploy-us nightly-ci-deps" {
			t.Errorf("the teams have come, and it shows %q", got)
		}
	})
}

// Many rows are filtered beside the screen, with the same result, and a further
// word does not ask for the conditions again.
func TestConditionsOfManyRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := manyAccounts(20_000)
		a.pageSize = 5_000
		c := newConsole(t, a, 100, 24)
		want := 0
		for _, account := range a.accounts {
			if account.Team.Name == "data" && account.Key.LastUsedAt == nil && strings.Contains(account.Name, "backup") {
				want++
			}
		}
		c.press("/")
		c.typeText(`team:data used:never`)
		c.settle()
		c.typeText(` "backup"`)
		c.settle()
		c.typeText(` ba`)
		c.settle()
		c.sees(humanize.Comma(int64(want)) + " of 20,000")
		c.press("esc")
		c.typeText("team:data team:platform")
		c.settle()
		c.sees("0 of 20,000")
	})
}

// A long query scrolls in its box with the cursor in sight, on every width.
func TestTheCursorStaysInTheSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 60, 14)
		c.press("/")
		for _, text := range []string{"ci", " tema:x", " 夜間", strings.Repeat(" réconciliation", 20), ` "é`} {
			c.typeText(text)
			for range 30 {
				c.press("left")
				v := c.model.View()
				if v.Cursor == nil || v.Cursor.X < 3 || v.Cursor.X > 59-8 {
					t.Fatalf("the cursor is at %v\n%s", v.Cursor, c.screen())
				}
			}
			c.press("end")
		}
		for _, line := range strings.Split(c.screen(), "\n") {
			if len([]rune(line)) > 60 {
				t.Errorf("the line %q is wider than the screen", line)
			}
		}
	})
}

// Ten thousand letters are taken, and what is not looked at is said.
func TestAVeryLongQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		c.paste("by:ada " + strings.Repeat("z", 10_000))
		c.sees("a query has at most 4,000 characters")
		if got := c.listed(); got != "ci-deploy-eu ci-deploy-us smoke-tests" {
			t.Errorf("the rest filters to %q", got)
		}
	})
}

func TestTheHelpExplainsTheQueryLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		c.press("?", "G")
		c.sees("What to search for", "used:>90d", "/^ci-.*eu$/", "fields name team by key role id ip created used")
	})
}

// Enter on a team shows the accounts of that team, and of no other whose name
// has the same letters.
func TestATeamsKeysAreOnlyItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		a.accounts[0].Team = api.Ref{ID: "t9", Name: "data-eu"}
		c := newConsole(t, a, 100, 24)
		c.press("3", "j", "enter")
		c.sees(`team:="data"`)
		if got := c.listed(); got != "nightly-ci-deps réconciliation-paie 夜間バッチ" {
			t.Errorf("the team's keys are %q", got)
		}
	})
}
