package fuzzy_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server/sample"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

var update = flag.Bool("update", false, "write testdata/queries.tsv anew")

// targets is a table of what somebody types and the account that is meant: one
// that alone fits the plain reading of what was typed, among the accounts of
// qualityAccounts. Typing errors are not in it. The benchmarks against fzf read
// the same table.
const targets = "testdata/queries.tsv"

// firsts is how many of the 300 targets are the first row of the result. It may
// rise.
const firsts = 295

func qualityAccounts(tb testing.TB) []api.ServiceAccount {
	tb.Helper()
	o, err := sample.New(7, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), 5_000)
	if err != nil {
		tb.Fatal(err)
	}
	var accounts []api.ServiceAccount
	for imported := range o.Accounts(map[string]api.Team{}) {
		accounts = append(accounts, imported.Account)
	}
	return accounts
}

func TestQuality(t *testing.T) {
	accounts := qualityAccounts(t)
	if *update {
		writeTargets(t, accounts)
	}
	table, err := os.ReadFile(targets)
	if err != nil {
		t.Fatal(err)
	}
	rows, byHint := make([]fuzzy.Row, len(accounts)), map[string]int32{}
	for i, account := range accounts {
		rows[i] = selection.SearchRow(account)
		byHint[account.Key.Hint] = int32(i)
	}
	x := selection.NewIndex().Append(rows...)
	all, first, tenth := 0, 0, 0
	missed := map[string]int{}
	for line := range strings.Lines(string(table)) {
		all++
		columns := strings.Split(strings.TrimSpace(line), "\t")
		kind, query, hint := columns[0], columns[1], columns[2]
		target, ok := byHint[hint]
		if !ok {
			t.Fatalf("the sample organization has changed: write the table anew with -update")
		}
		place := slices.Index(search(t, x, fuzzy.Query{Terms: fuzzy.Terms(query)}), target)
		switch {
		case place < 0:
			t.Errorf("%s %q does not find %s", kind, query, columns[3])
		case place == 0:
			first++
		default:
			missed[kind]++
			t.Logf("%s %q finds %s at place %d", kind, query, columns[3], place+1)
		}
		if place >= 0 && place < 10 {
			tenth++
		}
	}
	t.Logf("%d of %d targets are first, %d among the first ten; not first: %v", first, all, tenth, missed)
	if all != 300 || first < firsts {
		t.Errorf("%d of %d targets are first, where %d were", first, all, firsts)
	}
}

