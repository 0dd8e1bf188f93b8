package tui_test

import (
	"context"
	"fmt"
	"iter"
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

// failFrom makes calls fail from one try to another, counted from 1.
func failFrom(call string, from, to int, err *api.Error) func(string, int) *api.Error {
	return func(c string, attempt int) *api.Error {
		if c == call && attempt >= from && attempt <= to {
			return err
		}
		return nil
	}
}

func TestAReloadOfAShrunkenListKeepsTheCursorOnItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, manyAccounts(5_200), 80, 24)
		c.press("S")
		c.wait(time.Second)
		c.press("home")
		c.server.accounts = c.server.accounts[100:]
		for range 3 {
			c.press("r", "j")
			selected := c.selected()
			c.wait(time.Second)
			if got := c.selected(); got != selected || got == "" {
				t.Fatalf("the cursor was on %q and is on %q:\n%s", selected, got, c.screen())
			}
		}
		c.sees("5,100 keys")
	})
}

func TestAnAnswerFindsItsDialogUnderAnother(t *testing.T) {
	refusedReload := failFrom("accounts", 2, 2, unauthorized())
	t.Run("create", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			server.fail = refusedReload
			c := newConsole(t, server, 80, 24)
			server.delay["accounts"], server.delay["create"] = time.Second, 3*time.Second
			c.press("r")
			c.fill("plat", "ci-deploy-ap")
			c.press("enter")
			c.wait(1500 * time.Millisecond)
			c.sees("does not accept your key")
			c.wait(2 * time.Second)
			c.sees(newKey)
			c.wait(2 * time.Second)
			c.press("i")
			c.holdsNoKey()
			c.seesNot("New API Key", "Waiting for the answer")
		})
	})
	t.Run("delete", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			server.fail = refusedReload
			c := newConsole(t, server, 80, 24)
			server.delay["accounts"], server.delay["delete"] = time.Second, 3*time.Second
			c.press("r", "d", "tab", "enter")
			c.wait(1500 * time.Millisecond)
			c.sees("does not accept your key")
			c.wait(2 * time.Second)
			c.press("esc")
			c.seesNot("Delete Service Account")
		})
	})
}

func TestADialogOverAKeyOrACreateDoesNotTakeTheGuardAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("accounts", 2, 2, unauthorized())
		c := newConsole(t, server, 80, 24)
		server.delay["accounts"] = 2 * time.Second
		c.press("r")
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees(newKey)
		c.wait(3 * time.Second) // the reload is refused while the key is shown
		c.sees(newKey)
		c.press("ctrl+c")
		if c.quit {
			t.Fatal("the program ended with the key on the screen")
		}
		c.sees(newKey, "Leave without the key?")
	})
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("accounts", 2, 2, unauthorized())
		c := newConsole(t, server, 80, 24)
		server.delay["accounts"], server.delay["create"] = time.Second, time.Minute
		c.press("r")
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.wait(2 * time.Second)
		c.sees("does not accept your key")
		c.press("ctrl+c")
		if c.quit {
			t.Fatal("the program ended while a key was being made")
		}
		c.sees("A key is being made")
	})
}

func TestAKeyFileHoldsTheKeyOrDoesNotExist(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.wait(2 * time.Second)
		c.press("w")
		path := filepath.Join(folder, "late.key")
		c.paste(path) // takes the place of the suggestion
		var write tea.Cmd
		c.model, write = c.model.Update(keyPress("enter"))
		c.press("esc", "i", "i", "esc", "y") // while the file is slow to be written
		c.sees(newKey)
		c.run(write)
		c.settle()
		text, err := os.ReadFile(path)
		if err != nil || string(text) != newKey+"\n" {
			t.Fatalf("the file holds %d bytes, %v", len(text), err)
		}
		c.sees("late.key")
	})
}

