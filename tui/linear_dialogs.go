package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// question is what is asked as things stand.
func (l *Linear) question() question {
	m := &l.model
	if f, ok := l.form(); ok {
		return f.question()
	}
	e := m.wide()
	switch d := m.topDialog().(type) {
	case nil:
		return question{step: "page" + m.current().name(), prompt: m.current().name() + "> "}
	case keyDialog:
		return d.question(e)
	case deleteDialog:
		return d.question(e)
	case bulkDialog:
		return d.question(e)
	case signInDialog:
		return d.question(l.typed, e)
	case identifyDialog:
		return d.question(e)
	default:
		return question{step: fmt.Sprintf("%T", d), about: strings.Split(ansi.Strip(d.view(e).content), "\n"), prompt: "back> "}
	}
}

// answer carries out an answer to what was asked.
func (l *Linear) answer(line string) {
	d, deletes := l.model.topDialog().(deleteDialog)
	if l.model.topDialog() != nil && means(line, wordsQuit) && (!deletes || line != d.account.Name) {
		l.quit()
		return
	}
	if f, ok := l.form(); ok {
		l.answerForm(line, f)
		return
	}
	switch d := l.model.topDialog().(type) {
	case nil:
		l.answerPage(line)
	case keyDialog:
		l.answerKey(line, d)
	case deleteDialog:
		l.answerDelete(line, d)
	case bulkDialog:
		l.answerBulk(line, d)
	case signInDialog:
		l.answerSignIn(line)
	case identifyDialog:
		l.answerIdentify(line, d)
	default:
		l.press("esc")
	}
}

// shows says what needs no answer, and reports whether it did: details are said
// and closed, and what a search has found.
func (l *Linear) shows() bool {
	e := l.model.wide()
	switch d := l.model.topDialog().(type) {
	case nil:
		return l.showsRows()
	case detailsDialog:
		said := *e.styles
		said.Glyphs.Bad = "refused or failed:" // a sign in the middle of a line would not be heard
		e.styles = &said
		l.say(d.lines(e)...)
	case eventDialog:
		l.say(d.lines(e)...)
	case teamDetailsDialog:
		l.say(strings.ReplaceAll(strings.Join(d.lines(e), "\n"), e.keys.ShowKeys.Help().Key+" shows", "show says"))
	default:
		return false
	}
	l.press("esc")
	return true
}

func (d deleteDialog) question(e environment) question {
	q := question{step: fmt.Sprintf("delete %d %t %t", d.focus, d.goneBy != "", d.weighty(e.now)), intro: []string{
		"Delete Service Account.", accountWords(d.account) + ".", d.weight(e), d.stale,
		"Whatever uses its key is refused at once. This cannot be undone.",
	}}
	if d.problem != "" {
		q.about = []string{d.problem}
	}
	switch {
	case d.goneBy != "":
		q.about = []string{"It was deleted by " + d.goneBy + " while this was asked. Its key is refused."}
		q.prompt = "Any answer goes on: "
	case d.weighty(e.now) && (d.focus != focusDelete || d.name.Value() != d.account.Name):
		q.prompt = "Type its name, or cancel: "
	default:
		q.prompt = "delete or cancel: "
	}
	return q
}

// answerDelete takes the name where the screen wants it, and the word delete for the
// button: the name alone deletes nothing.
func (l *Linear) answerDelete(line string, d deleteDialog) {
	e := l.model.environment()
	switch {
	case d.goneBy != "":
		l.press("esc")
	case d.weighty(e.now) && (d.focus != focusDelete || d.name.Value() != d.account.Name):
		if line != d.account.Name && (strings.TrimSpace(line) == "" || means(line, wordsBack)) {
			l.back()
			return
		}
		l.tabUntil(func() bool { d, ok := l.model.topDialog().(deleteDialog); return !ok || d.focus == focusTyped })
		l.write(literal(line))
		l.press("enter")
	case means(line, wordsDelete):
		l.tabUntil(func() bool { d, ok := l.model.topDialog().(deleteDialog); return !ok || d.focus == focusDelete })
		l.press("enter")
	case strings.TrimSpace(line) == "" || means(line, wordsBack):
		l.back()
	default:
		l.say("Nothing is deleted. Answer delete, or cancel.")
	}
}

// back leaves a dialog that asks before something is deleted.
func (l *Linear) back() {
	l.press("esc")
	if len(l.model.dialogs) == 0 && l.model.toast.text == "" {
		l.say("Cancelled. Nothing was deleted.")
	}
}

// tabUntil moves the focus; no dialog has more than four things that can have it.
func (l *Linear) tabUntil(there func() bool) {
	for range 4 {
		if there() {
			return
		}
		l.press("tab")
	}
}