func writeTargets(t *testing.T, accounts []api.ServiceAccount) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 0))
	read := newReading(accounts)
	var b strings.Builder
	used := map[string]bool{}
	for _, k := range []struct {
		kind  string
		count int
		typed func(r *rand.Rand, account int) string
	}{
		{"hint-end", 20, func(_ *rand.Rand, i int) string { return read.onlyHint(i, read.hints[i][len("ps-4f8a…"):]) }},
		{"hint-start", 15, func(_ *rand.Rand, i int) string { return read.onlyHint(i, read.hints[i][len("ps-"):len("ps-4f8a")]) }},
		{"hint-prefix", 10, func(_ *rand.Rand, i int) string { return read.onlyHint(i, read.hints[i][:len("ps-4f8a")]) }},
		{"hint-lower", 10, func(_ *rand.Rand, i int) string {
			return read.onlyHint(i, strings.ToLower(read.hints[i][len("ps-4f8a…"):]))
		}},
		{"hint-whole", 5, func(_ *rand.Rand, i int) string { return read.onlyHint(i, read.hints[i]) }},
		{"prefix", 60, func(_ *rand.Rand, i int) string { return read.prefix(i) }},
		{"two-words", 70, func(r *rand.Rand, i int) string { return read.words(r, i, 2) }},
		{"abbreviation", 60, func(r *rand.Rand, i int) string { return read.abbreviation(r, i) }},
		{"accents", 20, func(r *rand.Rand, i int) string { return read.accents(r, i) }},
		{"word-and-person", 30, func(r *rand.Rand, i int) string { return read.person(r, i) }},
	} {
		for n := 0; n < k.count; {
			i := r.IntN(len(accounts))
			query := k.typed(r, i)
			if query == "" || used[query] {
				continue
			}
			used[query] = true
			n++
			fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\n", k.kind, query, read.hints[i], accounts[i].Name, accounts[i].Team.Name, accounts[i].CreatedBy.Name)
		}
	}
	if err := os.WriteFile(targets, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reading is what accounts look like to somebody who reads them.
type reading struct {
	names, hints, people []string
	split                [][]string // the words of the names
}

func newReading(accounts []api.ServiceAccount) *reading {
	d := &reading{}
	for _, account := range accounts {
		d.names = append(d.names, plainFold(account.Name))
		d.hints = append(d.hints, account.Key.Hint)
		d.people = append(d.people, plainFold(account.CreatedBy.Name))
		d.split = append(d.split, strings.Split(plainFold(account.Name), "-"))
	}
	return d
}

// only returns the query if the account alone fits.
func (d *reading) only(account int, query string, fits func(i int) bool) string {
	for i := range d.names {
		if fits(i) != (i == account) {
			return ""
		}
	}
	return query
}

func (d *reading) onlyHint(account int, query string) string {
	return d.only(account, query, func(i int) bool { return strings.Contains(plainFold(d.hints[i]), plainFold(query)) })
}

// prefix is the shortest beginning that no other name has.
func (d *reading) prefix(account int) string {
	name := d.names[account]
	for end := 3; end <= len(name); end++ {
		query := name[:end]
		if utf8.ValidString(query) && d.only(account, query, func(i int) bool { return strings.HasPrefix(d.names[i], query) }) != "" {
			return query
		}
	}
	return ""
}

// begins reports whether the words of a name begin with all terms, each with
// another.
func (d *reading) begins(account int, terms []string) bool {
	left := slices.Clone(d.split[account])
	for _, term := range terms {
		at := slices.IndexFunc(left, func(word string) bool { return strings.HasPrefix(word, term) })
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}

// cut is a beginning of a word, of three letters at least if it has them.
func cut(r *rand.Rand, word string) string {
	end := min(3+r.IntN(6), len(word))
	for !utf8.ValidString(word[:end]) {
		end++
	}
	return word[:end]
}

// words are the beginnings of n words of the name, in any order.
func (d *reading) words(r *rand.Rand, account, n int) string {
	words := slices.Clone(d.split[account])
	if len(words) < n {
		return ""
	}
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	terms := make([]string, n)
	for i := range terms {
		terms[i] = cut(r, words[i])
	}
	return d.only(account, strings.Join(terms, " "), func(i int) bool { return d.begins(i, terms) })
}

// abbreviation is the initials of all words, with a second letter here and
// there, and numbers in full.
func (d *reading) abbreviation(r *rand.Rand, account int) string {
	words := d.split[account]
	if len(words) < 3 {
		return ""
	}
	var query string
	for _, word := range words {
		end := min(1+r.IntN(4)/3, len(word))
		if word[0] >= '0' && word[0] <= '9' || len(word) == 2 {
			end = len(word)
		}
		if word[0] >= utf8.RuneSelf {
			return ""
		}
		query += word[:end]
	}
	return d.only(account, query, func(i int) bool { return spells(d.split[i], query) })
}

// spells reports whether beginnings of all words make up the query.
func spells(words []string, query string) bool {
	if len(words) == 0 {
		return query == ""
	}
	for end := 1; end <= len(words[0]) && strings.HasPrefix(query, words[0][:end]); end++ {
		if spells(words[1:], query[end:]) {
			return true
		}
	}
	return false
}

// accents are names or people with marks, typed without.
func (d *reading) accents(r *rand.Rand, account int) string {
	name, person, _ := strings.Cut(d.people[account], " ")
	marked := strings.ContainsFunc(name+person, func(c rune) bool { return c >= utf8.RuneSelf })
	if marked || !slices.Contains([]string{"lea", "weiss", "dvorak"}, name) && !slices.Contains([]string{"fournier", "weiss", "dvorak"}, person) &&
		!strings.HasPrefix(d.names[account], "uberw") && !strings.HasPrefix(d.names[account], "donn") {
		return ""
	}
	if strings.HasPrefix(d.names[account], "uberw") || strings.HasPrefix(d.names[account], "donn") {
		return d.only(account, d.names[account], func(i int) bool { return d.names[i] == d.names[account] })
	}
	return d.person(r, account)
}

// person is the beginnings of two words and a name of who made the account.
func (d *reading) person(r *rand.Rand, account int) string {
	words := d.split[account]
	if len(words) < 2 {
		return ""
	}
	names := strings.Fields(d.people[account])
	who := names[r.IntN(len(names))]
	first := r.IntN(len(words) - 1)
	terms := []string{cut(r, words[first]), cut(r, words[first+1])}
	return d.only(account, who+" "+strings.Join(terms, " "), func(i int) bool {
		return slices.Contains(strings.Fields(d.people[i]), who) && d.begins(i, terms)
	})
}
