package tui

import (
	"fmt"

	"github.com/lifeguard-keys/lifeguard/api"
)

// place finds the row that words name: a number that was said, a place, or a name.
// It is -1, and why is said, when there is none.
func (l *Linear) place(words string) int {
	length := l.rows().table.Length()
	n := number(words)
	wanted := ""
	if at := n - 1 - l.listed.from; n > 0 && l.listed.page == l.model.at && at >= 0 && at < len(l.listed.ids) {
		wanted = l.listed.ids[at]
		if n <= length && l.idAt(n-1) == wanted {
			return n - 1
		}
	} else if n > 0 {
		if n > length {
			l.say(fmt.Sprintf("There is no row %d; there are %s.", n, count(length)))
			return -1
		}
		return n - 1
	}
	found := -1
	for place := range length {
		if id := l.idAt(place); id == wanted || wanted == "" && (id == words || l.nameAt(place) == words) {
			if found >= 0 {
				l.say("There are several " + words + ": choose by number, or search for one of them.")
				return -1
			}
			found = place
		}
	}
	switch {
	case found < 0 && wanted != "":
		l.say(fmt.Sprintf("Row %d is no longer there: answer list.", n))
	case found < 0:
		l.say("There is no " + words + " among what is listed.")
	}
	return found
}

func (l *Linear) nameAt(place int) string {
	m := &l.model
	switch m.at {
	case pageTeams:
		return m.teamsPage.list[m.teamsPage.view[place]].Name
	case pageAccounts:
		return m.accounts.shown.At(m.accounts.row(place)).Name
	}
	return ""
}

// pick puts the cursor on what words name, "" for what is chosen already. It
// reports whether something is chosen now; if not, it has said why.
func (l *Linear) pick(words string) bool {
	if words == "" {
		if l.model.at == pageAccounts && l.chosen != "" {
			if account, ok := l.model.accounts.current(); ok && account.ID == l.chosen {
				return true
			}
			l.chosen = ""
			l.say("What was chosen is no longer in the list. Choose again.")
			return false
		}
		if l.model.at == pageAccounts || l.listed.page != l.model.at {
			l.say("Choose one first, by its number. list says the rows.")
			return false
		}
		return l.rows().table.Length() > 0
	}
	place := l.place(words)
	if place < 0 {
		return false
	}
	l.pass(choiceMsg(place))
	if l.model.at == pageAccounts {
		l.chosen = l.idAt(place)
	}
	return true
}

// chooseAloud chooses, and says what was chosen.
func (l *Linear) chooseAloud(words string) {
	if words == "" || !l.pick(words) {
		if words == "" {
			l.say("Choose what? Answer its number or its name.")
		}
		return
	}
	if account, ok := l.model.accounts.current(); ok && l.model.at == pageAccounts {
		l.say("Chosen: " + accountWords(account) + ".")
		return
	}
	l.say("Chosen: " + l.rowWords(l.rows().table.Cursor()) + ".")
}

// accountWords name an account beyond doubt.
func accountWords(account api.ServiceAccount) string {
	return account.Name + ", team " + account.Team.Name + ", key " + account.Key.Hint + ", ID " + account.ID
}

func (l *Linear) details(words string) {
	if !l.pick(words) {
		return
	}
	if l.model.at == pageAccounts {
		l.command("details")
		return
	}
	l.command("inspect")
}

func (l *Linear) show(words string) {
	switch {
	case l.model.at == pageAccounts:
		l.details(words)
	case !l.pick(words):
	case l.model.at == pageAudit:
		l.command("show-account")
		l.chosen = l.model.accounts.selected
	default:
		l.command("show-keys")
		l.listed.pending = true
	}
}

func (l *Linear) remove(words string) {
	switch {
	case l.model.at != pageAccounts:
		l.say("Only service accounts can be deleted. Answer keys to go to them.")
	case words == "" && len(l.model.accounts.marks.ids) > 0:
		l.command("delete")
	case len(l.model.accounts.marks.ids) > 0:
		l.say("Some are marked: delete alone deletes those. unmark first to delete another one.")
	case l.pick(words):
		l.command("delete")
	}
}
