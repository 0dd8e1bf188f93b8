package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/picker"
)

// spokenForm is what New API Key and New Team are to somebody who listens.
type spokenForm struct {
	form
	title, noun, unique string
	taken               []string // what was picked, and what it can do
	none                string   // why there is nothing to pick
	lost                string   // what stands when nothing but asking again is possible
}

// spokenForm reads the form on top, if there is one.
func (l *Linear) form() (spokenForm, bool) {
	e := l.model.wide()
	switch d := l.model.topDialog().(type) {
	case createDialog:
		f := spokenForm{form: d.form, title: "New API Key", noun: "team", unique: "unique in its team", none: "There are no teams that you may use."}
		if e.teamsFailed != nil {
			f.none = "The teams could not be loaded: " + e.teamsFailed.Detail
		}
		if d.team != nil {
			f.taken = append([]string{"Team " + d.team.Name + ", role " + d.team.Role.Name + "."}, grants(d.team.Role, e)...)
		}
		if d.lost {
			f.lost = "The answer was lost, and the account may exist. again asks with the same request, stop gives up."
		}
		return f, true
	case teamDialog:
		f := spokenForm{form: d.form, title: "New Team", noun: "role", unique: "unique", none: "There are no roles."}
		if d.rolesFailed != nil {
			f.none = "The roles could not be loaded: " + d.rolesFailed.Detail
		}
		if d.role != nil {
			f.taken = append([]string{"Role " + d.role.Name + "."}, grants(*d.role, e)...)
		}
		return f, true
	}
	return spokenForm{}, false
}

// grants say in one line what a key with a role can do, with the warning that some
// deserve.
func grants(role api.Role, e environment) []string {
	lines := permissionWords(role, e.width, e)
	if len(lines) < 2 {
		return lines
	}
	words := make([]string, len(lines)-1)
	for i, line := range lines[1:] {
		words[i] = spoken(line)
	}
	return []string{"The key can: " + strings.Join(words, "; ") + "."}
}

func (f spokenForm) question() question {
	q := question{step: f.title + fmt.Sprint(f.focus), intro: []string{f.title + "."}}
	problem := func(text string) {
		if text != "" {
			q.about = append(q.about, sentence(text))
		}
	}
	problem(f.problem)
	problem(f.note)
	_, all := f.picker.Counts()
	switch {
	case f.lost != "":
		q.about = append(q.about, f.lost)
		q.prompt = "again or stop: "
		q.step += "lost"
	case f.focus == focusPick:
		problem(f.pickProblem)
		if all == 0 {
			q.about = append(q.about, f.none)
		} else {
			q.intro = append(q.intro, "Which "+f.noun+"? Some letters, or list for all "+plural(all, f.noun)+".")
		}
		q.prompt = strings.ToUpper(f.noun[:1]) + f.noun[1:] + ": "
	case f.focus == focusName:
		if f.nameProblem != "" {
			problem(f.nameProblem)
		} else {
			q.about = append(q.about, f.taken...)
			q.about = append(q.about, fmt.Sprintf("A name, 1 to %d characters, %s. An empty answer goes back to the %s.", api.MaxNameLength, f.unique, f.noun))
		}
		q.prompt = "Name: "
	case f.focus == focusSeal:
		problem(f.seal.problem)
		q.about = append(q.about, "The key is encrypted to them, and shown to nobody. An SSH public key, an age recipient, or @ and a file.")
		q.prompt = "Seal to: "
	default:
		q.prompt = "create or cancel: "
	}
	return q
}

func (l *Linear) answerForm(line string, f spokenForm) {
	switch {
	case f.lost != "":
		switch {
		case means(line, []string{"again", "a", "enter"}):
			l.press("enter")
		case means(line, wordsBack):
			l.press("esc")
		}
	case means(line, []string{"cancel", "esc"}):
		l.cancelForm()
	case f.focus == focusPick:
		l.answerPick(strings.TrimSpace(line), f)
	case strings.TrimSpace(line) == "":
		l.press("esc")
	case f.focus == focusName:
		l.write(literal(line))
		if l.seal && f.seal != nil {
			l.press("tab")
			return
		}
		l.press("enter")
	case f.focus == focusSeal:
		l.write(line)
		l.press("enter")
	case means(line, []string{"create", "yes", "y"}):
		l.press("enter")
	}
}

// literal lets a name be one that is an answer otherwise: a backslash before it.
func literal(line string) string { return strings.TrimPrefix(line, `\`) }

// cancelForm goes back until the form is closed: it has a few fields.
func (l *Linear) cancelForm() {
	top := l.model.dialogs[len(l.model.dialogs)-1].id
	for range 4 {
		if n := len(l.model.dialogs); n == 0 || l.model.dialogs[n-1].id != top {
			break
		}
		l.press("esc")
	}
	if len(l.model.dialogs) == 0 && l.model.toast.text == "" {
		l.say("Cancelled. Nothing was made.")
	}
}

// answerPick takes a number that was said, or letters; a name that is whole, or
// the only one with these letters, is taken at once.
func (l *Linear) answerPick(line string, f spokenForm) {
	shown := f.picker.Shown()
	switch n := number(line); {
	case means(line, []string{"", "list", "?", "help"}):
		if f.picker.Query() != "" {
			l.write("")
			f, _ = l.form()
		}
		l.sayItems(f.picker.Shown())
		return
	case means(line, []string{"back"}):
		l.press("esc")
		return
	case n > 0 && n <= len(shown):
		l.take(shown[n-1])
		return
	}
	l.write(literal(line))
	f, _ = l.form()
	shown = f.picker.Shown()
	for _, item := range shown {
		if strings.EqualFold(item.Title, literal(line)) {
			shown = []picker.Item{item}
			break
		}
	}
	switch len(shown) {
	case 0:
		l.write("")
		if f.note == "" {
			l.say("No " + f.noun + " matches that.")
		}
	case 1:
		l.take(shown[0])
	default:
		l.sayItems(shown)
		l.say("Answer one of the numbers, or more letters.")
	}
}

func (l *Linear) sayItems(items []picker.Item) {
	for i, item := range items {
		l.say(fmt.Sprintf("%d. %s, %s.", i+1, item.Title, strings.Join(item.Notes, ", ")))
	}
}

// take moves to an item of the picker and takes it.
func (l *Linear) take(wanted picker.Item) {
	f, _ := l.form()
	items := f.picker.Shown()
	for range items {
		l.press("up")
	}
	for range items {
		f, _ = l.form()
		if item, ok := f.picker.Selected(); ok && item.ID == wanted.ID {
			l.press("enter")
			return
		}
		l.press("down")
	}
}
