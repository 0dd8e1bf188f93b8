package tui_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

func TestDeleteAsksWithCancelFocused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("d")
		c.sees("Delete Service Account", "backup-verify", "This cannot be undone", "▸ Cancel", "Last used 6 months ago")
		c.press("enter")
		c.seesNot("This cannot be undone")
		c.press("d", "esc", "d", "q", "n", "y", "esc")
		if len(c.server.deleted) != 0 || c.quit {
			t.Fatal("something was deleted")
		}
		c.press("d", "tab", "enter")
		c.sees("Deleted backup-verify", "7 keys")
		if got := c.selected(); got != "ci-deploy-eu" {
			t.Errorf("the cursor is on %q", got)
		}
		if !slices.Equal(c.server.deleted, []string{"01890000-0000-7000-8000-000000000001"}) {
			t.Errorf("deleted %v", c.server.deleted)
		}
	})
}

func TestAnAccountInUseMustBeNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("j", "d")
		c.sees("something depends on it", "10.0.4.7")
		c.press("tab", "enter")
		c.sees("First type its name")
		c.typeText("ci-deploy-us")
		c.press("enter")
		c.sees("That is not its name")
		c.press("backspace", "backspace")
		c.typeText("eu")
		c.press("enter") // goes to the button, deletes nothing yet
		if len(c.server.deleted) != 0 {
			t.Fatal("typing the name deleted the account")
		}
		c.press("enter")
		c.sees("Deleted ci-deploy-eu")
	})
}

func TestTheWeightIsLookedUpAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		used := time.Now()
		c.server.accounts[0].Key.LastUsedAt = &used
		c.server.delay["account"] = time.Second
		c.press("d", "tab", "enter")
		if len(c.server.deleted) != 0 {
			t.Fatal("deleted before its last use was known")
		}
		c.wait(2 * time.Second)
		c.sees("something depends on it", "Type its name")
		c.press("enter")
		c.sees("First type its name")
		c.typeText("backup-verify")
		c.press("enter", "enter")
		c.sees("Deleted backup-verify")
	})
}

func TestWhoseLastUseIsUnknownMustBeNamedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("account", unreachable())(server)
		c := newConsole(t, server, 80, 24)
		c.press("d", "tab", "tab", "enter")
		c.sees("could not be looked up")
		if len(server.deleted) != 0 {
			t.Error("deleted without knowing what depends on it")
		}
	})
}

func TestDeletingWhatIsGoneIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.server.accounts = c.server.accounts[1:]
		c.press("d")
		c.sees("backup-verify was deleted already", "7 keys")

		c.press("G", "d") // gone between the look and the deletion
		c.server.accounts = c.server.accounts[:6]
		c.press("tab", "enter")
		c.sees("was deleted already", "6 keys")
	})
}

func TestAFailedDeletionIsRepeatedAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "delete" && attempt <= 3 {
				return lost()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.press("d", "tab", "enter")
		c.sees("Trying again in 2s")
		c.wait(10 * time.Second)
		c.sees("Delete tries again", "did not answer")
		if len(server.deleted) != 0 {
			t.Fatal("deleted")
		}
		c.press("enter")
		c.sees("Deleted backup-verify")
	})
}

func TestARefusedDeletionChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("delete", forbidden())(server)
		c := newConsole(t, server, 80, 24)
		c.press("d", "tab", "enter")
		c.sees(forbidden().Detail, "req-403")
		c.press("esc")
		c.sees("backup-verify", "8 keys")
	})
}
