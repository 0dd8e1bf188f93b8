package tui

import (
	"cmp"
	"strings"
)

// mark marks what words name: a row, a range of rows, or all that is listed.
func (l *Linear) mark(words string) {
	if l.model.at != pageAccounts {
		l.say("Only service accounts can be marked.")
		return
	}
	from, to, isRange := strings.Cut(words, " to ")
	switch {
	case words == "all":
		l.command("mark-all")
	case words == "invert":
		l.command("invert-marks")
	case isRange:
		first, last := l.place(strings.TrimSpace(from)), l.place(strings.TrimSpace(to))
		if first < 0 || last < 0 {
			return
		}
		l.pass(choiceMsg(first))
		if account, _ := l.model.accounts.current(); l.model.accounts.marks.ids[account.ID] {
			l.command("mark") // what was marked is marked again, as the beginning
			l.pass(choiceMsg(first))
		}
		l.command("mark")
		l.pass(choiceMsg(last))
		l.command("mark-range")
	case l.pick(words):
		l.command("mark")
	default:
		return
	}
	l.chosen = ""
	if l.model.toast.text == "" {
		l.say(cmp.Or(l.model.accounts.markSummary(), "None marked") + ".")
	}
}

// unmark takes all marks away.
func (l *Linear) unmark() {
	if len(l.model.accounts.marks.ids) == 0 {
		l.say("Nothing is marked.")
		return
	}
	if l.model.accounts.box.query() != "" {
		// The screen has esc for both, and clears the search first.
		l.command("clear-search")
	}
	l.command("unmark")
	l.say("None marked.")
}
