package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// record as somebody else does it, while the console looks.
func (a *authority) other(action string, resource api.AuditResource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.record(time.Now(), grace, action, resource, "success")
}

func TestTheAuditLogFollowsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := longLog(100)
		c := newConsole(t, server, 100, 30)
		c.press("2")
		c.sees("113 events · live ●")
		server.other("team.create", api.AuditResource{Type: "team", ID: "x", Name: "squad-new"})
		c.settle()
		c.sees("114 events")
		if !strings.Contains(c.target(), "squad-new") {
			t.Errorf("the cursor does not follow: %q", c.target())
		}
		// Who looks at something else is left alone.
		c.press("j", "j")
		before := c.target()
		server.other("team.delete", api.AuditResource{Type: "team", ID: "x", Name: "squad-new"})
		c.settle()
		c.sees("115 events", "team.delete")
		if c.target() != before {
			t.Errorf("the cursor went from %q to %q", before, c.target())
		}
		c.press("f")
		if !strings.Contains(c.target(), "team.delete") {
			t.Errorf("f does not go to the newest: %q", c.target())
		}
		c.press("f")
		c.sees("stays on the newest event already")
		// A query lets through what meets it.
		c.press("/")
		c.typeText("target:shift")
		c.press("enter")
		c.sees("Nothing matches")
		server.other("team.create", api.AuditResource{Type: "team", ID: "y", Name: "night shift"})
		server.other("team.create", api.AuditResource{Type: "team", ID: "z", Name: "day shift"})
		c.wait(time.Second)
		c.sees("2 of 117", "night shift", "day shift")
		c.seesNot("squad")
	})
}

func TestNewsRenewTheDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 40)
		c.press("j")
		c.wait(time.Second)
		account := server.accounts[1]
		server.mu.Lock()
		server.record(time.Now(), api.Actor{Type: api.IdentityServiceAccount, ID: account.ID, Name: account.Name}, "authorization.deny",
			api.AuditResource{Type: "operation", ID: "list-roles"}, "denied")
		server.mu.Unlock()
		c.wait(time.Second)
		if !strings.Contains(c.pane(), "list- roles") {
			t.Errorf("the details do not tell what has just happened:\n%s", c.screen())
		}
	})
}

func TestNewsRenewTheMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 120, 40)
		c.press("3")
		c.wait(time.Second)
		before := server.calls["members"]
		server.other("team.add_member", api.AuditResource{Type: "team", ID: "t2", Name: "data"})
		c.wait(time.Second)
		if n := server.calls["members"] - before; n != 1 {
			t.Errorf("%d requests for the members of one team", n)
		}
	})
}

// What another key was told of an account, before somebody signed in, says
// nothing of what this one sees: neither is the account gone, nor is the key
// that works now asked for again.
func TestALookUpOfAnotherKeyIsNotHeard(t *testing.T) {
	gone := &api.Error{Kind: api.KindRefused, Code: api.CodeNotFound, Status: 404, Detail: "there is no such service account"}
	for name, late := range map[string]*api.Error{"refused": unauthorized(), "not to be seen": gone} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, other := newAuthority(), newAuthority()
				c := newConsole(t, server, 120, 30, func(o *tui.Options) {
					o.SignIn = func(api.Secret) (tui.Client, error) { return other, nil }
				})
				newer := newcomer(server, 1, "aaa-first")
				other.makes(newer)
				server.delay["account"] = 5 * time.Second
				server.fail = func(call string, attempt int) *api.Error {
					switch {
					case call == "account":
						return late
					case call == "accounts" && attempt > 1:
						return unauthorized()
					}
					return nil
				}
				server.makes(newer)
				c.settle()
				c.press("r")
				c.sees("Sign in")
				c.paste(knownKey)
				c.press("enter")
				c.sees("9 keys", "aaa-first")
				c.wait(10 * time.Second)
				c.sees("9 keys", "aaa-first")
				c.seesNot("Sign in", "req-401")
			})
		})
	}
}