func (d bulkDialog) question(e environment) question {
	q := question{step: fmt.Sprintf("many %d %d", d.phase, d.focus)}
	if d.phase == bulkDone {
		q.about = d.progress(e)
		q.prompt = "refresh or back: "
		return q
	}
	q.intro = append([]string{"Delete " + plural(d.left(), "Service Account") + "."}, d.weight(e)...)
	for i := range d.items {
		if item := &d.items[i]; item.state == bulkWaits {
			q.intro = append(q.intro, item.account.Name+", team "+item.account.Team.Name+", ID "+item.account.ID+".")
		}
	}
	q.intro = append(q.intro, "Whatever uses their keys is refused at once. This cannot be undone.")
	for _, text := range []string{d.news, d.problem} {
		if text != "" {
			q.about = append(q.about, text)
		}
	}
	q.prompt = d.wantsCount() + ", or cancel: "
	if d.counted() && d.focus == focusDelete {
		q.prompt = "delete or cancel: "
	}
	return q
}

func (l *Linear) answerBulk(line string, d bulkDialog) {
	focused := func(focus deleteFocus) func() bool {
		return func() bool { d, ok := l.model.topDialog().(bulkDialog); return !ok || d.focus == focus }
	}
	switch {
	case d.phase == bulkDone && means(line, []string{"refresh", "r"}):
		l.press("r")
	case d.phase == bulkDone:
		l.press("esc")
	case strings.TrimSpace(line) == "" || means(line, wordsBack):
		l.back()
	case d.counted() && d.focus == focusDelete:
		if !means(line, wordsDelete) {
			l.say("Nothing is deleted. Answer delete, or cancel.")
			return
		}
		l.press("enter")
	default:
		l.tabUntil(focused(focusTyped))
		l.write(strings.TrimSpace(line))
		l.press("enter")
	}
}

func (d signInDialog) question(typed bool, e environment) question {
	why := "The server does not accept your key: it was mistyped, deleted, or its user suspended."
	if d.noKey {
		why = "No API key was given."
	}
	q := question{step: "sign in", intro: []string{"Sign in.", why, "What you were doing waits."}}
	if d.nextTime != "" {
		q.intro = append(q.intro, "For the next time, "+d.nextTime+".")
	}
	if d.problem != "" {
		q.about = []string{d.problem}
	}
	q.prompt = "Key, again or back: "
	if typed {
		// What is typed here stands on the screen, and is read aloud.
		q.about = append(q.about, "A key is not taken here, where it could be seen and heard: sign in with lifeguard login in another window, and start again.")
		q.prompt = "again or back: "
	}
	return q
}

func (l *Linear) answerSignIn(line string) {
	switch {
	case strings.TrimSpace(line) == "" || means(line, wordsBack):
		l.press("esc")
	case means(line, []string{"again", "retry", "a"}):
		l.press("ctrl+r")
	case !l.typed:
		l.write(strings.TrimSpace(line))
		l.press("enter")
	}
}

func (d identifyDialog) question(e environment) question {
	q := question{step: fmt.Sprintf("identify %s %t", d.run, d.read), prompt: "Text, or a dot: "}
	q.intro = []string{
		"Identify keys. Each key is hashed on this machine and asked for by its hash: none is sent or kept.",
		"Paste a key, or a log with keys in it. End it with a line that is a dot.",
	}
	if !d.read {
		return q
	}
	q.about = []string{d.summary()}
	for i, owner := range d.owners {
		words := "no service account has it: it is deleted, a person's own, or another organization's"
		switch {
		case owner.Err != nil:
			words = "not looked up: " + owner.Err.Error()
		case owner.Account != nil:
			words = accountWords(*owner.Account) + ", " + usedWords(*owner.Account, e)
		}
		q.about = append(q.about, fmt.Sprintf("%d. %s, %s: %s.", i+1, d.found.Keys[i].Hint, places(d.found.Keys[i].Seen), words))
	}
	q.prompt = "A number to go to its account, or back: "
	if d.stopped {
		q.prompt = "A number, again, or back: "
	}
	return q
}

// answerIdentify gathers lines until one is a dot; afterwards it takes a number.
func (l *Linear) answerIdentify(line string, d identifyDialog) {
	n := number(line)
	switch {
	case !d.read && strings.TrimSpace(line) == ".":
		text := strings.Join(l.pasting, "\n")
		l.pasting = nil
		if text == "" {
			l.press("esc")
			return
		}
		l.pass(pasteOf(text))
	case !d.read && len(l.pasting) == 0 && means(line, wordsBack):
		l.press("esc")
	case !d.read:
		l.pasting = append(l.pasting, line)
	case n > 0 && n <= len(d.owners):
		for range d.owners {
			l.press("up")
		}
		for range n - 1 {
			l.press("down")
		}
		l.press("enter")
		l.chosen = l.model.accounts.selected
	case means(line, []string{"again", "a"}):
		l.press("ctrl+r")
	default:
		l.press("esc")
	}
}
