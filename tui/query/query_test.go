package query_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lifeguard-keys/lifeguard/tui/query"
)

// book is a record that has a field of each kind.
type book struct {
	title, author, shelf string
	bought               time.Time
	lent                 *time.Time
	pages                int64
}

func books() *query.Schema[book] {
	return query.NewSchema(
		query.Field[book]{Name: "title", Example: "go", Searched: true, Text: func(b *book) string { return b.title }},
		query.Field[book]{Name: "author", Example: "ada", Searched: true, Text: func(b *book) string { return b.author }},
		query.Field[book]{Name: "shelf", Example: "a", Text: func(b *book) string { return b.shelf }},
		query.Field[book]{Name: "bought", Example: "<7d", Time: func(b *book) (time.Time, bool) { return b.bought, true }},
		query.Field[book]{Name: "lent", Example: ">90d", Never: true, Time: func(b *book) (time.Time, bool) {
			if b.lent == nil {
				return time.Time{}, false
			}
			return *b.lent, true
		}},
		query.Field[book]{Name: "pages", Example: "300", Number: func(b *book) int64 { return b.pages }},
	)
}

// now is a moment in a zone that is not UTC, so that dates show which they mean.
var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func ago(d time.Duration) *time.Time {
	at := now.Add(-d)
	return &at
}

const day = 24 * time.Hour

var library = []book{
	{"Go in Practice", "Ada", "a1", *ago(time.Hour), ago(2 * time.Hour), 300},
	{"Réconciliation", "Émile", "b2", *ago(6 * day), nil, 120},
	{"The Müller File", "Grace", "a1", *ago(8 * day), ago(89 * day), 50},
	{"Old \"Quoted\" Tales", "Linus", "c3", *ago(400 * day), ago(91 * day), 1000},
	{"From Tomorrow", "Ada Prod", "c3", now.Add(time.Hour), nil, 10},
	{"ci-deploy/eu", "prod", "d 4", time.Date(2026, 1, 31, 23, 30, 0, 0, now.Location()), nil, 9},
}

// found lists the books that all terms of a query but its words match.
func found(text string) []int {
	var rows []int
	filter := books().Parse(text).Filter(now)
	for i := range library {
		if filter == nil || filter(&library[i]) {
			rows = append(rows, i)
		}
	}
	return rows
}

