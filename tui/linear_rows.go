package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// listed is which rows were said last: a number means what was said with it,
// whatever has come and gone since.
type listed struct {
	page    pageID
	ids     []string // of the rows, from the first on
	from    int      // place of the first
	size    int      // how many are said at a time, 0 for the usual number
	pending bool     // they are to be said as soon as they are there
}

// usualRows is how many rows are said at a time.
const usualRows = 10

func pasteOf(text string) tea.Msg { return tea.PasteMsg{Content: text} }

// rows is the listing of the page in sight.
func (l *Linear) rows() *listing { return l.model.current().(listingPage).rows() }

// idAt names the row at a place of the page in sight.
func (l *Linear) idAt(place int) string {
	m := &l.model
	switch m.at {
	case pageAudit:
		return fmt.Sprint(m.audit.log.at(place).Sequence)
	case pageTeams:
		return m.teamsPage.list[m.teamsPage.view[place]].ID
	}
	return m.accounts.shown.ID(m.accounts.row(place))
}

// rowWords say a row in one line, what tells it from the others first.
func (l *Linear) rowWords(place int) string {
	m := &l.model
	e := m.environment()
	switch m.at {
	case pageAudit:
		event := m.audit.log.at(place)
		words := []string{ageInWords(e.now, event.Time), selection.ActorName(event.Actor), event.Action, selection.TargetName(event.Resource)}
		if event.Outcome != outcomeSuccess {
			words = append(words, event.Outcome)
		}
		return strings.Join(words, ", ")
	case pageTeams:
		team := m.teamsPage.list[m.teamsPage.view[place]]
		return team.Name + ", role " + team.Role.Name + ", " + m.teamsPage.accounts.words(team.ID) + " API keys"
	}
	account := m.accounts.shown.At(m.accounts.row(place))
	words := account.Name + ", team " + account.Team.Name + ", last used " + lastUseWords(account, e)
	if m.accounts.marks.ids[account.ID] {
		words += ", marked"
	}
	return words
}

// list says the rows of this part of the list again, or so many from now on.
func (l *Linear) list(size string) {
	if size != "" {
		n := number(size)
		if n == 0 || n > 500 {
			l.say("Say how many rows, from 1 to 500.")
			return
		}
		l.listed.size = n
	}
	if l.listed.page != l.model.at || len(l.listed.ids) == 0 {
		l.listed.from = 0
	}
	l.listRows()
}

// turn says the rows after those that were said last, or before.
func (l *Linear) turn(direction int) {
	if l.listed.page != l.model.at || len(l.listed.ids) == 0 {
		l.list("")
		return
	}
	length := l.rows().table.Length()
	from := l.listed.from + direction*l.pageSize()
	switch {
	case from >= length:
		l.say("Those were the last rows.")
		return
	case l.listed.from == 0 && direction < 0:
		l.say("Those were the first rows.")
		return
	}
	l.listed.from = max(from, 0)
	l.listRows()
}

func (l *Linear) pageSize() int {
	if l.listed.size > 0 {
		return l.listed.size
	}
	return usualRows
}

func (l *Linear) listRows() {
	length := l.rows().table.Length()
	l.listed.page, l.listed.pending, l.listed.ids = l.model.at, false, nil
	if length == 0 {
		l.say(strings.ReplaceAll(strings.Join(l.emptyWords(), "\n"), "esc clears", "search alone clears"))
		return
	}
	l.listed.from = min(l.listed.from, length-1)
	to := min(l.listed.from+l.pageSize(), length)
	if length > 1 {
		l.say(fmt.Sprintf("%d to %d of %s.", l.listed.from+1, to, count(length)))
	}
	for place := l.listed.from; place < to; place++ {
		l.listed.ids = append(l.listed.ids, l.idAt(place))
		l.say(fmt.Sprintf("%d. %s.", place+1, l.rowWords(place)))
	}
	if to < length {
		l.say("next says more.")
	}
}

func (l *Linear) emptyWords() []string {
	m := &l.model
	switch e := m.environment(); m.at {
	case pageAudit:
		return m.audit.emptyWords(e)
	case pageTeams:
		return m.teamsPage.emptyWords(e)
	default:
		return m.accounts.emptyWords(e)
	}
}

// found says what a search has found, and the first of it.
func (l *Linear) found() {
	l.wrongWords()
	l.listed.from = 0
	if l.rows().box.query() != "" {
		l.say(l.matchCount() + " found.")
	}
	l.listRows()
	if l.rows().table.Length() == 1 && l.model.at == pageAccounts {
		l.pass(choiceMsg(0))
		l.chosen = l.model.accounts.selected
	}
}

func (l *Linear) matchCount() string {
	m := &l.model
	switch m.at {
	case pageAudit:
		return m.audit.counts()
	case pageTeams:
		return fmt.Sprintf("%s of %s", count(len(m.teamsPage.view)), count(len(m.teamsPage.list)))
	}
	return ansi.Strip(m.accounts.counts(m.environment()))
}

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
