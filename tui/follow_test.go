package tui_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// newcomer is an account that somebody else makes.
func newcomer(a *authority, n int, name string) api.ServiceAccount {
	account := a.accounts[0]
	account.ID, account.Name = fmt.Sprintf("01890000-0000-7000-8000-%012d", 1000+n), name
	account.Key.LastUsedAt, account.CreatedAt = nil, time.Now()
	return account
}

// says lets time pass until a text is on the screen.
func (c *console) says(within time.Duration, text string) {
	c.t.Helper()
	for until := time.Now().Add(within); time.Now().Before(until); {
		if c.wait(time.Second); strings.Contains(squeeze(c.screen()), text) {
			return
		}
	}
	c.t.Errorf("%q was never on the screen:\n%s", text, c.screen())
}

func TestWhatOthersDoAppearsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		c.sees("8 keys · live ●")
		c.press("j", "j")
		if got := c.selected(); got != "ci-deploy-us" {
			t.Fatalf("the cursor is on %q", got)
		}
		server.makes(newcomer(server, 1, "aaa-first"))
		c.settle()
		c.sees("9 keys", "aaa-first")
		server.deletes(server.accounts[0].ID)
		c.settle()
		c.sees("8 keys")
		c.seesNot("backup-verify", "was deleted") // it was not under the cursor
		if got := c.selected(); got != "ci-deploy-us" {
			t.Errorf("the cursor went to %q", got)
		}
		server.deletes(server.accounts[1].ID)
		c.settle()
		c.sees("ci-deploy-us was deleted by grace.", "7 keys")
		if got := c.selected(); got != "nightly-ci-deps" {
			t.Errorf("the cursor went to %q", got)
		}
		if server.calls["accounts"] != 1 {
			t.Errorf("the list was loaded %d times", server.calls["accounts"])
		}
	})
}

func TestTheSearchFollowsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		c.press("/")
		c.typeText("ci")
		c.press("enter", "j")
		before := c.selected()
		server.makes(newcomer(server, 1, "ci"))
		c.settle()
		c.sees("6 of 9")
		if got := c.selected(); got != before {
			t.Errorf("the cursor went from %q to %q", before, got)
		}
	})
}

// What is made and deleted again, before it was looked up, never appears; what is
// changed is shown as it is.
func TestNewsOvertakeLookUps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		server.delay["account"] = 3 * time.Second
		account := newcomer(server, 1, "shortlived")
		server.makes(account)
		c.wait(time.Second)
		late := server.accounts
		server.deletes(account.ID)
		server.mu.Lock()
		server.accounts = late // the look-up is answered with what was there
		server.mu.Unlock()
		c.wait(10 * time.Second)
		c.seesNot("shortlived")
		c.sees("8 keys")
		server.mu.Lock()
		server.accounts = slices.Clone(late[:8])
		server.accounts[2].Key.Hint = "ps-new1…new2"
		server.happened(grace, "service_account.create", server.accounts[2])
		server.mu.Unlock()
		c.wait(10 * time.Second)
		c.sees("ps-new1…new2", "8 keys")
	})
}

// When more has changed than is worth asking for one by one, the list is loaded.
func TestManyChangesLoadTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		server.mu.Lock()
		for n := range 120 {
			account := newcomer(server, n, fmt.Sprintf("batch-%03d", n))
			server.accounts = append(server.accounts, account)
			server.happened(grace, "service_account.create", account)
		}
		server.mu.Unlock()
		c.settle()
		c.sees("128 keys")
		if server.calls["account"] > 60 || server.calls["accounts"] != 2 {
			t.Errorf("%d look-ups, %d loads", server.calls["account"], server.calls["accounts"])
		}
	})
}

func TestARenamedTeamIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		server.mu.Lock()
		server.teams[3].Name = "foundation"
		server.accounts = slices.Clone(server.accounts)
		for i := range server.accounts {
			if server.accounts[i].Team.ID == "t4" {
				server.accounts[i].Team.Name = "foundation"
			}
		}
		server.record(time.Now(), grace, "team.update", api.AuditResource{Type: "team", ID: "t4", Name: "foundation"}, "success")
		server.log[len(server.log)-1].Metadata = map[string]string{"previous_name": "platform"}
		server.mu.Unlock()
		c.settle()
		c.sees("The team platform is called foundation now.")
		if strings.Count(c.screen(), "foundation") < 4 {
			t.Errorf("the rows have the old name:\n%s", c.screen())
		}
	})
}

