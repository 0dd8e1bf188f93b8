package tui_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
)

func TestManyAreDeletedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("space", "space", "space")
		c.sees("8 keys · 3 marked · live ●")
		c.press("d")
		c.sees("Delete 3 Service Accounts", "2 were used in the last 24 hours: something depends on them.", "In 1 team: platform.",
			"backup-verify", "01890000-0000-7000-8000-000000000002", "Type how many they are: 3", "▸ Cancel")
		c.press("enter") // Cancel has the focus
		c.sees("3 marked")
		c.press("d", "tab", "enter")
		c.sees("Type how many they are: 3.")
		c.typeText("2")
		c.press("enter")
		c.press("backspace")
		if len(c.server.deleted) != 0 {
			t.Fatal("deleted without the count")
		}
		c.typeText("3")
		c.press("enter") // goes to the button, deletes nothing yet
		if len(c.server.deleted) != 0 {
			t.Fatal("typing the count deleted them")
		}
		c.press("enter")
		c.sees("Deleted 3 service accounts. Their keys are refused from now on.", "5 keys")
		c.seesNot("marked", "backup-verify", "ci-deploy")
		slices.Sort(c.server.deleted)
		for i, id := range c.server.deleted {
			if want := fmt.Sprintf("01890000-0000-7000-8000-%012d", i+1); id != want || len(c.server.deleted) != 3 {
				t.Errorf("deleted %v", c.server.deleted)
			}
		}
	})
}

// mark many marks all of n accounts and opens the dialog with the count typed and
// the button in focus.
func (c *console) askForAll(n int) {
	c.t.Helper()
	c.press("*", "d")
	c.sees(fmt.Sprintf("Type how many they are: %d", n))
	c.typeText(fmt.Sprint(n))
	c.press("enter")
}

func TestDeletionsAreBoundedAndCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(40)
		server.delay["delete"] = time.Second
		c := newConsole(t, server, 80, 24)
		c.askForAll(40)
		c.press("enter")
		c.wait(2500 * time.Millisecond)
		c.sees("8 of 40")
		if n := server.calls["delete"]; n != 12 {
			t.Errorf("%d deletions were begun after two rounds of four", n)
		}
		c.press("esc", "q", "n", "d", "enter")
		c.wait(time.Minute)
		c.sees("12 of 40 are deleted.", "You stopped it.", "28 not tried.", "What is left stays marked")
		if c.quit || len(server.deleted) != 12 {
			t.Errorf("%d deleted, quit %v", len(server.deleted), c.quit)
		}
		c.press("esc")
		c.sees("28 keys · 28 marked")
		c.askAgain(28)
		c.says(time.Minute, "Deleted 28 service accounts.")
		c.sees("No service accounts yet")
	})
}

func (c *console) askAgain(n int) {
	c.t.Helper()
	c.press("d")
	c.typeText(fmt.Sprint(n))
	c.press("enter", "enter")
}

func TestWhatFailedStaysMarkedAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		failing := true
		server.fail = func(call string, attempt int) *api.Error {
			if call == "delete" && failing && attempt%3 == 0 {
				return forbidden()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.askForAll(8)
		c.press("enter")
		c.sees("6 of 8 are deleted.", "2 deletions failed.", "r tries it again", "You may not see service accounts")
		if len(server.deleted) != 6 {
			t.Errorf("%d deleted", len(server.deleted))
		}
		failing = false
		c.press("r")
		c.sees("Deleted 8 service accounts.", "No service accounts yet")
	})
}

func TestDeletionsGiveUpWhenAllFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(40)
		server.fail = func(call string, _ int) *api.Error {
			if call == "delete" {
				return unreachable()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.askForAll(40)
		c.press("enter")
		c.wait(time.Minute)
		c.sees("0 of 40 are deleted.", "It stopped after 5 failures in a row.", "not tried")
		if n := server.calls["delete"]; n > 8 {
			t.Errorf("%d requests to a server that cannot be reached", n)
		}
		server.fail = nil
		c.press("r")
		c.wait(time.Second)
		c.sees("Deleted 40 service accounts.")
	})
}

func TestDeletionsWaitAsLongAsTheServerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(12)
		server.fail = func(call string, attempt int) *api.Error {
			if call == "delete" && attempt > 4 && attempt < 7 {
				return &api.Error{Kind: api.KindRefused, Code: api.CodeRateLimited, Status: 429, Detail: "too many", RetryAfter: 20 * time.Second}
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.askForAll(12)
		c.press("enter")
		c.wait(time.Second)
		c.sees("The server asks to wait")
		c.says(30*time.Second, "Deleted 12 service accounts.")
	})
}

func TestARefusedKeyStopsDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyAccounts(12)
		server.fail = func(call string, attempt int) *api.Error {
			if call == "delete" && attempt > 4 {
				return unauthorized()
			}
			return nil
		}
		c := newConsole(t, server, 80, 24)
		c.askForAll(12)
		c.press("enter")
		c.wait(time.Second)
		c.sees("4 of 12 are deleted.", "The server refused your key")
	})
}

