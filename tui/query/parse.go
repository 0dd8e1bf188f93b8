package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fieldRule is what the parser has to know of a field.
type fieldRule struct {
	name, example string
	kind          kind
	never         bool
}

// parser goes through the text of a query from left to right. A term that is
// wrong is noted and stepped over.
type parser struct {
	fields []fieldRule
	text   string
	limit  int // what lies behind is not looked at
	at     int

	tests, steps int // what is left of the limits
	terms        []Term
	errors       []Error
}

func (p *parser) parse() {
	if len(p.text) > MaxLength {
		p.limit = strings.LastIndexFunc(p.text[:MaxLength], unicode.IsSpace) + 1
	}
	for p.skipSpace(); p.at < p.limit; p.skipSpace() {
		start := p.at
		if p.tests == 0 {
			p.fail(Span{start, len(p.text)}, "a query has at most %d terms: what follows is not looked at", MaxTests)
			return
		}
		p.term()
		if p.at == start { // cannot be; a loop without end would be worse
			p.at = p.limit
		}
	}
	if p.limit < len(p.text) {
		p.fail(Span{p.limit, len(p.text)}, "a query has at most 4,000 characters: what follows is not looked at")
	}
}

func (p *parser) fail(span Span, format string, arguments ...any) {
	p.errors = append(p.errors, Error{Span: span, Sentence: fmt.Sprintf(format, arguments...)})
}

func (p *parser) skipSpace() {
	rest := p.text[p.at:p.limit]
	p.at += len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
}

// rest is what is still to be read.
func (p *parser) rest() string { return p.text[p.at:p.limit] }

// ended reports whether a term can end here.
func (p *parser) ended() bool {
	r, _ := utf8.DecodeRuneInString(p.rest())
	return p.at >= p.limit || unicode.IsSpace(r)
}

// word takes everything up to the next space, or up to a character of stop.
func (p *parser) word(stop string) string {
	rest := p.rest()
	end := strings.IndexFunc(rest, func(r rune) bool {
		return unicode.IsSpace(r) || stop != "" && strings.ContainsRune(stop, r)
	})
	if end < 0 {
		end = len(rest)
	}
	p.at += end
	return rest[:end]
}

// term reads one term and the limits that it uses up.
func (p *parser) term() {
	start := p.at
	term, sentence := p.readTerm()
	switch {
	case sentence.text != "":
		if sentence.span == (Span{}) {
			p.word("") // the rest of it means nothing alone
			sentence.span = Span{start, p.at}
		}
		p.fail(sentence.span, "%s", sentence.text)
	case len(term.Tests) > p.tests:
		p.tests = 0
		p.fail(Span{start, p.at}, "a query has at most %d terms and alternatives: this one and what follows are not looked at", MaxTests)
		p.at = p.limit
	default:
		p.tests -= len(term.Tests)
		term.Span = Span{start, p.at}
		p.terms = append(p.terms, term)
	}
}

// wrong is what is wrong with a term, and where; without a span it is the whole
// term. The zero value is nothing.
type wrong struct {
	text string
	span Span
}

func says(format string, arguments ...any) wrong {
	return wrong{text: fmt.Sprintf(format, arguments...)}
}

func (p *parser) readTerm() (Term, wrong) {
	var term Term
	if strings.HasPrefix(p.rest(), "!") {
		term.Not = true
		p.at++
		switch {
		case p.ended():
			return term, says("! leaves out what the term behind it matches: !prod")
		case strings.HasPrefix(p.rest(), "!"):
			return term, says("one ! is enough")
		}
	}
	if rule, named, w := p.fieldName(); w.text != "" {
		return term, w
	} else if named {
		term.Field = rule.name
		tests, w := p.values(rule, term.Not)
		term.Tests = tests
		return term, w
	}
	test, w := p.literal("")
	if w.text == "" && !p.ended() {
		return term, p.trailing(test)
	}
	term.Tests = []Test{test}
	return term, w
}

// trailing is what is wrong when something is glued to a closing quote or slash.
func (p *parser) trailing(test Test) wrong {
	if test.Form == Regexp {
		return says(`a regular expression ends with its second /, and a space follows; in quotes a / is only a /: "/a/b"`)
	}
	return says(`a space is missing behind the closing quote; \" is a quote within quotes`)
}