func TestTermsMatchWhatTheySay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"":                              {0, 1, 2, 3, 4, 5},
		"  ":                            {0, 1, 2, 3, 4, 5},
		"fuzzy words":                   {0, 1, 2, 3, 4, 5},
		"author:ada":                    {0, 4},
		"author:=ada":                   {0},
		"AUTHOR:ADA":                    {0, 4},
		"author:emile":                  {1},
		`author:"emile"`:                nil,
		`author:"émile"`:                {1},
		`author:="ÉMILE"`:               {1},
		"!author:ada":                   {1, 2, 3, 5},
		"author:ada,grace":              {0, 2, 4},
		"author:=ada,=grace":            {0, 2},
		"author:ada,":                   {0, 4},
		"!author:ada,grace":             {1, 3, 5},
		"!prod":                         {0, 1, 2, 3},
		"!shelf:a1 !prod":               {1, 3},
		"muller !author:ada":            {1, 2, 3, 5},
		`"müller"`:                      {2},
		`"muller"`:                      nil,
		`"the müller"`:                  {2},
		`"\"Quoted\""`:                  {3},
		`!"the"`:                        {0, 1, 3, 4, 5},
		`shelf:"d 4"`:                   {5},
		`"d 4"`:                         nil,
		"/^(go|old)/":                   {0, 3},
		"/(?-i)^go/":                    nil,
		"!/a/":                          {5},
		`/deploy\/eu$/`:                 {5},
		"title:/e$/":                    {0, 2},
		"shelf:/^a/,c3":                 {0, 2, 3, 4},
		"title:a,b":                     {0, 1, 3},
		"bought:<7d":                    {0, 1, 4},
		"bought:<=1w":                   {0, 1, 4},
		"bought:>7d":                    {2, 3, 5},
		"bought:<2h":                    {0, 4},
		"bought:>12mo":                  {3},
		"bought:>1y":                    {3},
		"bought:7d..9d":                 {2},
		"bought:9d..7d":                 {2},
		"bought:2026-01":                {5},
		"bought:2026-01-31":             {5},
		"bought:2026-01-31T22:30Z":      {5},
		"bought:2026-01-31t23:30":       {5},
		"bought:2026-01-31T23:30:01":    nil,
		"bought:2026":                   {0, 1, 2, 4, 5},
		"bought:<2026":                  {3},
		"bought:>2026-01-31":            {0, 1, 2, 4},
		"bought:>=2026-01-31":           {0, 1, 2, 4, 5},
		"bought:<=2026-01-31":           {3, 5},
		"bought:2026-01..2026-03-07":    {2, 5},
		"bought:today":                  {0, 4},
		"bought:yesterday":              nil,
		"bought:<today":                 {1, 2, 3, 5},
		"lent:never":                    {1, 4, 5},
		"!lent:never":                   {0, 2, 3},
		"lent:>90d":                     {3},
		"lent:>90d,never":               {1, 3, 4, 5},
		"!lent:<90d":                    {1, 3, 4, 5},
		"pages:300":                     {0},
		"pages:>300":                    {3},
		"pages:>=300":                   {0, 3},
		"pages:<50":                     {4, 5},
		"pages:<=50":                    {2, 4, 5},
		"pages:50..300":                 {0, 1, 2},
		"pages:9,10":                    {4, 5},
		"pages:9 pages:10":              nil,
		"http://not.a.field":            {0, 1, 2, 3, 4, 5}, // an error
		"10:30":                         {0, 1, 2, 3, 4, 5},
		"author:ada tilte:go":           {0, 4},
		`author:ada "not finished`:      {0, 4},
		"author:ada /not finished":      {0, 4},
		"author:ada /(/ shelf:a1":       {0},
		"author:ada bought:7d shelf:a1": {0},
	} {
		if got := found(text); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", text, got, want)
		}
	}
}

// The ellipsis of a key hint is taken without a copy, as if it were folded.
func TestAnEllipsisIsATextLikeAnother(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, title string
		want        bool
	}{
		{"title:8a...9q", "ps-4f8A…9Qx2", true}, {"title:8a…9q", "ps-4f8A…9Qx2", true}, {`title:"8A…9q"`, "ps-4f8A…9Qx2", true},
		{"title:…", "…", true}, {"title:9qx2", "…9Qx2", true}, {"title:8a9q", "ps-4f8A…9Qx2", false}, {"title:b", "a…", false},
		{"title:e", "…É…", true}, {`title:"e"`, "…É…", false}, {"title:…e", "…É", true},
	} {
		record := book{title: test.title}
		if got := books().Parse(test.text).Filter(now)(&record); got != test.want {
			t.Errorf("%s matches %q: %v, want %v", test.text, test.title, got, test.want)
		}
	}
}

func TestWordsGoToTheSearchEngine(t *testing.T) {
	t.Parallel()
	q := books().Parse(`ci author:ada Dep !prod "exact" /x/ 10:30`)
	if got, want := q.Words(), []string{"ci", "Dep", "10:30"}; !slices.Equal(got, want) {
		t.Errorf("Words = %q, want %q", got, want)
	}
	if got, want := books().Parse("lent:never author:a author:b c").Fields(), []string{"lent", "author"}; !slices.Equal(got, want) {
		t.Errorf("Fields = %q, want %q", got, want)
	}
	if got := books().Parse("ci author:ada dep !prod").Conditions().String(); got != "author:ada !prod" {
		t.Errorf("Conditions = %s", got)
	}
	if books().Parse("ci dep").Filter(now) != nil {
		t.Error("words alone make a filter")
	}
	if !books().Parse(" ").Empty() || books().Parse("a").Empty() {
		t.Error("Empty is wrong")
	}
}

func TestWrongTermsAreExplainedInTheirPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ci [tilte:go] x":                     "there is no field tilte: did you mean title?",
		"[zebra:1]":                           "there is no field zebra: there are title, author, shelf, bought, lent, pages; put quotes around what is no field",
		"[" + strings.Repeat("z", 30) + ":1]": "there is no field of that name: there are title, author, shelf, bought, lent, pages; put quotes around what is no field",
		"[title:] go":                         "title: wants a value, as in title:go",
		"[title:=]":                           "a value is missing behind =, as in title:go",
		"[bought:>]":                          "a value is missing behind >, as in bought:<7d",
		"[title:>go]":                         "title cannot be compared with >: title:go contains, title:=go is the whole",
		"[title:!go]":                         "put the ! in front: !title:go",
		"[!title:!go]":                        "one ! is enough, in front: !title:go",
		"[title:=/go/]":                       "a regular expression takes no =: title:/^go$/ is the whole",
		"a [!] b":                             "! leaves out what the term behind it matches: !prod",
		"[!!prod] b":                          "one ! is enough",
		`a ["not finished]`:                   `these quotes are not finished: end them with "`,
		`a title:["not finished]`:             `these quotes are not finished: end them with "`,
		`["a"b] c`:                            `a space is missing behind the closing quote; \" is a quote within quotes`,
		`[title:"a"b] c`:                      `a space is missing behind the closing quote; \" is a quote within quotes`,
		`[" "]`:                               "there is nothing between the quotes",
		"a [/not finished]":                   "this regular expression is not finished: end it with /",
		"[/var/log] a":                        `a regular expression ends with its second /, and a space follows; in quotes a / is only a /: "/a/b"`,
		"[//]":                                "there is nothing between the slashes",
		"/[a(b]/ c":                           "this regular expression is not valid: missing closing )",
		"/a[**]/ c":                           "this regular expression is not valid: invalid nested repetition operator",
		"/((a[{99}]){99}){99}/":               "this regular expression is not valid: invalid repeat count",
		"[/(a{30}){30}/]":                     "the regular expressions of a query are too large: repeat less often than this",
		"/[a-z]{400}/ [/[a-z]{400}/] b":       "the regular expressions of a query are too large: repeat less often than this",
		"[bought:7d]":                         "younger or older? bought:<7d is within that time, bought:>7d is longer ago",
		"[bought:never]":                      "bought is never empty: nothing is bought:never",
		"[lent:>never]":                       "never cannot be compared: lent:never",
		"[bought:soon]":                       "bought wants an age, as in <7d, or a date, as in 2026-01-31",
		"[bought:2026-02-30]":                 "bought wants an age, as in <7d, or a date, as in 2026-01-31",
		"[bought:<99999999999999999d]":        "bought wants an age, as in <7d, or a date, as in 2026-01-31",
		"[bought:<1d..2d]":                    "a range takes no <: bought:1d..2d",
		"[bought:1d..2026]":                   "bought wants an age, as in <7d, or a date, as in 2026-01-31",
		`[bought:"2026"]`:                     "bought takes no quotes and no regular expression, as in bought:<7d",
		"[pages:many]":                        "pages wants a number, as in pages:300, pages:>10 or pages:1..10",
		"[pages:9..1]":                        "pages wants a number, as in pages:300, pages:>10 or pages:1..10",
		"[pages:>1..9]":                       "a range takes no >: pages:1..10",
		"[pages:>9223372036854775807]":        "no number is greater than that",
	} {
		// Two expressions have brackets of their own; the marks are the outermost.
		span, plain := marked(text)
		q := books().Parse(plain)
		if len(q.Errors) != 1 {
			t.Errorf("%q has the errors %v, want one", plain, q.Errors)
			continue
		}
		if got := q.Errors[0]; got.Span != span || got.Error() != want {
			t.Errorf("%q: %q is wrong at %v (%q), want %q at %v (%q)",
				plain, got.Sentence, got.Span, plain[got.Start:got.End], want, span, plain[span.Start:span.End])
		}
	}
}

