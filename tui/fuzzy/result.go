package fuzzy

import (
	"context"
	"slices"

	"github.com/lifeguard-keys/lifeguard/tui/sorting"
)

// Result is what a search found. It never changes.
type Result struct {
	index    Index
	query    Query
	terms    []*term
	matches  *Set
	count    int
	best     []int32
	complete bool
}

func (s *Search) result(complete bool) *Result {
	r := &Result{index: s.index, query: s.query, terms: s.terms, matches: s.matches, complete: complete}
	r.query.Known = nil // a chain of results would keep all of them
	var rows []ranked
	for i := range s.workers {
		r.count += s.workers[i].count
		rows = append(rows, s.workers[i].best.rows...)
	}
	slices.SortFunc(rows, s.index.compare)
	for _, row := range rows[:min(len(rows), s.query.First)] {
		r.best = append(r.best, row.row)
	}
	if !complete {
		r.matches = &Set{words: slices.Clone(s.matches.words)}
		r.best = s.guess(r.best)
	}
	return r
}

// guess fills the best rows so far up with those of which the matcher was not
// asked yet, by what they may be worth.
func (s *Search) guess(best []int32) []int32 {
	open := slices.Concat(s.workers[0].open, s.workers[1].open)
	heapify(open)
	for len(best) < s.query.First && len(open) > 0 {
		best = append(best, int32(uint32(open[0])))
		open = pop(open)
	}
	return best
}

// Complete reports whether the search was complete. If not, the count and the
// rows are those found so far, and the order of the best ones is a good guess.
func (r *Result) Complete() bool { return r.complete }

// Len returns how many rows match.
func (r *Result) Len() int { return r.count }

// Best returns the best rows in their order, Query.First of them at most. It
// must not be changed. Without terms it is empty.
func (r *Result) Best() []int32 { return r.best }

// Set returns the rows that match, as a set.
func (r *Result) Set() *Set { return r.matches }

// Rows returns all rows that match in a slice of its own: the best in their
// order, then the others in the order of the rows. ranked is how many from the
// start on stand where they belong; when it is all of them, [Result.Order]
// would change nothing.
func (r *Result) Rows() (rows []int32, ranked int) {
	rows = make([]int32, 0, r.count)
	if len(r.terms) == 0 {
		return r.matches.AppendTo(rows), r.count
	}
	rows = append(rows, r.best...)
	if len(rows) == r.count {
		return rows, r.count
	}
	rest := &Set{words: slices.Clone(r.matches.words)}
	for _, row := range r.best {
		rest.words[row/64] &^= 1 << (row % 64)
	}
	if !r.complete {
		return rest.AppendTo(rows), 0
	}
	return rest.AppendTo(rows), len(r.best)
}

// Order returns all rows that match, best first. It takes the time that
// the search saved. It returns false when ctx ended before.
func (r *Result) Order(ctx context.Context) ([]int32, bool) {
	rows, done := r.Rows()
	if done == len(rows) {
		return rows, ctx.Err() == nil
	}
	rest := rows[done:]
	order := make([]ranked, len(rest))
	scores := make([]int32, batch)
	for from := 0; from < len(rest); from += batch {
		if ctx.Err() != nil {
			return nil, false
		}
		some := rest[from:min(from+batch, len(rest))]
		r.index.exact(r.terms, some, scores)
		for i, row := range some {
			order[from+i] = r.index.ranked(row, scores[i])
		}
	}
	if !sorting.Func(ctx, order, r.index.compare) {
		return nil, false
	}
	for i := range order {
		rest[i] = order[i].row
	}
	return rows, true
}
