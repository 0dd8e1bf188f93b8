package tui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// verb is a word that can be answered when no dialog is open.
type verb struct {
	words []string // the first is in the help; keys of the screen are among them
	help  string
	run   func(l *Linear, rest string)
}

// verbs are those of every page. What a page does not have is refused in words.
func verbs() []verb {
	command := func(name string) func(*Linear, string) { return func(l *Linear, _ string) { l.command(name) } }
	return []verb{
		{[]string{"search", "/"}, "search WORDS: look for them, as in search ci dep or search team:platform; search alone clears", (*Linear).search},
		{[]string{"list", "ls"}, "list, next, previous: say rows; list 30 says so many from now on", (*Linear).list},
		{[]string{"next", "more", "ctrl+f"}, "", func(l *Linear, _ string) { l.turn(1) }},
		{[]string{"previous", "prev", "ctrl+b"}, "", func(l *Linear, _ string) { l.turn(-1) }},
		{[]string{"choose", "go"}, "a number chooses a row: 3. So does choose NAME", (*Linear).chooseAloud},
		{[]string{"details", "i"}, "details: say all about what is chosen, or details 3", (*Linear).details},
		{[]string{"show", "enter"}, "show: on Teams the API keys of a team, in the audit log the API key of an event", (*Linear).show},
		{[]string{"new", "n"}, "new: make a new API key, on Teams a team; new sealed makes a key for somebody else", (*Linear).create},
		{[]string{"delete", "d"}, "delete: delete the service account that is chosen, or delete 3, or those that are marked; asks first", (*Linear).remove},
		{[]string{"mark", "space", "m"}, "mark, mark 3, mark 3 to 7, mark all, mark invert, unmark: choose several to delete", (*Linear).mark},
		{[]string{"unmark"}, "", func(l *Linear, _ string) { l.unmark() }},
		{[]string{"sort", "s"}, "sort COLUMN: by name, team, key, created, by or used; reverse turns the order round", (*Linear).sort},
		{[]string{"reverse", "S"}, "", func(l *Linear, _ string) { l.command("reverse"); l.sortWords() }},
		{[]string{"identify", "I"}, "identify: say whose the keys in a text are", command("identify")},
		{[]string{"keys", "1"}, "keys, audit, teams: go to API keys, to the audit log, to teams", command("to-api-keys")},
		{[]string{"audit", "2"}, "", command("to-audit-log")},
		{[]string{"teams", "3"}, "", command("to-teams")},
		{[]string{"back", "esc"}, "back: where one came from", command("return")},
		{[]string{"view", "V"}, "view NAME: a view of the configuration", (*Linear).view},
		{[]string{"refresh", "r"}, "refresh: load everything again", command("refresh")},
		{[]string{"help", "?"}, "help, quit", func(l *Linear, _ string) { l.help() }},
		{[]string{"quit", "q", "exit", "ctrl+c"}, "", func(l *Linear, _ string) { l.quit() }},
	}
}

// answerPage carries out a line that is no answer to a dialog.
func (l *Linear) answerPage(line string) {
	line = strings.TrimSpace(line)
	if api.FindKey(line) != "" {
		l.search(line)
		return
	}
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if query, ok := strings.CutPrefix(line, "/"); ok {
		word, rest = "/", strings.TrimSpace(query)
	}
	if word == ":" && rest != "" {
		word, rest, _ = strings.Cut(rest, " ")
	}
	switch {
	case word == "":
		return
	case number(word) > 0 && !l.isPage(word):
		l.chooseAloud(line)
		return
	}
	for _, v := range verbs() {
		if slices.Contains(v.words, word) || len(word) > 1 && slices.Contains(v.words, strings.ToLower(word)) {
			v.run(l, rest)
			return
		}
	}
	for _, b := range l.model.commands() {
		if b.name == word {
			l.command(word)
			return
		}
	}
	l.say("Not understood: " + word + ". Answer help for what can be done.")
}

// isPage reports whether a number is the key of a page and no row: rows come
// first, as soon as some were said.
func (l *Linear) isPage(word string) bool {
	return l.listed.page != l.model.at && number(word) <= int(pageCount)
}

// number is the number that a word is, from 1 on, or 0.
func number(word string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(word, "."))
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// command carries out a command of the palette, or says why it cannot.
func (l *Linear) command(name string) {
	if !slices.ContainsFunc(l.model.commands(), func(b binding) bool { return b.name == name }) {
		if at := slices.IndexFunc(l.model.keys.pages(), func(b binding) bool { return b.name == name }); at == int(l.model.at) {
			l.told.page = -1 // say it again
			return
		}
		l.say("That does nothing here.")
		return
	}
	before := l.model.at
	l.pass(commandMsg(name))
	if l.model.at != before {
		l.chosen = ""
	}
}

func (l *Linear) search(words string) {
	m := &l.model
	p := m.current().(listingPage)
	if api.FindKey(words) != "" {
		l.pass(pasteOf(words))
		return
	}
	if p.rows().box.query() != "" {
		l.command("clear-search")
	} else if words == "" {
		l.say("Nothing is searched for. Answer search, and then what for.")
		return
	}
	l.chosen, l.listed.pending = "", true
	if words == "" {
		return
	}
	l.command("search")
	l.pass(pasteOf(words))
	l.press("enter")
}

// wrongWords say what of a query is not understood.
func (l *Linear) wrongWords() {
	var wrong []query.Error
	switch l.model.at {
	case pageAudit:
		wrong = l.model.audit.wrong()
	case pageTeams:
		wrong = l.model.teamsPage.wrong()
	default:
		wrong = l.model.accounts.wrong()
	}
	for _, w := range wrong {
		l.say("Not understood in the search: " + w.Sentence + ".")
	}
}

func (l *Linear) sort(column string) {
	if l.model.at != pageAccounts {
		l.say("Only API keys can be sorted.")
		return
	}
	if column == "" {
		l.command("sort")
	} else {
		name := sortBy + strings.ToLower(column)
		if !slices.ContainsFunc(l.model.commands(), func(b binding) bool { return b.name == name }) {
			l.say("There is no column " + column + ". There are name, team, key, created, by and used.")
			return
		}
		l.command(name)
	}
	l.sortWords()
}

func (l *Linear) sortWords() {
	if l.model.at == pageAccounts {
		l.say("Sorted by " + l.model.accounts.sort.String() + ".")
	}
	l.listed.pending = true
}

func (l *Linear) view(name string) {
	names := make([]string, len(l.model.options.Views))
	for i, v := range l.model.options.Views {
		names[i] = v.Name
	}
	if slices.Contains(names, name) && l.model.at == pageAccounts {
		l.command(viewNamed + name)
		l.chosen, l.listed.pending = "", true
		return
	}
	if len(names) == 0 {
		l.say("The configuration has no views.")
		return
	}
	l.say("Answer view and one of: " + strings.Join(names, ", ") + ".")
}

func (l *Linear) create(how string) {
	l.seal = how == "sealed"
	switch l.model.at {
	case pageAudit:
		l.say("Nothing can be made in the audit log. Answer keys or teams first.")
	case pageTeams:
		l.command("new-team")
	default:
		l.command("new")
	}
}

// help says what can be answered, the page's own first.
func (l *Linear) help() {
	for _, v := range verbs() {
		if v.help != "" {
			l.say(v.help + ".")
		}
	}
	l.say("In a dialog: an empty answer or cancel goes back. The keys of the console are understood too, such as n, d and r.")
}