func TestAfterALostAnswerNothingElseIsSent(t *testing.T) {
	for name, then := range map[string]*api.Error{"unauthorized": unauthorized(), "forbidden": forbidden()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				server.fail = func(call string, attempt int) *api.Error {
					switch {
					case call == "create" && attempt == 1:
						return lost()
					case call == "create" && attempt == 2:
						return then
					}
					return nil
				}
				c := newConsole(t, server, 80, 24)
				c.fill("plat", "ci-deploy-ap")
				c.press("enter")
				c.wait(2 * time.Second)
				if name == "unauthorized" {
					c.sees("Sign in")
					c.press("esc")
				}
				c.typeText("-changed")
				c.press("tab", "enter")
				c.sees(newKey)
				if len(server.keys) != 3 || server.keys[2] != server.keys[0] {
					t.Errorf("idempotency keys %v", server.keys)
				}
				c.sees("ci-deploy-ap")
				c.seesNot("changed")
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			return map[bool]*api.Error{true: lost()}[call == "create" && attempt == 1]
		}
		failing("create", lost())(server)
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "esc")
		c.sees("may have been carried out")
	})
}

func TestWhatChangesDuringALoadIsNotLostByIt(t *testing.T) {
	t.Run("deleted during a reload", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			server.pageSize = 2
			c := newConsole(t, server, 80, 24)
			server.delay["accounts"] = time.Second
			c.press("r")
			c.wait(2500 * time.Millisecond) // two pages have come
			c.press("g", "d", "tab", "enter")
			c.sees("Deleted backup-verify")
			c.wait(20 * time.Second)
			if names := strings.Join(c.names(), " "); strings.Contains(names, "backup-verify") {
				t.Errorf("the deleted account is back: %s", names)
			}
		})
	})
	for _, when := range []string{"first load", "reload"} {
		t.Run("created during a "+when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAuthority()
				server.pageSize = 2
				if when == "first load" {
					server.delay["accounts"] = time.Second
				}
				c := newConsole(t, server, 80, 24)
				if when == "reload" {
					server.delay["accounts"] = time.Second
					c.press("r")
				}
				c.fill("plat", "aaa-first")
				c.press("enter")
				c.wait(2 * time.Second)
				c.press("i")
				c.wait(20 * time.Second)
				if n := strings.Count(strings.Join(c.names(), " "), "aaa-first"); n != 1 {
					t.Errorf("the new account is listed %d times:\n%s", n, c.screen())
				}
				c.sees("9 keys")
			})
		})
	}
}

func TestAnAnswerAboutAnotherKeyIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24, func(o *tui.Options) { o.Client = ignoresFilters{server} })
		c.paste(newKey)
		c.sees("cannot look a key up")
		c.seesNot("belongs to")
	})
}

// ignoresFilters is a server that answers a filter it does not know with all.
type ignoresFilters struct{ *authority }

func (s ignoresFilters) ServiceAccounts(ctx context.Context, _ api.ServiceAccountFilter, options api.ListOptions) (api.ServiceAccountList, error) {
	return s.authority.ServiceAccounts(ctx, api.ServiceAccountFilter{}, options)
}

func TestAListThatLeadsInACircleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24, func(o *tui.Options) { o.Client = circles{server} })
		c.sees("leads in a circle")
		if n := server.calls["accounts"] + server.calls["teams"]; n > 12 {
			t.Errorf("%d calls", n)
		}
	})
}

// circles is a server whose next links lead back.
type circles struct{ *authority }

func (s circles) ServiceAccountPages(context.Context, api.ServiceAccountFilter) iter.Seq2[api.ServiceAccountList, error] {
	return func(yield func(api.ServiceAccountList, error) bool) {
		yield(api.ServiceAccountList{}, &api.Error{Kind: api.KindMalformed, Detail: "The list leads in a circle."})
	}
}

func (s circles) Teams(ctx context.Context, f api.TeamFilter, o api.ListOptions) (api.TeamList, error) {
	list, err := s.authority.Teams(ctx, f, o)
	list.Links.Next = "/teams"
	return list, err
}

func (s circles) NextTeams(ctx context.Context, _ string) (api.TeamList, error) {
	return s.Teams(ctx, api.TeamFilter{}, api.ListOptions{})
}

