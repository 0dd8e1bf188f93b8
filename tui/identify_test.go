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

var otherKey, strayKey = fixedKey(13), fixedKey(17)

// withKeys is an authority where two accounts have keys that are known here.
func withKeys() *authority {
	a := newAuthority()
	a.owned = map[string]int{api.HashKey(knownKey).String(): 3, api.HashKey(otherKey).String(): 4}
	a.accounts[3].Key.Hint, a.accounts[4].Key.Hint = api.KeyHint(knownKey), api.KeyHint(otherKey)
	return a
}

func leakedLog() string {
	return "start\n401 Bearer " + knownKey + "\n" + strings.Repeat("noise\n", 20) + "key=" + otherKey + " " + strayKey + "\nagain " + knownKey + "\n" + knownKey[:40] + "\n"
}

// hidesKeys fails when a key is on the screen or anywhere in the model.
func (c *console) hidesKeys() {
	c.t.Helper()
	everything := c.model.View().Content + fmt.Sprintf("%+v %#v", c.model, c.model)
	for _, key := range []string{knownKey, otherKey, strayKey} {
		if strings.Contains(everything, key[3:20]) || strings.Contains(everything, key[30:]) {
			c.t.Fatal("a key is on the screen or in the model")
		}
	}
}

func TestAPastedLogIsIdentified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := withKeys()
		a.delay["find"] = time.Second
		c := newConsole(t, a, 100, 30)
		c.paste(leakedLog())
		c.hidesKeys()
		c.sees("Identify keys", "3 keys in 25 lines.", "Cut off or mistyped: 1 text, line 25.", "asking")
		c.wait(3 * time.Second)
		c.sees(api.KeyHint(knownKey)+" line 2 nightly-ci-deps · data", api.KeyHint(otherKey)+" line 23 release-notes", api.KeyHint(strayKey)+" line 23 no such key")
		c.sees("lines 2, 24", "nightly-ci-deps, team data, never used", "id 01890000")
		c.hidesKeys()
		c.press("down", "down")
		c.sees("No service account has this key: it is deleted, a person's own, or another organization's.")
		c.press("enter")
		c.sees("Identify keys")
		c.press("up", "enter")
		c.seesNot("Identify keys")
		if got := c.selected(); got != "release-notes" {
			t.Errorf("enter goes to %q", got)
		}
		c.hidesKeys()
	})
}

// In a long log the numbers of lines are long too.
func TestALongLogIsIdentified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, withKeys(), 100, 30)
		c.paste(strings.Repeat("\n", 1_000_000) + leakedLog())
		c.wait(3 * time.Second)
		c.sees(api.KeyHint(knownKey)+" line 1,000,002 nightly-ci-deps · data", api.KeyHint(otherKey)+" line 1,000,023 release-notes")
	})
}

// One key goes to its account as before, however often it is in the text, and
// also without its prefix.
func TestAPastedLogWithOneKeyGoesToItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, text := range []string{knownKey, "a " + knownKey + "\nb " + knownKey, knownKey[3:], "x=" + knownKey + "y\n" + otherKey[:30]} {
			c := newConsole(t, withKeys(), 100, 30)
			c.paste(text)
			c.seesNot("Identify keys")
			c.sees("The pasted key belongs to nightly-ci-deps in data.")
			if got := c.selected(); got != "nightly-ci-deps" {
				t.Errorf("the cursor is on %q", got)
			}
			c.hidesKeys()
		}
	})
}

// The palette's command and its key open the dialog, which waits for a paste, on
// every page. Letters mean nothing there.
func TestIdentifyWaitsForAPaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, page := range []string{"1", "2", "3"} {
			c := newConsole(t, withKeys(), 80, 24)
			c.press(page, ":")
			c.typeText("identify")
			c.press("enter")
			c.sees("Paste a key, or a log with keys in it.")
			c.typeText("qdn?" + knownKey)
			c.sees("Paste a key, or a log with keys in it.")
			c.hidesKeys()
			c.paste("nothing\nhere")
			c.sees("No API key in 2 lines.")
			c.paste(otherKey)
			c.sees("1 key in 1 line.", "release-notes, team developers")
			c.hidesKeys()
			c.paste(leakedLog())
			c.sees("3 keys in 25 lines.")
			c.press("enter")
			if got := c.selected(); got != "nightly-ci-deps" {
				t.Errorf("from page %s enter goes to %q", page, got)
			}
			c.press("I")
			c.sees("Paste a key, or a log with keys in it.")
			c.press("esc")
			c.seesNot("Identify keys")
		}
	})
}

// Five megabytes are looked through beside the screen.
func TestALargePasteIsIdentified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, withKeys(), 80, 24)
		noise := strings.Repeat("2026-01-01 all is well https-proxy\n", 75_000)
		c.send(pasteOf(noise + otherKey + "\n" + noise))
		c.sees("Looking through the pasted text.")
		c.settle()
		c.sees("1 key in 150,001 lines.", "line 75,001", "release-notes")
		c.hidesKeys()
		c.press("esc")
		c.paste(noise)
		c.sees("There is no API key in the 75,000 lines that you pasted.")
		c.seesNot("all is well")
	})
}

// A failure is said, stops the asking, and one key press asks again.
func TestIdentifyAsksAgainAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := withKeys()
		a.fail = func(call string, attempt int) *api.Error {
			if call == "find" && attempt <= 3 {
				return unreachable()
			}
			return nil
		}
		c := newConsole(t, a, 100, 30)
		c.paste(leakedLog())
		c.sees("not looked up", "the connection was refused", "asks again")
		c.press("ctrl+r")
		c.seesNot("not looked up")
		c.sees("nightly-ci-deps · data", "no such key")
	})
}

// A refused key asks for another one over the dialog, which then goes on.
func TestIdentifyGoesOnAfterSigningIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := withKeys()
		refuse := true
		a.fail = func(call string, _ int) *api.Error {
			if call == "find" && refuse {
				return unauthorized()
			}
			return nil
		}
		c := newConsole(t, a, 100, 30, func(o *tui.Options) {
			o.SignIn = func(api.Secret) (tui.Client, error) { refuse = false; return a, nil }
		})
		c.paste(leakedLog())
		c.sees("Sign in")
		c.paste(newKey)
		c.press("enter")
		c.settle()
		c.seesNot("Sign in")
		c.sees("nightly-ci-deps · data", "no such key")
		c.hidesKeys()
	})
}