// fieldName reads a name and its colon, if that is what comes.
func (p *parser) fieldName() (fieldRule, bool, wrong) {
	rest := p.rest()
	name := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
	if name == "" || !strings.HasPrefix(rest[len(name):], ":") {
		return fieldRule{}, false, wrong{}
	}
	for _, rule := range p.fields {
		if strings.EqualFold(rule.name, name) {
			p.at += len(name) + 1
			return rule, true, wrong{}
		}
	}
	return fieldRule{}, false, says("%s", p.noSuchField(strings.ToLower(name)))
}

func (p *parser) noSuchField(name string) string {
	names := make([]string, len(p.fields))
	for i, rule := range p.fields {
		names[i] = rule.name
	}
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("there is no field %s: did you mean %s?", name, near)
	}
	if len(name) > 20 {
		name = "of that name"
	}
	return fmt.Sprintf("there is no field %s: there are %s; put quotes around what is no field", name, strings.Join(names, ", "))
}

// values reads what stands behind a field's colon.
func (p *parser) values(rule fieldRule, not bool) ([]Test, wrong) {
	var tests []Test
	for {
		test, w := p.value(rule, not)
		if w.text != "" {
			return nil, w
		}
		if test.Text != "" || test.Form != Bare {
			tests = append(tests, test)
		}
		if strings.HasPrefix(p.rest(), ",") {
			p.at++
			continue
		}
		if !p.ended() {
			return nil, p.trailing(test)
		}
		if len(tests) == 0 {
			return nil, says("%s: wants a value, as in %s:%s", rule.name, rule.name, rule.example)
		}
		return tests, wrong{}
	}
}

// operators are tried in this order: the longer ones first.
var operators = []Op{LessEqual, GreaterEqual, Less, Greater, Is}

// value reads one alternative of a field.
func (p *parser) value(rule fieldRule, not bool) (Test, wrong) {
	if strings.HasPrefix(p.rest(), "!") {
		if not {
			return Test{}, says("one ! is enough, in front: !%s:%s", rule.name, rule.example)
		}
		return Test{}, says("put the ! in front: !%s:%s", rule.name, rule.example)
	}
	op := Has
	for _, candidate := range operators {
		if strings.HasPrefix(p.rest(), string(candidate)) {
			op = candidate
			p.at += len(candidate)
			break
		}
	}
	test, w := p.literal(",")
	if w.text != "" {
		return test, w
	}
	test.Op = op
	if test.Text == "" && op != Has {
		return test, says("a value is missing behind %s, as in %s:%s", op, rule.name, rule.example)
	}
	if test.Text == "" && test.Form == Bare {
		return test, wrong{}
	}
	return test, rule.check(&test)
}

// literal reads a bare word, a quoted text or a regular expression.
func (p *parser) literal(stop string) (Test, wrong) {
	start := p.at
	switch {
	case strings.HasPrefix(p.rest(), `"`):
		return p.quoted()
	case strings.HasPrefix(p.rest(), "/"):
		text, closed := p.delimited('/')
		if !closed {
			return Test{}, wrong{"this regular expression is not finished: end it with /", Span{start, p.at}}
		}
		test := Test{Form: Regexp, Text: text}
		var w wrong
		test.pattern, w = p.compile(text, start+1)
		return test, w
	}
	return Test{Text: p.word(stop)}, wrong{}
}

func (p *parser) quoted() (Test, wrong) {
	start := p.at
	raw, closed := p.delimited('"')
	if !closed {
		return Test{}, wrong{`these quotes are not finished: end them with "`, Span{start, p.at}}
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) && (raw[i+1] == '"' || raw[i+1] == '\\') {
			i++
		}
		b.WriteByte(raw[i])
	}
	if strings.TrimSpace(b.String()) == "" {
		return Test{}, says(`there is nothing between the quotes`)
	}
	return Test{Form: Quoted, Text: b.String()}, wrong{}
}

// delimited reads up to the next delimiter that has no backslash before it, or
// to the end of the query.
func (p *parser) delimited(delimiter byte) (text string, closed bool) {
	p.at++
	from := p.at
	for ; p.at < p.limit; p.at++ {
		switch p.text[p.at] {
		case '\\':
			if p.at+1 < p.limit {
				p.at++
			}
		case delimiter:
			p.at++
			return p.text[from : p.at-1], true
		}
	}
	return p.text[from:p.limit], false
}
