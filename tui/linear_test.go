package tui_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// listener is a person who answers the console line by line.
type listener struct {
	*console
	heard  *bytes.Buffer
	linear *tui.Linear
}

func newListener(t *testing.T, server *authority, change ...func(*tui.Options)) *listener {
	t.Helper()
	l := &listener{heard: &bytes.Buffer{}}
	l.console = newConsoleOf(t, server, 0, 0, func(options tui.Options) tea.Model {
		l.linear = tui.NewLinear(options, l.heard, false)
		return l.linear
	}, change...)
	return l
}

// answers gives lines, each when it is waited for, and returns what is said after
// the first of them.
func (l *listener) answers(lines ...string) string {
	l.t.Helper()
	before := l.heard.Len()
	for _, line := range lines {
		l.send(tui.LineMsg(line))
		l.wait(2 * time.Second)
	}
	return l.heard.String()[before:]
}

func (l *listener) hears(said string, texts ...string) {
	l.t.Helper()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			l.t.Fatalf("it does not say %q but:\n%s", text, said)
		}
	}
}

// nowhere is a machine without a clipboard.
type nowhere struct{}

func (nowhere) Copy(context.Context, string) clipboard.Result { return clipboard.Result{} }

func withoutClipboard(o *tui.Options) { o.Clipboard = nowhere{} }

func TestLinearDeletesWhatIsInUseByItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t, newAuthority())
		said := l.answers("search ci-deploy-eu", "1", "delete")
		l.hears(said, "ci-deploy-eu, team platform", "Used 2 minutes ago from 10.0.4.7: something depends on it.", "Type its name, or cancel: ")
		l.hears(l.answers("delete"), "That is not its name: ci-deploy-eu")
		l.hears(l.answers("ci-deploy-eu"), "delete or cancel: ")
		if len(l.server.deleted) != 0 {
			t.Fatal("its name alone deleted it")
		}
		l.hears(l.answers("delete"), "Deleted ci-deploy-eu. Its key is refused from now on.")
		if !slices.Equal(l.server.deleted, []string{"01890000-0000-7000-8000-000000000002"}) {
			t.Errorf("deleted %v", l.server.deleted)
		}
	})
}

func TestLinearDeletesManyByTheirCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t, newAuthority())
		said := l.answers("list", "mark 4 to 6", "delete")
		l.hears(said, "3 marked.", "Delete 3 Service Accounts.", "nightly-ci-deps, team data, ID ", "Type how many they are: 3, or cancel: ")
		l.answers("2", "delete", "3")
		if len(l.server.deleted) != 0 {
			t.Fatal("the count alone deleted them")
		}
		l.answers("delete")
		if len(l.server.deleted) != 3 {
			t.Errorf("deleted %v", l.server.deleted)
		}
	})
}

// A number means the row that was said with it, whatever has gone since.
func TestLinearNumbersMeanWhatWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t, newAuthority())
		l.answers("list")
		l.server.deletes(l.server.accounts[0].ID)
		l.wait(time.Minute)
		l.hears(l.answers("2"), "Chosen: ci-deploy-eu,")
		l.hears(l.answers("1"), "Row 1 is no longer there")
		l.hears(l.answers("delete"), "ci-deploy-eu, team platform")
	})
}

func TestLinearTellsWhatHappenedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(call string, attempt int) *api.Error {
			if call == "create" && attempt == 1 {
				return lost()
			}
			return nil
		}
		l := newListener(t, server, withoutClipboard)
		said := l.answers("new", "platform", "ci-new", "", "have")
		l.hears(said, "The answer was lost. Asking again with the same request", "An answer was lost on the way: same account, with a fresh key.")
		if len(server.keys) != 2 || server.keys[0] != server.keys[1] {
			t.Errorf("the creates were sent with %v", server.keys)
		}
		server.deletes(server.accounts[0].ID)
		l.wait(time.Minute)
		l.hears(l.answers(""), "8 keys now.")
	})
}

// A key that is typed by mistake is said by nobody.
func TestLinearRepeatsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t, newAuthority())
		said := l.answers(knownKey)
		l.hears(said, "The pasted key belongs to nightly-ci-deps in data.")
		l.answers("search "+knownKey, "new", knownKey, "platform", knownKey, "cancel", "identify", knownKey, ".")
		l.hears(l.heard.String(), "nightly-ci-deps, team data")
		if strings.Contains(l.heard.String(), knownKey[3:20]) {
			t.Errorf("the key was said:\n%s", l.heard)
		}
	})
}

func TestLinearSignsInThroughAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(string, int) *api.Error { return unauthorized() }
		l := newListener(t, server)
		l.hears(l.heard.String(), "Sign in.", "The server does not accept your key", "Key, again or back: ")
		server.mu.Lock()
		server.fail = nil
		server.mu.Unlock()
		l.hears(l.answers("nonsense"), "Nothing was sent: ")
		l.hears(l.answers(knownKey), "API Keys> ")
		if strings.Contains(l.heard.String(), knownKey) {
			t.Error("the key was said")
		}
	})
}

func TestLinearSaysWhyNothingIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAuthority()
		server.fail = func(string, int) *api.Error {
			return &api.Error{Kind: api.KindProxy, Detail: "the proxy refused to connect"}
		}
		l := newListener(t, server)
		l.hears(l.heard.String(), "The proxy refused to connect.\n", "\nAPI Keys.\nAPI Keys> ")
	})
}

func TestLinearSaysPagesAndDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t, newAuthority())
		l.hears(l.answers("list", "details 2"), "Team: platform", "Last used: 2 minutes ago from 10.0.4.7", "Expires: never")
		l.hears(l.answers("teams", "list"), "Teams> ", "1. ", ", role ")
		l.hears(l.answers("details 1"), "Role: ", "Service accounts: ")
		l.hears(l.answers("show 1"), "API Keys> ")
		l.hears(l.answers("audit", "list"), "Audit log> ")
		l.hears(l.answers("sort used"), "Only API keys can be sorted.")
		l.hears(l.answers("keys", "search", "sort used", "reverse"), "Sorted by ")
		l.hears(l.answers("help"), "search WORDS: ")
		l.hears(l.answers("fly"), "Not understood: fly.")
	})
}

// hostile is text of a server that means harm, as the client lets it through.
var hostileName = api.Clean("\x1b]52;c;aGk=\x07evil\u202e\u009b31m\nnew")

// FuzzLinearLines: whatever is answered and whatever the server's names are,
// nothing is deleted but by the word for it in a dialog that asks, nothing is
// made but by a form, and nothing is written but harmless lines.
func FuzzLinearLines(f *testing.F) {
	f.Add("list\n1\ndelete\ndelete\n")
	f.Add("new\n1\nname\nhave\nquit\nyes")
	f.Add("mark all\ndelete\n8\ndelete\n")
	f.Add("teams\nnew\n1\nx\naudit\nlist\nshow 1\n/\x1b[2J\ndetails 1\nidentify\n.\n")
	f.Add("new sealed\n1\n\\cancel\nage1\ncancel\nview x\nsort\nnext\nprevious\n-1\n99999999999999999999")
	f.Fuzz(func(t *testing.T, script string) {
		t.Chdir(t.TempDir())
		synctest.Test(t, func(t *testing.T) {
			server := newAuthority()
			server.accounts[0].Name, server.teams[1].Name, server.accounts[2].Team.Name = hostileName, hostileName, hostileName
			l := newListener(t, server, withoutClipboard)
			lines := strings.Split(script, "\n")
			for _, line := range lines[:min(len(lines), 40)] {
				before := l.heard.String()
				deleted, made := len(server.deleted), len(server.keys)
				l.answers(line)
				asked := before[strings.LastIndexByte(before, '\n')+1:]
				confirmed := asked == "delete or cancel: " && slices.Contains([]string{"delete", "yes", "y", "d"}, strings.ToLower(strings.TrimSpace(line)))
				if len(server.deleted) > deleted && !confirmed {
					t.Fatalf("%q to %q deleted", line, asked)
				}
				if len(server.keys) > made && !slices.Contains([]string{"Name: ", "Seal to: ", "create or cancel: ", "again or stop: "}, asked) {
					t.Fatalf("%q to %q made", line, asked)
				}
				if l.quit {
					break
				}
			}
			for _, r := range l.heard.String() {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("it wrote %U:\n%q", r, l.heard)
				}
			}
			for _, line := range strings.Split(l.heard.String(), "\n") {
				if strings.Contains(line, newKey) && line != newKey {
					t.Fatalf("the key is in %q", line)
				}
			}
			if strings.Contains(ansi.Strip(l.heard.String()), knownKey) {
				t.Fatal("a key that was typed was said")
			}
		})
	})
}
