package query

import (
	"math"
	"strconv"
	"strings"
)

// check reads the text of a test as what the field holds.
func (f fieldRule) check(test *Test) wrong {
	if f.kind == textKind {
		if test.Op != Has && test.Op != Is {
			return says("%s cannot be compared with %s: %s:%s contains, %s:=%s is the whole", f.name, test.Op, f.name, f.example, f.name, f.example)
		}
		if test.Form == Regexp && test.Op == Is {
			return says("a regular expression takes no =: %s:/^%s$/ is the whole", f.name, f.example)
		}
		return wrong{}
	}
	if test.Form != Bare {
		return says("%s takes no quotes and no regular expression, as in %s:%s", f.name, f.name, f.example)
	}
	if f.kind == numberKind {
		return f.checkNumber(test)
	}
	return f.checkTime(test)
}

// amount is a range of numbers, both ends included.
type amount struct{ from, to int64 }

func (f fieldRule) checkNumber(test *Test) wrong {
	first, last, ranged := strings.Cut(test.Text, "..")
	if ranged && test.Op != Has && test.Op != Is {
		return says("a range takes no %s: %s:1..10", test.Op, f.name)
	}
	from, err := strconv.ParseInt(first, 10, 64)
	to := from
	if err == nil && ranged {
		to, err = strconv.ParseInt(last, 10, 64)
	}
	if err != nil || from < 0 || to < from {
		return says("%s wants a number, as in %s:%s, %s:>10 or %s:1..10", f.name, f.name, f.example, f.name, f.name)
	}
	switch test.Op {
	case Less:
		from, to = math.MinInt64, from-1
	case LessEqual:
		from = math.MinInt64
	case Greater:
		if from == math.MaxInt64 {
			return says("no number is greater than that")
		}
		from, to = from+1, math.MaxInt64
	case GreaterEqual:
		to = math.MaxInt64
	}
	test.number = amount{from, to}
	return wrong{}
}