// marked takes the marks out of a text: the bracket that stands before what is
// wrong, and the one behind it.
func marked(text string) (query.Span, string) {
	text = strings.ReplaceAll(text, "[a-z]", "\x00")
	start := strings.Index(text, "[")
	text = text[:start] + text[start+1:]
	end := strings.LastIndex(text, "]")
	text = text[:end] + text[end+1:]
	before := strings.Count(text[:start], "\x00") * 4
	inside := strings.Count(text[:end], "\x00") * 4
	return query.Span{Start: start + before, End: end + inside}, strings.ReplaceAll(text, "\x00", "[a-z]")
}

func TestAQueryHasLimits(t *testing.T) {
	t.Parallel()
	long := "author:ada " + strings.Repeat("z ", 5_000)
	q := books().Parse(long)
	if len(q.Errors) != 1 || !strings.Contains(q.Errors[0].Sentence, "at most 100 terms") || q.Errors[0].End != len(long) {
		t.Errorf("5,000 words have the errors %v", q.Errors)
	}
	if len(q.Terms) != query.MaxTests || q.Terms[0].Field != "author" {
		t.Errorf("%d terms are kept", len(q.Terms))
	}
	long = "author:ada " + strings.Repeat("z", 10_000) + " title:go"
	q = books().Parse(long)
	want := []query.Error{{Span: query.Span{Start: 11, End: len(long)}, Sentence: "a query has at most 4,000 characters: what follows is not looked at"}}
	if diff := cmp.Diff(want, q.Errors); diff != "" || len(q.Terms) != 1 {
		t.Errorf("a word of 10,000 letters: %d terms, errors (-want +got)\n%s", len(q.Terms), diff)
	}
	q = books().Parse("author:ada title:" + strings.Repeat("a,", 200) + " go")
	if len(q.Errors) != 1 || len(q.Terms) != 1 {
		t.Errorf("200 alternatives: %d terms, errors %v", len(q.Terms), q.Errors)
	}
}

func TestPositionsAreThoseOfTheOriginal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, field, value string
		want               []int
	}{
		{"title:muller", "title", "The Müller File", []int{4, 5, 7, 8, 9, 10}},
		{"title:muller", "author", "The Müller File", nil},
		{`"müller"`, "author", "Müller", []int{0, 1, 3, 4, 5, 6}},
		{"/l+/", "title", "Müller", []int{3, 4}},
		{"title:=ada", "title", "Ada", []int{0, 1, 2}},
		{"title:=ada", "title", "Adam", nil},
		{"!title:ada", "title", "Ada", nil},
		{"ada", "title", "Ada", nil},
		{"title:a,d", "title", "Ada", []int{0, 1}},
		{`"a"`, "shelf", "a", nil},
		{"lent:never", "title", "never", nil},
		{"title:a", "nothing", "a", nil},
	} {
		if got := books().Parse(test.text).Positions(test.field, test.value); !slices.Equal(got, test.want) {
			t.Errorf("%q matches %s %q at %v, want %v", test.text, test.field, test.value, got, test.want)
		}
	}
}

// pieces are what random queries are made of: right, wrong and half.
var pieces = []string{
	"ci", "dep", "title:go", "title:", "author:=ada", `author:="a b"`, "!prod", "!", "!!", `"exact"`, `"a \" \\ b"`, `"`, "/re+/", "/(/", "/",
	"lent:never", "lent:>90d,never", "bought:<7d", "bought:2026-01..2026-02", "bought:7d", "pages:1..9", "pages:x", "no:field", ",", ":", "=",
	"title:/a b/,\"c,d\",e", "!title:==x", "title:=<x", "Ünï", "\xff", "\u0301", "10:30", " ", "\t", "\\", "title:a\"b", "title:\xff",
}

func TestStringRoundTrips(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
			if random.IntN(3) > 0 {
				b.WriteByte(' ')
			}
		}
		roundTrip(t, b.String())
		if t.Failed() {
			return
		}
	}
}