// A lost connection is said, with the age of what is shown. What was missed is
// caught up with, without a reload.
func TestALostConnectionCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		down := true
		server.fail = func(call string, _ int) *api.Error {
			if down && (call == "await" || call == "check") {
				return unreachable()
			}
			return nil
		}
		server.makes(newcomer(server, 1, "aaa-first")) // ends the request that waits, with a failure
		c.settle()
		c.sees("8 keys · stale")
		c.wait(3*time.Minute + 30*time.Second)
		c.sees("8 keys · stale for 3 minutes")
		if n := server.calls["await"] + server.calls["check"]; n > 14 {
			t.Errorf("%d tries in three minutes", n)
		}
		down = false
		c.says(time.Minute, "Connected again, and caught up with 1 event of the audit log.")
		c.sees("9 keys · live ●")
		if server.calls["accounts"] != 1 {
			t.Errorf("the list was loaded %d times", server.calls["accounts"])
		}
	})
}

// That nothing has happened meanwhile is known at once, and not only when the
// server has waited in vain for something to happen.
func TestALostConnectionIsBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		down := true
		server.fail = func(call string, _ int) *api.Error {
			if down && (call == "await" || call == "check") {
				return unreachable()
			}
			return nil
		}
		c.wait(32 * time.Second)
		c.sees("8 keys · stale")
		down = false
		c.says(5*time.Second, "Connected again: nothing has happened meanwhile.")
		c.sees("8 keys · live ●")
	})
}

// Where reads that wait are cut off and others are answered, what is shown is
// caught up with all the same, and that is not told over and over.
func TestCutOffReadsAreCaughtUpWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		server.fail = func(call string, _ int) *api.Error {
			if call == "await" {
				return unreachable()
			}
			return nil
		}
		c.wait(time.Minute)
		server.makes(newcomer(server, 1, "aaa-first"))
		c.says(2*time.Minute, "Connected again, and caught up with 1 event of the audit log.")
		c.sees("9 keys")
		for range 300 {
			c.wait(time.Second)
			c.seesNot("nothing has happened meanwhile")
		}
		if n := server.calls["await"] + server.calls["check"]; n > 40 {
			t.Errorf("%d requests in eight minutes", n)
		}
	})
}

// The same after the machine has slept: then nobody says that the connection is
// dead.
func TestSleepIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		var slept time.Duration
		c := newConsole(t, server, 120, 30, func(o *tui.Options) {
			o.Clock = func() time.Time { return time.Now().Add(slept) }
		})
		c.wait(time.Minute)
		server.mu.Lock()
		server.written = make(chan struct{}) // whoever waits is never woken
		server.mu.Unlock()
		checks := server.calls["check"]
		server.makes(newcomer(server, 1, "aaa-first"))
		slept = time.Hour
		c.says(30*time.Second, "Connected again, and caught up with 1 event")
		c.sees("aaa-first")
		if server.calls["check"] == checks {
			t.Error("the log was not looked at again")
		}
	})
}

func TestALogThatCannotBeFollowedLoadsEverything(t *testing.T) {
	for name, test := range map[string]struct {
		happen func(a *authority)
		says   string
	}{
		"pruned": {func(a *authority) {
			for range 3 {
				a.record(time.Now(), grace, "api_key.create", api.AuditResource{}, "success")
			}
			a.log = a.log[len(a.log)-1:]
		}, "pruned beyond what was read"},
		"restored": {func(a *authority) { a.log = a.log[:3] }, "went back"},
		"replaced": {func(a *authority) {
			for i := range a.log {
				a.log[i].Hash = "another"
			}
		}, "went back"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				server.recordAll()
				c := newConsole(t, server, 120, 30)
				server.mu.Lock()
				server.accounts = append(slices.Clone(server.accounts[:5]), newcomer(server, 1, "zzz-restored"))
				test.happen(server)
				server.mu.Unlock()
				c.wait(61 * time.Second)
				c.sees("zzz-restored", "6 keys · live ●")
				if server.calls["accounts"] != 2 {
					t.Errorf("the list was loaded %d times", server.calls["accounts"])
				}
				server.makes(newcomer(server, 2, "aaa-after"))
				c.settle()
				c.sees("aaa-after")
			})
		})
		t.Run(name+" is said", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				server.recordAll()
				c := newConsole(t, server, 120, 30)
				server.mu.Lock()
				test.happen(server)
				server.mu.Unlock()
				c.says(61*time.Second, test.says)
			})
		})
	}
}

