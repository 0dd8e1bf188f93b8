package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// listed is which rows were said last: a number means what was said with it,
// whatever has come and gone since.
type listed struct {
	page    pageID
	ids     []string // of the rows, from the first on
	from    int      // place of the first
	size    int      // how many are said at a time, 0 for the usual number
	pending bool     // the first of them are to be said as soon as they are there
	further bool     // those from there on are
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
	words := account.Name + ", team " + account.Team.Name + ", " + usedWords(account, e)
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
	case l.model.at == pageAudit && from+l.pageSize() > length && l.model.audit.all.next != "":
		// The server has older events, which come when the cursor is near the end.
		l.pass(choiceMsg(length - 1))
		l.listed.from, l.listed.further = from, true
		return
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
		all := count(length)
		if l.model.at == pageAudit && l.model.audit.all.next != "" {
			all = "more than " + all
		}
		l.say(fmt.Sprintf("%d to %d of %s.", l.listed.from+1, to, all))
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

// showsRows says the rows that were asked for, as soon as they are there.
func (l *Linear) showsRows() bool {
	switch {
	case l.listed.pending:
		l.found()
	case l.listed.further:
		l.listed.further = false
		if l.listed.from >= l.rows().table.Length() {
			l.say("Those were the last rows.")
			l.listed.from -= l.pageSize()
			return true
		}
		l.listRows()
	default:
		return false
	}
	return true
}

// found says what a search has found, and the first of it.
func (l *Linear) found() {
	l.listed.from = 0
	switch {
	case l.model.at != l.told.page:
		l.tellPage()
	case l.rows().box.query() != "":
		l.say(l.matchCount() + " found.")
	}
	l.wrongWords()
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
