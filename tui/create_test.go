package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// fill leads through the form up to before the create.
func (c *console) fill(team, name string) {
	c.t.Helper()
	c.press("n")
	c.typeText(team)
	c.press("enter")
	c.typeText(name)
}

func (c *console) holdsNoKey() {
	c.t.Helper()
	secret := newKey[3:46]
	if strings.Contains(c.model.View().Content, secret) {
		c.t.Error("the key is still on the screen")
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", c.model, c.model), secret) {
		c.t.Error("the key is still in the model")
	}
	if !c.server.minted.IsZero() {
		c.t.Error("the key's text was not destroyed")
	}
}

func TestCreateShowsTheKeyOnceAndSendsItToTheTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.sees("New API Key", "Team", "platform", "Name", "ci-deploy-ap", "Create")
		c.press("enter")
		c.sees(newKey, "shown only once", "Sent to the terminal; if paste is empty, select it above.")
		c.seesNot("Copied")
		for _, line := range strings.Split(c.screen(), "\n") {
			if strings.Contains(line, newKey) && strings.TrimRight(line, " ") != newKey {
				t.Errorf("the key does not have its line to itself: %q", line)
			}
		}
		if len(c.osc52) != 1 || c.osc52[0] != newKey {
			t.Errorf("the terminal got %d texts", len(c.osc52))
		}
		c.press("c")
		if len(c.osc52) != 2 {
			t.Error("c does not send the key again")
		}
		c.press("enter", "q", "n", "space")
		c.sees(newKey)
		c.press("i") // somebody may still be typing
		c.sees(newKey)
		c.wait(1100 * time.Millisecond)
		c.press("i")
		c.holdsNoKey()
		c.sees("Made ci-deploy-ap in platform", "9 keys")
		if got := c.selected(); got != "ci-deploy-ap" {
			t.Errorf("the cursor is on %q", got)
		}
	})
}

func TestCreateCopiesToTheClipboardOfThisMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.board.native = true
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("Copied to this machine's clipboard.")
		if c.board.text != newKey || len(c.osc52) != 0 {
			t.Error("the key is not on the clipboard, or went to the terminal too")
		}
		c.press("esc") // it has arrived: nothing to ask
		c.holdsNoKey()
	})
}

func TestAFailingClipboardFallsBackToTheTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.board.native, c.board.problem = true, "This machine's clipboard failed: no display."
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("clipboard failed: no display", "Sent to the terminal; if paste is empty, select it above.")
		if len(c.osc52) != 1 {
			t.Error("the key did not go to the terminal")
		}
		c.press("esc")
		c.sees("Leave without the key?")
	})
}

func TestTheKeyIsGuardedAgainstBeingLost(t *testing.T) {
	for _, leave := range []string{"esc", "ctrl+c"} {
		t.Run(leave, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsole(t, newAuthority(), 80, 24)
				c.fill("plat", "ci-deploy-ap")
				c.press("enter", leave)
				c.sees(newKey, "Leave without the key?")
				c.press("n")
				c.sees(newKey)
				c.seesNot("Leave without the key?")
				c.press(leave, leave, leave)
				c.sees(newKey)
				if c.quit {
					t.Fatal("the program ended with the key on the screen")
				}
				c.press("n", leave, "y", "y")
				c.sees(newKey) // pressed before the question could be read
				c.wait(1100 * time.Millisecond)
				c.press("y")
				c.holdsNoKey()
				if leave == "ctrl+c" != c.quit {
					t.Errorf("quit is %v", c.quit)
				}
				if leave == "esc" {
					c.sees("nobody has its key")
				}
			})
		})
	}
}

func TestWriteKeepsTheKeyInAFileOfItsOwn(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "w")
		c.sees("ci-deploy-ap.key", "never overwrites")
		taken := filepath.Join(folder, "taken")
		if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := func(name string) {
			for range 40 {
				c.press("backspace")
			}
			c.press("ctrl+u")
			c.paste(name)
			c.press("enter")
		}
		path(taken)
		c.sees("There is a file of this name already")
		path(filepath.Join(folder, "no", "such"))
		c.sees("There is no such folder")
		path(filepath.Join(folder, "new.key"))
		c.sees("Written to")
		text, err := os.ReadFile(filepath.Join(folder, "new.key"))
		if err != nil || string(text) != newKey+"\n" {
			t.Errorf("the file holds %d bytes, %v", len(text), err)
		}
		if info, err := os.Stat(filepath.Join(folder, "new.key")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if text, _ := os.ReadFile(taken); string(text) != "mine" {
			t.Error("a file was overwritten")
		}
		c.press("esc")
		c.holdsNoKey()
	})
}

func TestALostAnswerIsAskedForAgainWithTheSameIdempotencyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			switch {
			case call == "create" && attempt == 1:
				return lost()
			case call == "create" && attempt == 2:
				return &api.Error{Kind: api.KindRefused, Code: api.CodeIdempotencyInFlight, Status: 409, Detail: "The same create is being carried out."}
			case call == "create" && attempt == 3:
				return &api.Error{Kind: api.KindUnreachable, Detail: "keys.example.com cannot be reached"}
			}
			return nil
		}
		server.delay["create"] = 100 * time.Millisecond
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("Creating")
		c.press("esc", "q", "enter")
		c.sees("Waiting for the answer")
		c.wait(200 * time.Millisecond)
		c.sees("The answer was lost", "try 2")
		c.wait(20 * time.Second)
		c.sees(newKey, "An answer was lost on the way")
		if len(server.keys) != 4 {
			t.Fatalf("%d tries", len(server.keys))
		}
		for _, key := range server.keys {
			if key != server.keys[0] {
				t.Errorf("idempotency keys %v", server.keys)
			}
		}
	})
}