// A log with a gap at every look is not followed in a hurry.
func TestAGappyLogIsFollowedWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.recordAll()
		c := newConsole(t, server, 120, 30, func(o *tui.Options) { o.Client = gappy{server} })
		c.wait(5 * time.Minute)
		if n := server.calls["accounts"]; n < 2 || n > 16 {
			t.Errorf("the list was loaded %d times in five minutes", n)
		}
	})
}

// gappy is a server whose log leaves numbers out.
type gappy struct{ *authority }

func (g gappy) AwaitAuditEvents(context.Context, api.AuditFilter, time.Duration) (api.AuditEventList, error) {
	return api.AuditEventList{AuditEvents: []api.AuditEvent{{Sequence: 1_000_000}}}, nil
}

// A server that does not wait, because it is about to stop or never does, is not
// asked without end.
func TestAServerThatDoesNotWaitIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30, func(o *tui.Options) { o.Client = hasty{server} })
		c.wait(time.Minute)
		if n := server.calls["await"]; n < 10 || n > 70 {
			t.Errorf("asked %d times in a minute", n)
		}
		c.sees("live ●")
		server.makes(newcomer(server, 1, "aaa-first"))
		c.wait(3 * time.Second)
		c.sees("aaa-first")
	})
}

type hasty struct{ *authority }

func (h hasty) AwaitAuditEvents(ctx context.Context, filter api.AuditFilter, _ time.Duration) (api.AuditEventList, error) {
	return h.logAfter(ctx, "await", filter.After, 300)
}

func TestFollowingMayBeRefused(t *testing.T) {
	for name, test := range map[string]struct {
		err  *api.Error
		says string
	}{
		"forbidden":   {forbidden(), "8 keys · not live"},
		"no endpoint": {&api.Error{Kind: api.KindRefused, Code: api.CodeNoSuchEndpoint, Status: 404, Detail: "no"}, "8 keys · not live"},
		"unreachable": {unreachable(), "8 keys · not live yet"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				failing := true
				server.fail = func(call string, _ int) *api.Error {
					if call == "end" && failing {
						return test.err
					}
					return nil
				}
				c := newConsole(t, server, 120, 30)
				c.sees(test.says, "ci-deploy-eu")
				c.wait(5 * time.Minute)
				if n := server.calls["end"]; n > 12 {
					t.Errorf("asked %d times in five minutes", n)
				}
				failing = false
				c.press("r")
				c.sees("8 keys · live ●")
			})
		})
	}
}

func TestARefusedKeyIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		refusing := true
		server.fail = func(string, int) *api.Error {
			if refusing {
				return unauthorized()
			}
			return nil
		}
		server.makes(newcomer(server, 1, "aaa-first"))
		c.settle()
		c.sees("API key")
		c.wait(time.Minute)
		refusing = false
		c.typeText(newKey)
		c.press("enter")
		c.sees("9 keys · live ●", "Signed in")
	})
}

// An idle console changes nothing on the screen and asks twice a minute.
func TestAnIdleConsoleIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		c.wait(20 * time.Second)
		before := c.model.View().Content
		c.wait(25 * time.Second)
		if after := c.model.View().Content; after != before {
			t.Error("an idle console draws something else")
		}
		calls := 0
		for _, n := range server.calls {
			calls += n
		}
		c.wait(time.Hour)
		for _, n := range server.calls {
			calls -= n
		}
		if -calls > 250 {
			t.Errorf("%d requests in an hour", -calls)
		}
	})
}

func TestADialogSaysThatItsAccountIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30)
		c.press("d", "tab")
		c.sees("Delete Service Account", "backup-verify")
		server.deletes(server.accounts[0].ID)
		c.settle()
		c.sees("It was deleted by grace while this was asked.", "backup-verify", "7 keys")
		c.press("enter")
		c.seesNot("while this was asked")
		if server.calls["delete"] != 0 {
			t.Error("what is gone was deleted again")
		}
		c.press("enter")
		server.deletes(server.accounts[0].ID)
		c.settle()
		c.sees("Deleted by grace while this was open.")
	})
}

// A deletion of one's own is told once, whichever comes first: the answer or the
// event.
func TestOnesOwnDeletionIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 30, func(o *tui.Options) { o.Client = slowAnswer{server} })
		c.press("d", "tab", "enter")
		c.wait(500 * time.Millisecond)
		c.seesNot("deleted by")
		c.wait(time.Second)
		c.sees("Deleted backup-verify. Its key is refused from now on.", "7 keys")
	})
}

// slowAnswer deletes at once and says so later.
type slowAnswer struct{ *authority }

func (s slowAnswer) DeleteServiceAccount(ctx context.Context, id string) error {
	err := s.authority.DeleteServiceAccount(ctx, id)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	return err
}
