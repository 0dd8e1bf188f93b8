package tui

import (
	"context"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// question is what is asked now.
type question struct {
	// step names it: another step is another question.
	step string
	// intro is said when its dialog opens, about each time that it is asked.
	intro, about []string
	prompt       string
}

// withoutSequences is a clipboard that writes nothing to the terminal.
type withoutSequences struct{ Clipboard }

func (c withoutSequences) Copy(ctx context.Context, text string) clipboard.Result {
	r := c.Clipboard.Copy(ctx, text)
	if r.Sequence != "" {
		r.Sequence, r.Terminal = "", clipboard.None
	}
	return r
}

// raw writes what is harmless already.
func (l *Linear) raw(text string) { _, _ = io.WriteString(l.out, text) }

// say writes a text as lines that can be read aloud.
func (l *Linear) say(lines ...string) {
	for _, text := range lines {
		for _, line := range strings.Split(text, "\n") {
			if line = api.RedactKeys(spoken(line)); line != "" {
				l.raw(line + "\n")
			}
		}
	}
}

var (
	gap = regexp.MustCompile(`(\S) {2,}`)
	// signs stand before a line of the screen, and say what its words say too.
	signs = regexp.MustCompile(`^\s*([!*x+>|\-]|ok) +`)
)

// spoken makes a line of a line of the screen: no styles, no signs, no columns,
// and nothing that a terminal could take for a command.
func spoken(line string) string {
	line = strings.TrimSpace(ansi.Strip(line))
	line = signs.ReplaceAllString(line, "")
	// Of a label and what stands in its column a label with a colon is made.
	line = gap.ReplaceAllString(line, "$1: ")
	line = strings.NewReplacer("…", "...", "::", ":").Replace(line)
	return harmlessLine(line)
}

// harmlessLine leaves nothing of a text that could move a cursor.
func harmlessLine(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, api.Clean(line))
}

// tell says what has happened since the last question, then what this one is about.
func (l *Linear) tell(now question) {
	m := &l.model
	if t := m.toast; t.text != "" && t != l.told.toast {
		l.say(t.text)
	}
	l.told.toast = m.toast
	failed := ""
	if f := m.current().failed(); f != nil {
		failed = sentence(f.err.Detail)
	}
	if failed != "" && failed != l.told.failure {
		l.say(failed, sentence(strings.ReplaceAll(m.failureNext(m.current().failed()), m.keys.Refresh.Help().Key+" ", "refresh ")))
	}
	l.told.failure = failed
	top := noDialog
	if n := len(m.dialogs); n > 0 {
		top = m.dialogs[n-1].id
	}
	if top == noDialog {
		l.tellPage()
	}
	if top != l.told.dialog {
		l.say(now.intro...)
		if d, ok := m.topDialog().(keyDialog); ok {
			l.showKey(d)
		}
	}
	l.told.dialog = top
	l.say(now.about...)
}

// tellPage says which page it is when that is news, and how many there are when
// that is.
func (l *Linear) tellPage() {
	m := &l.model
	live := strings.Trim(ansi.Strip(m.liveness()), " -*")
	if m.at != l.told.page {
		v := m.current().draw(m.layout(), m.environment())
		_, title, _ := strings.Cut(v.title, "> ")
		if summary := ansi.Strip(v.summary); summary != "" { // of what is not loaded there is none
			title += ": " + summary
		}
		l.say(title + ".")
		if query := l.rows().box.shown(); query != "" {
			l.say("Searched for: " + query + ", " + l.matchCount() + " found. search alone clears it.")
		}
		l.told.page, l.told.count, l.told.live = m.at, m.accounts.list.Living(), live
		return
	}
	if count := m.accounts.list.Living(); m.at == pageAccounts && count != l.told.count {
		l.say(plural(count, "key") + " now.")
		l.told.count = count
	}
	if live != l.told.live && l.told.live != "" && live != "" {
		l.say("The list is " + live + ".")
	}
	l.told.live = live
}

// tellProgress says what is waited for, once.
func (l *Linear) tellProgress() {
	m := &l.model
	words := ""
	switch d := m.topDialog().(type) {
	case nil:
		if m.accounts.load.running && m.at == pageAccounts {
			words = "Loading service accounts."
		}
	case createDialog:
		if d.retry != nil && !d.sending || d.note != "" {
			words = strings.Join(d.status(m.wide()), " ")
		}
	case deleteDialog:
		if !d.retryAt.IsZero() || d.note != "" {
			words = strings.Join(d.status(m.wide()), " ")
		}
	case bulkDialog:
		if d.phase != bulkLooks {
			words = "Deleting " + plural(len(d.items), "service account") + "."
		}
	}
	if words != "" && words != l.told.progress {
		if l.asked != "" {
			return // what happens by itself is said with the next question
		}
		l.say(words)
		l.told.progress = words
	}
}

// wide is an environment in which no sentence is broken.
func (m *Model) wide() environment {
	e := m.environment()
	e.width, e.height, e.screen = 4000, 4000, 4000
	return e
}

// Words that are answers, with the keys of the screen for the same.
var (
	wordsBack   = []string{"cancel", "back", "esc", "stop", "no", "n"}
	wordsQuit   = []string{"quit", "exit", "ctrl+c"}
	wordsDelete = []string{"delete", "yes", "y", "d"}
)

func means(line string, words []string) bool {
	line = strings.ToLower(strings.TrimSpace(line))
	for _, word := range words {
		if line == word {
			return true
		}
	}
	return false
}
