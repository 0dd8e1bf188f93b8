package query

import (
	"regexp/syntax"
	"testing"
)

// TestProgramIsNeverUnderestimated compares the bound with what the compiler
// really makes.
func TestProgramIsNeverUnderestimated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a", "abc", "", "a|b|cd", "(a)(b)", "a*b+c?", "a*?", "[a-z0-9]", "x{0,7}", "x{3}", "x{3,}", "(ab|c){2,9}", "(a{9}){9}", "((a?){5}|b*){7}",
		"^$", `\bfoo\b`, `\pL+`, "(?:)|x", "(?s:.)+", "((()))", "(|a)*", "[^\x00-\U0010FFFF]", "é{5}(ü|ß)", "(?m)^a$", ".{90}",
	} {
		tree, err := syntax.Parse(text, syntax.Perl|syntax.FoldCase)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		bound := program(tree)
		made, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		// The program has two instructions of its own: to fail and to match.
		if n := len(made.Inst) - 2; n > bound {
			t.Errorf("%q compiles to %d instructions, more than the bound of %d", text, n, bound)
		}
	}
}