func TestARefusedCreateLosesNothingThatWasEntered(t *testing.T) {
	tests := []struct {
		name string
		err  *api.Error
		want string
	}{
		{"name taken", &api.Error{Kind: api.KindRefused, Code: api.CodeNameTaken, Status: 409, Detail: "taken"}, "platform has a service account of this name"},
		{"field", &api.Error{Kind: api.KindRefused, Code: api.CodeInvalid, Status: 422, Detail: "invalid", Fields: []api.FieldProblem{{Location: "body.name", Message: "no such letters"}}}, "no such letters"},
		{"team", &api.Error{Kind: api.KindRefused, Code: api.CodeInvalid, Status: 422, Detail: "invalid", Fields: []api.FieldProblem{{Location: "body.team_id", Message: "the team was deleted"}}}, "the team was deleted"},
		{"exceeds", &api.Error{Kind: api.KindRefused, Code: api.CodeExceedsCaller, Status: 403, Detail: "The team can use agents, and you cannot."}, "The team can use agents"},
		{"server error", &api.Error{Kind: api.KindRefused, Code: api.CodeInternal, Status: 500, Detail: "The server failed.", RequestID: "req-7"}, "req-7"},
		{"unreachable", unreachable(), "cannot be reached"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				failing("create", test.err)(server)
				c := newConsole(t, server, 80, 24)
				c.fill("plat", "ci-deploy-ap")
				c.press("enter")
				c.sees(test.want, "ci-deploy-ap", "platform")
				if len(server.accounts) != 8 {
					t.Error("an account was created")
				}
				server.fail = nil
				for range 3 { // from wherever the focus is
					c.press("enter")
				}
				c.sees(newKey)
			})
		})
	}
}

func TestTooManyRequestsWaitsVisibly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "create" && attempt == 1 {
				return &api.Error{Kind: api.KindRefused, Code: api.CodeRateLimited, Status: 429, Detail: "Too many requests.", RetryAfter: 7 * time.Second}
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("in 7s", "Too many requests")
		c.wait(6 * time.Second)
		c.seesNot(newKey)
		c.wait(2 * time.Second)
		c.sees(newKey)
	})
}

func TestNamesAreJudgedAtTheField(t *testing.T) {
	for name, want := range map[string]error{
		"":                           api.ErrNameEmpty,
		"   ":                        api.ErrNameEmpty,
		strings.Repeat("x", 65):      api.ErrNameLong,
		"ci\u200bdeploy":             api.ErrNameInvisible,
		"ci\u202edeploy":             api.ErrNameInvisible,
		"\u0301ci":                   api.ErrNameMark,
		"日本語の名前":                     nil,
		"مفتاح":                      nil,
		"🚀 rocket":                   nil,
		"e\u0301clair":               nil,
		strings.Repeat("\u65e5", 64): nil,
	} {
		t.Run(fmt.Sprintf("%.10q", name), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsole(t, newAuthority(), 80, 24)
				c.fill("plat", "")
				c.paste(name)
				c.press("enter")
				if want == nil {
					c.sees(newKey)
					return
				}
				c.sees(fmt.Sprintf("%.40s", want.Error()))
				if len(c.server.keys) != 0 {
					t.Error("the name was sent")
				}
			})
		})
	}
}

func TestAnAbandonedCreateSaysWhatMayHaveHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("create", lost())(server)
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "ctrl+c")
		if c.quit {
			t.Fatal("the program ended while a key was being made")
		}
		c.sees("A key is being made")
		c.press("esc")
		c.sees("may have been carried out")
	})
}

func TestAPastedTextNeverPressesAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.paste("dddd\nq")
		c.sees("dddd")
		c.press("esc", "esc", "n")
		c.paste("plat\r\n")
		c.sees("1 of 4")
		c.press("enter")
		c.paste("name\nwith lines")
		if len(c.server.keys) != 0 || c.quit {
			t.Error("a pasted line end pressed enter")
		}
	})
}

func TestTheDoorStaysShut(t *testing.T) {
	for name, change := range map[string]func(*authority, *tui.Options){
		"read-only":     func(_ *authority, o *tui.Options) { o.ReadOnly = true },
		"no permission": func(a *authority, _ *tui.Options) { a.caller.Permissions = nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				c := newConsole(t, server, 80, 24, func(o *tui.Options) { change(server, o) })
				for _, key := range []string{"n", "d"} {
					c.press(key)
					c.seesNot("New API Key", "This cannot be undone")
					if !strings.Contains(c.screen(), "read-only") && !strings.Contains(c.screen(), "You need the permission") {
						t.Errorf("%s does not say why it does nothing:\n%s", key, c.screen())
					}
				}
			})
		})
	}
}

// TestSecretsDoNotPassAsText holds what Bubble Tea's own log would print.
func TestSecretsDoNotPassAsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		var cmd tea.Cmd
		c.model, cmd = c.model.Update(keyPress("enter"))
		c.run(cmd)
		synctest.Wait()
		for range len(c.messages) {
			msg := <-c.messages
			if strings.Contains(fmt.Sprintf("%+v", msg), newKey) {
				t.Errorf("%T prints the key", msg)
			}
			c.receive(msg)
		}
		c.settle()
		c.wait(1100 * time.Millisecond)
		c.press("i")
		c.holdsNoKey()
	})
}
