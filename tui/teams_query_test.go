package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

func TestTeamsAreSearchedInTheQueryLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 100, 24)
		c.press("3")
		names := func() string {
			var names []string
			for _, line := range strings.Split(c.screen(), "\n")[4:] {
				if fields := strings.Fields(strings.TrimPrefix(line, "▌")); len(fields) > 3 && !strings.Contains(line, "esc clear") {
					names = append(names, fields[0])
				}
			}
			return strings.Join(names, " ")
		}
		for text, want := range map[string]string{
			"dev":                      "developers",
			"role:ci-runner":           "data platform",
			"!role:ci-runner":          "administrators developers",
			"keys:>1 !platform":        "data",
			"keys:0":                   "administrators",
			"can:use-agents !admin":    "data platform",
			"name:=data":               "data",
			"rolle:x plat":             "platform",
			`role:ci-runner "not done`: "data platform",
		} {
			c.press("/")
			c.typeText(text)
			if got := names(); got != want {
				t.Errorf("%q shows %q, want %q\n%s", text, got, want, c.screen())
			}
			c.press("esc", "esc")
		}
		c.press("/")
		c.typeText("rolle:x")
		c.sees("^^^^^^^ there is no field rolle: did you mean role?")
	})
}
