package selection

import (
	"context"
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/sorting"
)

// Request asks for accounts, in an order.
type Request struct {
	Rows  inventory.List
	Index fuzzy.Index // of these rows, without those that are gone
	Query Query
	// Order is the order of the answer, unless it is ranked.
	Order Order
	// Ranked puts the best match first where the query has words to rank by.
	Ranked bool
	// Now is what ages and dates in the query are relative to.
	Now time.Time

	// Known are the Found of earlier answers about these rows, which may save
	// work; see [fuzzy.Query].
	Known []*fuzzy.Result
	// Within is the Within of an earlier answer to the same conditions about
	// the same rows, or nil.
	Within *fuzzy.Set
}

// Answer is what was asked for.
type Answer struct {
	View  []int32 // the numbers of the rows, in order
	Found *fuzzy.Result
	// Within are the rows that meet the conditions of the query; nil when it has
	// none.
	Within *fuzzy.Set
}

// Answer finds the rows that the query asks for. It returns false when ctx ended
// first.
func (r Request) Answer(ctx context.Context) (Answer, bool) {
	c := r.Begin()
	for !c.Step(ctx) {
		if ctx.Err() != nil {
			return Answer{}, false
		}
	}
	return c.answer, true
}

// Choice is an answer in the making. It is used by one goroutine at a time, and
// given up by forgetting it.
type Choice struct {
	request Request
	meets   func(*Row) bool // the conditions, nil when there are none
	looked  int             // rows at which the conditions have looked
	search  *fuzzy.Search
	answer  Answer
	done    bool
}

// slice is how many accounts the conditions look at in one step, and look how
// many between two looks at the context.
const (
	slice = 1 << 14
	look  = 32 // the dearest regular expression takes about a millisecond for one
)

// Begin prepares an answer. All that takes time is in its steps.
func (r Request) Begin() *Choice {
	c := &Choice{request: r, meets: r.Query.Filter(r.Now)}
	if c.meets != nil {
		if c.answer.Within = r.Within; r.Within != nil {
			c.looked = r.Rows.Len()
		} else {
			c.answer.Within = fuzzy.NewSet()
		}
	}
	return c
}

// Step brings the answer on, by a few milliseconds but for the last step, which
// brings all rows into their order, and reports whether it is there. It stops
// early when ctx ends.
func (c *Choice) Step(ctx context.Context) bool {
	switch {
	case c.done:
		return true
	case !c.condition(ctx):
		return false
	case c.search == nil:
		q := fuzzy.Query{Terms: c.request.Query.Words(), Within: c.answer.Within, Known: c.request.Known}
		c.search = c.request.Index.Begin(q)
	}
	if !c.Counted() {
		if !c.search.Step(ctx) {
			return false
		}
		c.answer.Found = c.search.Result()
		if c.ranked() && len(c.answer.Found.Best()) < c.answer.Found.Len() {
			return false // the best are there, which is worth a look
		}
	}
	return c.order(ctx)
}

// condition looks at some rows and reports whether it has looked at all.
func (c *Choice) condition(ctx context.Context) bool {
	if c.meets == nil {
		return true
	}
	rows := c.request.Rows
	row := Row{List: &rows}
	for end := min(c.looked+slice, rows.Len()); c.looked < end; c.looked++ {
		if c.looked%look == 0 && ctx.Err() != nil {
			return false
		}
		row.Number = int32(c.looked)
		if !rows.Gone(row.Number) && c.meets(&row) {
			c.answer.Within.Add(row.Number)
		}
	}
	return c.looked == rows.Len()
}

func (c *Choice) order(ctx context.Context) bool {
	if c.ranked() {
		view, done := c.answer.Found.Order(ctx)
		if done {
			c.answer.View, c.done = view, true
		}
		return done
	}
	view, _ := c.answer.Found.Rows()
	compare := func(i, j int32) int { return c.request.Order.Compare(c.request.Rows, i, j) }
	if !sorting.Func(ctx, view, compare) || ctx.Err() != nil {
		return false
	}
	c.answer.View, c.done = view, true
	return true
}

func (c *Choice) ranked() bool { return c.request.Ranked && len(c.request.Query.Words()) > 0 }

// Counted reports whether it is known which rows match, and, where they are
// ranked, which are the best of them.
func (c *Choice) Counted() bool { return c.answer.Found != nil }

// SoFar returns what there is of an answer that is not complete: the best rows in
// front, and behind them the others in no particular order. Found and Within are
// in it when the rows are counted. It returns false when there is nothing to
// show: no row was found, or those found are not ranked.
func (c *Choice) SoFar() (Answer, bool) {
	if c.done {
		return c.answer, true
	}
	if c.search == nil || !c.ranked() {
		return Answer{}, false
	}
	answer := Answer{Found: c.answer.Found}
	if c.Counted() {
		answer.Within = c.answer.Within
	}
	answer.View, _ = c.search.Result().Rows()
	return answer, c.Counted() || len(answer.View) > 0
}
