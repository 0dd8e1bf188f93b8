package tui_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui"
)

// orderly is an authority where deletions that are under way at once end in an
// order that their ids decide.
type orderly struct{ *authority }

func (o orderly) DeleteServiceAccount(ctx context.Context, id string) error {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id))
	time.Sleep(time.Duration(sum.Sum32()%300_000) * time.Microsecond)
	return o.authority.DeleteServiceAccount(ctx, id)
}

func ordered(o *tui.Options) { o.Client = orderly{o.Client.(*authority)} }

// deed is one thing that a person does, by keys and by lines.
type deed struct {
	keys  []string // a key's name, or "text:" and what is typed
	lines []string
}

func (d deed) String() string { return fmt.Sprintf("%q or %q", d.keys, d.lines) }

// pair are two persons at two consoles of two authorities that hold the same.
type pair struct {
	t      *testing.T
	screen *console
	lines  *listener
	random *rand.Rand
	made   int
}

// rest lets the same time pass for both, until all toasts are gone.
func (p *pair) rest() {
	for range 60 {
		p.screen.settle()
		p.lines.settle()
		time.Sleep(400 * time.Millisecond)
	}
	for _, c := range []*console{p.screen, p.lines.console} {
		c.settle()
		c.send(tea.FocusMsg{}) // both know what time it is now
		c.settle()
	}
}

func (p *pair) do(d deed) {
	for _, key := range d.keys {
		if text, typed := strings.CutPrefix(key, "text:"); typed {
			p.screen.typeText(text)
			continue
		}
		p.screen.press(key)
	}
	for _, line := range d.lines {
		p.lines.send(tui.LineMsg(line))
		p.lines.settle()
	}
	p.rest()
}

// same holds the two against each other: all that the screen shows, the stack of
// dialogs with it, and what the servers were told.
func (p *pair) same(done []deed) {
	p.t.Helper()
	if a, b := p.state(), p.lines.linear.Model().State(); !reflect.DeepEqual(a, b) {
		p.t.Fatalf("after %v the states differ: by keys %+v, by lines %+v; it said:\n%s", done, a, b, p.lines.heard)
	}
	a, b := p.screen.screen(), ansi.Strip(p.lines.linear.Model().View().Content)
	if a != b {
		p.t.Fatalf("after %v the screens differ; by keys:\n%s\nby lines:\n%s\nit said:\n%s", done, a, b, p.lines.heard)
	}
	if !slices.Equal(p.screen.server.deleted, p.lines.server.deleted) || !slices.Equal(p.screen.server.keys, p.lines.server.keys) {
		p.t.Fatalf("after %v the servers differ: %v %v, %v %v", done,
			p.screen.server.deleted, p.lines.server.deleted, p.screen.server.keys, p.lines.server.keys)
	}
}

// others is another administrator, who acts on both authorities.
func (p *pair) others() {
	p.made++
	for _, server := range []*authority{p.screen.server, p.lines.server} {
		switch n := len(server.accounts); {
		case n == 0: // there is nothing to make another one of
		case p.made%2 == 0 && n > 4:
			server.deletes(server.accounts[p.made%n].ID)
		default:
			server.makes(newcomer(server, p.made, fmt.Sprintf("made-%d", p.made)))
		}
	}
}

func (p *pair) state() tui.State { return p.screen.model.(tui.Model).State() }

// one chooses among deeds.
func (p *pair) one(deeds ...deed) deed { return deeds[p.random.IntN(len(deeds))] }

// key is a key and the line for the same.
func key(key, line string) deed { return deed{[]string{key}, []string{line}} }

// entered is a text that takes the place of what is in a field.
func entered(text string) deed {
	return deed{[]string{"end", "ctrl+u", "text:" + text, "enter"}, []string{text}}
}

