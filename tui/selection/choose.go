package selection

import (
	"context"
	"slices"
	"time"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
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

// slice is how many accounts are looked at between two looks at the context.
const slice = 512

// Answer finds the rows that the query asks for. It returns false when ctx ended
// first.
func (r Request) Answer(ctx context.Context) (a Answer, done bool) {
	if a.Within, done = r.within(ctx); !done {
		return Answer{}, false
	}
	words := r.Query.Words()
	a.Found, done = r.Index.Search(ctx, fuzzy.Query{Terms: words, Within: a.Within, Known: r.Known})
	if !done {
		return Answer{}, false
	}
	if len(words) > 0 && r.Ranked {
		a.View, done = a.Found.Order(ctx)
		return a, done
	}
	a.View, _ = a.Found.Rows()
	slices.SortFunc(a.View, func(i, j int32) int { return r.Order.Compare(r.Rows, i, j) })
	return a, ctx.Err() == nil
}

// within returns the rows that meet the conditions of the query, nil when it has
// none.
func (r Request) within(ctx context.Context) (*fuzzy.Set, bool) {
	meets := r.Query.Filter(r.Now)
	if meets == nil {
		return nil, true
	}
	if r.Within != nil {
		return r.Within, true
	}
	set := fuzzy.NewSet()
	row := Row{List: &r.Rows}
	for i := range r.Rows.Len() {
		if i%slice == 0 && ctx.Err() != nil {
			return nil, false
		}
		row.Number = int32(i)
		if !r.Rows.Gone(row.Number) && meets(&row) {
			set.Add(row.Number)
		}
	}
	return set, true
}