// roundTrip holds what is true of every query.
func roundTrip(t *testing.T, text string) {
	t.Helper()
	q := books().Parse(text)
	for _, e := range q.Errors {
		if e.Start < 0 || e.Start > e.End || e.End > len(text) || e.Sentence == "" {
			t.Errorf("%q: error %q at %v", text, e.Sentence, e.Span)
		}
	}
	end := 0
	for _, term := range q.Terms {
		if term.Start < end || term.End <= term.Start || term.End > len(text) || len(term.Tests) == 0 {
			t.Errorf("%q: term %q at %v", text, term, term.Span)
		}
		end = term.End
	}
	again := books().Parse(q.String())
	if len(again.Errors) > 0 {
		t.Errorf("%q became %q, which is wrong: %v", text, q, again.Errors)
	}
	ignore := cmp.Options{cmpopts.IgnoreFields(query.Term{}, "Span"), cmpopts.IgnoreUnexported(query.Test{})}
	if diff := cmp.Diff(q.Terms, again.Terms, ignore); diff != "" {
		t.Errorf("%q became %q, which is another query (-first +second)\n%s", text, q, diff)
	}
	filter, same := q.Filter(now), again.Filter(now)
	for i := range library {
		if filter != nil && filter(&library[i]) != same(&library[i]) {
			t.Errorf("%q and %q differ about %v", text, q, library[i])
		}
		for _, at := range q.Positions("title", library[i].title) {
			if at < 0 || at >= len(library[i].title) {
				t.Errorf("%q matches %q at %d", text, library[i].title, at)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, piece := range pieces {
		f.Add("ci " + piece + " author:ada " + piece)
	}
	f.Add(strings.Repeat("(a{9})", 50))
	f.Add("/" + strings.Repeat("(", 999) + "/")
	f.Fuzz(func(t *testing.T, text string) { roundTrip(t, text) })
}

// TestFilterAgreesWithEachTerm holds that a query is its terms together, and
// that a negated term is the opposite of itself.
func TestFilterAgreesWithEachTerm(t *testing.T) {
	t.Parallel()
	terms := []string{"author:ada", "lent:never", "bought:<7d", "pages:>100", `"o"`, "/e/", "shelf:a1,c3"}
	for _, one := range terms {
		positive, negative := found(one), found("!"+one)
		if len(positive)+len(negative) != len(library) {
			t.Errorf("%s finds %v, and negated %v", one, positive, negative)
		}
		for _, other := range terms {
			both := slices.DeleteFunc(slices.Clone(positive), func(i int) bool { return !slices.Contains(found(other), i) })
			if got := found(one + " " + other); !slices.Equal(got, both) {
				t.Errorf("%s %s finds %v, want %v", one, other, got, both)
			}
		}
	}
}

func TestASchemaIsChecked(t *testing.T) {
	t.Parallel()
	text := func(*book) string { return "" }
	for _, field := range []query.Field[book]{
		{Text: text}, {Name: "a b", Text: text}, {Name: "A", Text: text}, {Name: "a"}, {Name: "a", Text: text, Never: true},
		{Name: "a", Text: text, Number: func(*book) int64 { return 0 }},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the field %q is taken", field.Name)
				}
			}()
			query.NewSchema(field)
		}()
	}
}

func BenchmarkFilter(b *testing.B) {
	for _, text := range []string{"author:ada", "!prod", `"exact"`, "/^ci-.*eu$/", "lent:>90d,never", "bought:<7d author:ada !prod"} {
		b.Run(text, func(b *testing.B) {
			filter := books().Parse(text).Filter(now)
			record := book{title: "nightly-ci-deploy-0001", author: "Grace Hopper", shelf: "a", bought: now, pages: 5}
			for b.Loop() {
				filter(&record)
			}
		})
	}
}

func ExampleSchema_Parse() {
	q := books().Parse("go tilte:x author:ada")
	for _, e := range q.Errors {
		fmt.Println(e)
	}
	fmt.Println(q)
	// Output:
	// there is no field tilte: did you mean title?
	// go author:ada
}