func TestARefusedStartDoesNotSpeakOfASecondKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(string, int) *api.Error { return unauthorized() }
		c := newConsole(t, server, 80, 24)
		c.sees("does not accept your key")
		c.seesNot("either", "too")
		c.press("esc", "n")
		c.sees("press r to sign in")
		c.press("r")
		c.sees("Sign in")
	})
}

func TestTeamsAreLoadedAgainAndTheirFailureIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("teams", 1, 2, &api.Error{Kind: api.KindRefused, Code: api.CodeInternal, Status: 500, Detail: "The server failed."})
		c := newConsole(t, server, 80, 24)
		c.press("n")
		c.sees("The teams could not be loaded: The server failed.")
		c.wait(10 * time.Second)
		c.sees("developers", "platform")
	})
}

func TestPermissionsThatChangedApplyAfterARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		granted := server.caller.Permissions
		server.caller.Permissions = nil
		c := newConsole(t, server, 80, 24)
		c.press("n")
		c.sees("You need the permission")
		server.caller.Permissions = granted
		c.press("r", "n")
		c.sees("New API Key")
	})
}

func TestADeletionWhoseAnswerWasLostIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("delete", 1, 1, lost())
		c := newConsole(t, server, 80, 24)
		c.press("d", "tab", "enter")
		server.accounts = server.accounts[1:]
		c.press("esc")
		c.sees("may have been deleted", "7 keys")
	})
}

func TestAnAccountDeletedBetweenTwoTriesCanBeMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("create", 1, 1, &api.Error{Kind: api.KindRefused, Code: api.CodeConflict, Status: 409, Detail: "deleted since"})
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("Create makes it again")
		c.press("enter")
		c.sees(newKey)
		if server.keys[0] == server.keys[1] {
			t.Error("the same idempotency key was sent again")
		}
	})
}

func TestAScreenThatIsTooSmallTakesNoKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.wait(2 * time.Second)
		c.send(tea.WindowSizeMsg{Width: 50, Height: 24})
		c.sees("A new key waits")
		c.press("i", "esc", "y", "ctrl+c", "y")
		c.wait(2 * time.Second)
		c.press("y", "i")
		c.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		c.sees(newKey)
		if c.quit {
			t.Error("the program ended")
		}
	})
}

func TestATypedKeyIsHiddenAndFindsItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("/")
		c.typeText(knownKey[:40])
		c.seesNot(knownKey[:40])
		c.typeText(knownKey[40:])
		c.sees("belongs to nightly-ci-deps")
		c.seesNot(knownKey[:20])
		c.press("n")
		c.paste(newKey)
		c.seesNot(newKey[:20])
		c.sees("it was not pasted")
	})
}

func TestEscGoesBackOneStepInTheForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("esc")
		c.sees("New API Key", "ci-deploy-ap", "1 of 4")
		c.press("esc")
		c.seesNot("New API Key")
	})
}

func TestReadOnlyOffersNothingThatChangesAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24, func(o *tui.Options) { o.ReadOnly = true })
		c.sees("read-only")
		c.seesNot("n new", "d delete")
	})
}

func TestASecretCanBeRevealedWhileItIsDestroyed(t *testing.T) {
	t.Parallel()
	secret := api.NewSecret(newKey)
	done := make(chan string)
	go func() { done <- secret.Reveal() }()
	secret.Destroy()
	if got := <-done; got != "" && got != newKey {
		t.Error("half of a key was revealed")
	}
	if fmt.Sprint(secret) != "[redacted]" {
		t.Error("a destroyed secret prints otherwise")
	}
}

func TestOneRetryAtATimeIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, _ int) *api.Error {
			if call == "teams" || call == "me" {
				return unreachable()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		for range 30 {
			c.press("r")
		}
		before := server.calls["teams"]
		c.wait(10 * time.Minute)
		if n := server.calls["teams"] - before; n > 20 {
			t.Errorf("%d calls in ten minutes", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("create", &api.Error{Kind: api.KindRefused, Code: api.CodeRateLimited, Status: 429, Detail: "Too many.", RetryAfter: time.Minute})(server)
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		for range 10 {
			c.press("enter", "esc")
		}
		c.press("enter")
		before := len(server.keys)
		c.wait(61 * time.Second)
		if n := len(server.keys) - before; n != 1 {
			t.Errorf("%d creates were sent in a minute", n)
		}
	})
}

func TestTheSignInComesBackToTheFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			switch {
			case call == "create" && attempt == 1:
				return lost()
			case call == "create" && attempt <= 3:
				return unauthorized()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.wait(2 * time.Second)
		c.sees("does not accept your key")
		c.press("ctrl+c")
		c.sees("The account may exist")
		c.press("enter")
		c.sees("does not accept your key")
		c.paste(knownKey)
		c.press("enter", "enter")
		c.sees(newKey)
	})
}

func TestASignInThatWasGivenUpDoesNotTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("accounts", 1, 1, unauthorized())
		other := newAuthority()
		other.caller.Email = "late@example.com"
		other.delay["me"] = 10 * time.Second
		tries := 0
		c := newConsole(t, server, 80, 24, func(o *tui.Options) {
			o.SignIn = func(api.Secret) (tui.Client, error) {
				tries++
				if tries == 1 {
					return other, nil
				}
				return server, nil
			}
		})
		c.paste(knownKey)
		c.press("enter", "esc", "r")
		c.paste(newKey)
		c.press("enter")
		c.wait(20 * time.Second)
		c.sees("ada@example.com")
		c.seesNot("late@example.com")
	})
}

func TestTheQuestionGoesWhenTheKeyHasArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "w")
		c.paste(filepath.Join(t.TempDir(), "late.key"))
		var write tea.Cmd
		c.model, write = c.model.Update(keyPress("enter"))
		c.press("ctrl+c")
		c.sees("Leave without the key?")
		c.run(write)
		c.settle()
		c.seesNot("Leave without the key?")
		c.sees("Written to")
	})
}

func TestAFileThatIsNeverWrittenDoesNotLockThePersonIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "w")
		c.model, _ = c.model.Update(keyPress("enter")) // its command never ends
		c.sees("Writing")
		c.press("esc", "i")
		c.sees(newKey)
		c.wait(10 * time.Second)
		c.press("i")
		c.holdsNoKey()
	})
}

func TestTheQuestionToQuitIsAskedEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing("create", lost())(server)
		c := newConsole(t, server, 80, 24)
		c.fill("plat", "ci-deploy-ap")
		c.press("enter", "ctrl+c")
		c.sees("Asking once more quits")
		c.wait(time.Minute)
		c.press("ctrl+c")
		if c.quit {
			t.Fatal("one ctrl+c quit, a minute after the question")
		}
		c.press("ctrl+c")
		if !c.quit {
			t.Error("ctrl+c after the question does not quit")
		}
	})
}

func TestASupersededLoadIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24)
		server.fail = failFrom("accounts", 2, 2, unauthorized())
		server.delay["accounts"] = time.Second
		c.press("r", "r")
		c.wait(3 * time.Second)
		c.seesNot("does not accept", "not valid", "stale")
	})
}

func TestWithoutAKeyTheConsoleAsksForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = failFrom("accounts", 1, 1, unauthorized())
		c := newConsole(t, server, 80, 24, func(o *tui.Options) { o.SignedOut = true })
		c.sees("No API key was given")
		c.paste(knownKey)
		c.press("enter")
		c.sees("8 keys", "Signed in as")
	})
}

// A key that was written to a file has arrived, whatever becomes of its copy.
func TestAWrittenKeyIsNotAskedAboutWhileItIsStillBeingCopied(t *testing.T) {
	t.Chdir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.board.slow = 10 * time.Second
		c.fill("plat", "ci-deploy-ap")
		c.press("enter")
		c.sees("Copying")
		c.press("w", "enter")
		c.sees("Written to", "Copying")
		c.press("esc")
		c.seesNot("Leave without the key?")
		c.sees("Made ci-deploy-ap in platform.")
		c.wait(11 * time.Second)
		c.holdsNoKey()
	})
}