// next is something that can be done as things stand.
func (p *pair) next() deed {
	s := p.state()
	if len(s.Dialogs) == 0 {
		return p.onPage(s)
	}
	into := func(text string) deed {
		d := entered(text)
		d.keys = append(slices.Repeat([]string{"tab"}, s.Tabs), d.keys...)
		return d
	}
	cancel := p.one(key("esc", "cancel"), key("esc", ""))
	switch top := s.Dialogs[len(s.Dialogs)-1] + " " + s.Focus; top {
	case "tui.keyDialog leaving":
		return p.one(key("y", "yes"), key("n", "no"))
	case "tui.keyDialog ":
		return p.one(key("i", "have"), key("esc", "leave"), key("c", "copy"))
	case "tui.createDialog pick":
		return p.one(entered("platform"), entered("data"), entered("developers"), key("esc", "cancel"))
	case "tui.createDialog name":
		return p.one(entered("ci-new"), entered(strings.Repeat("x", 70)), key("esc", ""))
	case "tui.deleteDialog name":
		return p.one(into(s.Named), into(s.Named), into("wrong"), cancel)
	case "tui.deleteDialog button":
		return p.one(deed{[]string{"tab", "enter"}, []string{"delete"}}, cancel, deed{nil, []string{"perhaps"}})
	case "tui.bulkDialog ":
		return p.one(into(strconv.Itoa(s.Left)), into("77"), cancel)
	case "tui.deleteDialog named", "tui.bulkDialog named":
		return p.one(key("enter", "delete"), key("enter", "y"), cancel)
	default:
		p.t.Fatalf("there is no deed for %s", top)
		return deed{}
	}
}

// isNew reports whether an account is one that was made here.
func isNew(account api.ServiceAccount) bool { return account.ID == "new-id" }

// onPage is something that can be done where no dialog is open.
func (p *pair) onPage(s tui.State) deed {
	deeds := []deed{key("1", "keys"), key("2", "audit"), key("3", "teams"), key("r", "refresh")}
	var row []string // to a random row
	number := ""
	on := func(keys ...string) []string { return slices.Concat(row, keys) }
	if s.Rows > 0 {
		n := p.random.IntN(s.Rows)
		row, number = append([]string{"g"}, slices.Repeat([]string{"j"}, n)...), strconv.Itoa(n+1)
	}
	if s.Page != "API Keys" {
		if s.Rows > 0 {
			deeds = append(deeds, deed{on("i", "esc"), []string{"list 500", "details " + number}})
		}
		return p.one(deeds...)
	}
	var cleared []string
	if s.Query != "" {
		cleared = []string{"esc"}
		deeds = append(deeds, key("esc", "search"))
	}
	deeds = append(deeds, key("s", "sort"), key("S", "reverse"))
	for _, words := range []string{"ci", "deploy", "team:data", "zzz", "used:never"} {
		deeds = append(deeds, deed{slices.Concat(cleared, []string{"/", "text:" + words, "enter"}), []string{"search " + words}})
	}
	if s.Marks > 0 {
		deeds = append(deeds, deed{slices.Concat(cleared, []string{"esc"}), []string{"unmark"}}, key("d", "delete"), key("d", "d"))
	}
	if !slices.ContainsFunc(p.screen.server.accounts, isNew) {
		deeds = append(deeds, key("n", "new"), key("n", "n"))
	}
	if s.Rows == 0 {
		return p.one(deeds...)
	}
	deeds = append(deeds, key("*", "mark all"), key("~", "mark invert"),
		deed{row, []string{"list 500", number}},
		deed{on("space"), []string{"list 500", "mark " + number}},
		deed{on("enter", "esc"), []string{"list 500", "details " + number}})
	if s.Marks == 0 {
		deeds = append(deeds, deed{on("d"), []string{"list 500", "delete " + number}}, deed{on("d"), []string{"list 500", number, "d"}})
	}
	return p.one(deeds...)
}

// TestLinearReachesWhatTheScreenReaches: random deeds, carried out by keys at one
// console and by lines at another, lead to the same screens and the same servers.
func TestLinearReachesWhatTheScreenReaches(t *testing.T) {
	var deleted, made int
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ascii := func(o *tui.Options) { o.ASCII = true }
				p := &pair{t: t, random: rand.New(rand.NewPCG(seed, 5))}
				p.screen = newConsole(t, newAuthority(), 120, 40, withoutClipboard, ascii, ordered)
				p.lines = newListener(t, newAuthority(), withoutClipboard, ordered)
				var done []deed
				p.rest()
				p.same(done)
				for range 120 {
					if p.random.IntN(12) == 0 {
						p.others()
						p.rest()
					}
					d := p.next()
					done = append(done, d)
					p.do(d)
					if p.same(done[max(len(done)-4, 0):]); p.screen.quit {
						break
					}
				}
				deleted += len(p.screen.server.deleted)
				made += len(p.screen.server.keys)
			})
		})
	}
	if deleted == 0 || made == 0 {
		t.Errorf("%d were deleted and %d made: the test does not reach far enough", deleted, made)
	}
}