// What others delete while the dialog asks is left out of it, and said.
func TestTheBulkDialogFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24)
		c.press("*", "d")
		server.deletes(server.accounts[1].ID)
		c.settle()
		c.sees("ci-deploy-eu was deleted by grace meanwhile.", "Type how many they are: 7", "Delete 7 Service Accounts")
		c.typeText("8")
		c.press("enter")
		c.sees("Type how many they are: 7.")
		server.deletes(server.accounts[1].ID, server.accounts[2].ID)
		c.settle()
		c.sees("2 of them were deleted by others meanwhile.", "Type how many they are: 5")
		c.press("esc")
		c.sees("5 keys · 5 marked")
		server.deletes(server.accounts[1].ID)
		c.settle()
		c.sees("which was marked, was deleted by grace.", "4 keys · 4 marked")
	})
}

// Of one that is marked the dialog is about that one, wherever the cursor is.
func TestOneMarkIsWhatIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsole(t, newAuthority(), 80, 24)
		c.press("space", "j", "j", "d")
		c.sees("Delete Service Account", "backup-verify", "01890000-0000-7000-8000-000000000001")
	})
}

func TestMarksSurviveFilterAndReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		c := newConsole(t, server, 80, 24)
		c.press("space", "j", "v") // from the first to the third
		c.sees("3 marked")
		c.press("/")
		c.typeText("deploy")
		c.press("enter")
		c.sees("3 marked, 1 hidden")
		c.press("d")
		c.sees("Delete 3 Service Accounts", "The search hides 1 of them.")
		c.press("esc", "~")
		c.sees("1 marked, 1 hidden")
		c.press("*")
		c.sees("3 marked, 1 hidden")
		c.press("*")
		c.sees("1 marked, 1 hidden")
		c.press("~", "esc")
		c.sees("3 marked")
		server.mu.Lock()
		server.accounts = server.accounts[1:] // without an event
		server.mu.Unlock()
		c.press("r")
		c.sees("2 marked", "1 marked account had been deleted meanwhile.")
		c.press("esc")
		c.seesNot("marked · live")
	})
}

// Marks, filters and the feed against a plain slice: what is marked and shown is
// what the slice says, whatever happens in whatever order.
func TestMarksAndFeedAgainstAPlainSlice(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 3))
				server := manyAccounts(25)
				for i := range server.accounts {
					server.accounts[i].Name = fmt.Sprintf("%s%02d", string(rune('a'+i%3)), i)
				}
				slices.SortFunc(server.accounts, func(x, y api.ServiceAccount) int { return strings.Compare(x.Name, y.Name) })
				c := newConsole(t, server, 100, 60)
				marked := map[string]bool{}
				query, made := "", 0
				shown := func() (names []string) {
					for _, a := range server.accounts {
						if strings.HasPrefix(a.Name, query) {
							names = append(names, a.Name)
						}
					}
					slices.Sort(names)
					return names
				}
				for step := range 120 {
					names := shown()
					switch random.IntN(9) {
					case 0, 1: // mark the row under the cursor
						if at := c.selected(); at != "" {
							c.press("space")
							marked[at] = !marked[at]
						}
					case 2:
						c.press(strings.Split("j k g G", " ")[random.IntN(4)])
					case 3:
						c.press("~")
						for _, name := range names {
							marked[name] = !marked[name]
						}
					case 4:
						if random.IntN(4) == 0 {
							c.press("*")
							all := true
							for _, name := range names {
								all = all && marked[name]
							}
							for _, name := range names {
								marked[name] = !all
							}
						}
					case 5: // another filter
						if query != "" {
							c.press("esc")
							query = ""
						} else {
							query = []string{"a", "b", "c"}[random.IntN(3)]
							c.press("/")
							c.typeText("name:/^" + query + "/")
							c.press("enter")
						}
					case 6:
						if n := len(server.accounts); n > 5 {
							gone := server.accounts[random.IntN(n)]
							delete(marked, gone.Name)
							server.deletes(gone.ID)
							c.settle()
						}
					case 7:
						made++
						server.makes(newcomer(server, made, fmt.Sprintf("%s-new-%d", []string{"a", "b", "c"}[made%3], made)))
						c.settle()
					case 8:
						c.press("r")
					}
					var rows, marks []string
					for _, line := range strings.Split(c.screen(), "\n")[4:] {
						line = strings.TrimPrefix(strings.TrimPrefix(line, "▌"), " ")
						if fields := strings.Fields(strings.TrimPrefix(line, "◆")); len(fields) > 2 && strings.Contains(line, "ps-") {
							rows = append(rows, fields[0])
							if strings.HasPrefix(line, "◆") {
								marks = append(marks, fields[0])
							}
						}
					}
					slices.Sort(rows)
					slices.Sort(marks)
					var want []string
					total, hidden := 0, 0
					for name, is := range marked {
						if is {
							total++
							if !strings.HasPrefix(name, query) {
								hidden++
							}
						}
					}
					for _, name := range shown() {
						if marked[name] {
							want = append(want, name)
						}
					}
					if !slices.Equal(rows, shown()) || !slices.Equal(marks, want) {
						t.Fatalf("step %d, filter %q: shown %v marked %v, want %v marked %v\n%s", step, query, rows, marks, shown(), want, c.screen())
					}
					switch {
					case hidden > 0:
						c.sees(fmt.Sprintf("%d marked, %d hidden", total, hidden))
					case total > 0:
						c.sees(fmt.Sprintf("· %d marked", total))
					}
				}
			})
		})
	}
}
