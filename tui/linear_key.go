package tui

import (
	"fmt"
	"strings"

	"github.com/lifeguard-keys/lifeguard/tui/clipboard"
)

// question asks whether a new key has reached its person, who is shown it when it
// opens, and on demand.
func (d keyDialog) question(e environment) question {
	q := question{step: fmt.Sprintf("key %t %t %d %t", d.leaving, d.writing, d.copies, d.written != "")}
	if d.problem != "" {
		q.about = append(q.about, d.problem)
	}
	switch {
	case d.leaving:
		q.about = append(q.about, "Leave without the key? It was not copied here and not written to a file. Its key can never be had again.")
		q.prompt = "yes leaves it, no stays: "
	case d.writing:
		q.about = append(q.about, "A new file that only you can read; it never overwrites. An empty answer is "+d.path.Value()+".")
		q.prompt = "File, or back: "
	default:
		q.about = append(q.about, d.delivery(e)...)
		q.prompt = "have, if you have it; or copy, write FILE, show: "
		switch {
		case e.noFiles && d.nowhere():
			q.prompt = "have, if you have it; or show: "
		case e.noFiles:
			q.prompt = "have, if you have it; or copy, show: "
		}
		if d.delivered {
			q.prompt = "have; or copy, write FILE, show: "
		}
	}
	return q
}

// nowhere reports whether there is nothing that it could be copied to.
func (d keyDialog) nowhere() bool { return d.copies > 0 && d.copied == clipboard.Result{} }

// showKey writes the key, alone on its line. Nothing else writes one.
func (l *Linear) showKey(d keyDialog) {
	account := d.created.ServiceAccount
	l.chosen = account.ID
	l.say("Made " + account.Name + " in team " + account.Team.Name + ".")
	switch {
	case d.sealTo != nil:
		l.say(d.sealedWords(l.model.wide())...)
	default:
		l.say("This key is shown only once; nobody can show it again. It is alone on the next line.")
	}
	for _, line := range strings.Split(d.created.APIKey.Reveal(), "\n") {
		l.raw(harmlessLine(line) + "\n")
	}
	if d.created.Replayed {
		l.say("An answer was lost on the way: same account, with a fresh key.")
	}
}

func (l *Linear) answerKey(line string, d keyDialog) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case d.writing && means(line, []string{"back", "cancel", "esc"}):
		l.press("esc")
	case d.writing:
		if strings.TrimSpace(line) != "" {
			l.write(strings.TrimSpace(line))
		}
		l.press("enter")
	case means(word, []string{"copy", "c"}):
		l.press("c")
	case means(word, []string{"write", "w"}) && l.model.options.NoFiles:
		l.say("Keys are not written to files here: this machine is not yours.")
	case means(word, []string{"write", "w"}):
		l.press("w")
		if next, ok := l.model.topDialog().(keyDialog); ok && next.writing && rest != "" {
			l.write(rest)
			l.press("enter")
		}
	case means(word, []string{"show"}):
		l.showKey(d)
	case d.leaving && means(word, []string{"yes", "y"}):
		l.press("y")
		if d.quit {
			l.leave(LinearKeyLost)
		}
	case d.leaving && means(word, wordsBack):
		l.press("n")
	case !d.leaving && means(word, []string{"have", "i", "yes"}):
		l.press("i")
	case means(word, []string{"leave", "back", "esc", "cancel"}):
		l.press("esc")
	default:
		l.say("Not understood. The key stays until you say that you have it.")
	}
}
