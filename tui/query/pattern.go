package query

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is a compiled regular expression.
type pattern struct{ *regexp.Regexp }

// compile makes a regular expression of text, which begins at byte start of the
// query. RE2 has none that take more than linear time; what remains to be
// bounded is the size of the program, and before it is made: x{1000} in
// brackets with {1000} behind them is short to write.
func (p *parser) compile(text string, start int) (*pattern, wrong) {
	if text == "" {
		return nil, says("there is nothing between the slashes")
	}
	const flags = syntax.Perl | syntax.FoldCase
	tree, err := syntax.Parse(text, flags)
	if err != nil {
		return nil, p.invalid(text, start, err)
	}
	steps := program(tree)
	if steps > p.steps {
		return nil, says("the regular expressions of a query are too large: repeat less often than this")
	}
	compiled, err := regexp.Compile("(?i)" + text)
	if err != nil {
		return nil, p.invalid(text, start, err)
	}
	p.steps -= steps
	return &pattern{compiled}, wrong{}
}

// invalid says what the regexp package found, and where, as far as it tells.
func (p *parser) invalid(text string, start int, err error) wrong {
	var found *syntax.Error
	if !errors.As(err, &found) {
		return says("this regular expression is not valid")
	}
	w := says("this regular expression is not valid: %s", found.Code)
	if at := strings.Index(text, found.Expr); at >= 0 && found.Expr != "" {
		w.span = Span{start + at, start + at + len(found.Expr)}
	}
	p.word("")
	return w
}

// program bounds how many instructions a regular expression compiles to. It
// never returns less than that, nor more than one over MaxSteps.
func program(tree *syntax.Regexp) int {
	sum := 2 + len(tree.Sub)
	switch tree.Op {
	case syntax.OpLiteral:
		sum = len(tree.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		sum = 1
	}
	for _, sub := range tree.Sub {
		if sum += program(sub); sum > MaxSteps {
			return MaxSteps + 1
		}
	}
	if tree.Op == syntax.OpRepeat {
		sum = (program(tree.Sub[0]) + 1) * max(tree.Min+1, tree.Max, 1)
	}
	return min(sum, MaxSteps+1)
}
