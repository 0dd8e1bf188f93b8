package fuzzy

import (
	"context"
	"math"
	"math/bits"
)

// worker is one of the two that search.
type worker struct {
	search *Search
	count  int
	best   best
	open   []uint64 // rows whose score is bounded only: bound<<32 | row
}

// chunk searches one chunk.
func (w *worker) chunk(n int) {
	s := w.search
	c := s.index.chunks[n]
	for word := range chunkWords {
		rows := s.candidates(n, word)
		if rows == 0 {
			continue
		}
		if bits.OnesCount64(rows) > few {
			for _, t := range s.terms {
				if rows &= t.possible(c, word*64); rows == 0 {
					break
				}
			}
		}
		var found uint64
		for ; rows != 0; rows &= rows - 1 {
			bit := bits.TrailingZeros64(rows)
			at := word*64 + bit
			if w.row(c, int32(n*chunkRows+at), at) {
				found |= 1 << bit
			}
		}
		s.matches.words[n*chunkWords+word] = found
		w.count += bits.OnesCount64(found)
	}
}

// row reports whether a row matches, and keeps it if it may be among the best.
func (w *worker) row(c *chunk, row int32, at int) bool {
	s := w.search
	if len(s.terms) == 0 {
		return true
	}
	total, open, ok := s.score(c, at, false)
	if !ok {
		return false
	}
	if w.best.mayTake(total) && open {
		total, _, _ = s.score(c, at, true)
	}
	switch {
	case !w.best.mayTake(total):
	case open:
		w.open = append(w.open, uint64(total)<<32|uint64(row))
	default:
		w.best.offer(ranked{key: key(total, c.recent[at]), row: row})
	}
	return true
}

// score adds up what the terms are worth in a row; open says that the total is
// a bound. ok is false when one of them does not match.
func (s *Search) score(c *chunk, at int, closer bool) (total int32, open, ok bool) {
	for _, t := range s.terms {
		score, bound := t.score(s.index.fields, c, at, closer)
		if score == 0 && bound == 0 {
			return 0, false, false
		}
		open = open || bound > score
		total = plus(total, max(score, bound))
	}
	return total, open, true
}

// refine asks the matcher about the rows with scattered letters, the ones that
// may be best first, until none of the others can be among the best.
func (w *worker) refine(ctx context.Context) {
	x, terms := w.search.index, w.search.terms
	rows := make([]int32, 0, batch)
	scores := make([]int32, batch)
	for range stepBatches {
		rows = rows[:0]
		for len(rows) < batch && len(w.open) > 0 && w.best.mayTake(int32(w.open[0]>>32)) {
			rows = append(rows, int32(uint32(w.open[0])))
			w.open = pop(w.open)
		}
		if len(rows) == 0 {
			w.open = nil
			return
		}
		x.exact(terms, rows, scores)
		for i, row := range rows {
			w.best.offer(x.ranked(row, scores[i]))
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// exact scores rows that match all terms, to the last point.
func (x Index) exact(terms []*term, rows, scores []int32) {
	clear(scores[:len(rows)])
	here := make([]int32, len(rows))
	var in texts
	var numbers []int
	for _, t := range terms {
		for i, row := range rows {
			here[i], _ = t.score(x.fields, x.chunks[row/chunkRows], int(row%chunkRows), false)
		}
		for f := range x.fields {
			field := &x.fields[f]
			if field.Repeats || !t.fields[f].on || !t.fields[f].scattered {
				continue
			}
			in, numbers = in[:0], numbers[:0]
			for i, row := range rows {
				text := x.chunks[row/chunkRows].columns[f].string(int(row % chunkRows))
				if here[i] < matched(field, fine) && t.whole(field, text) == 0 && subsequence(t.text, text) {
					in, numbers = append(in, text), append(numbers, i)
				}
			}
			t.scatter(field, in, func(i int, score int32) {
				// The first call for a text is the least it can be.
				here[numbers[i]] = max(here[numbers[i]], score)
			})
		}
		for i := range rows {
			scores[i] = plus(scores[i], here[i])
		}
	}
}

// plus adds scores; very many terms end at the largest.
func plus(a, b int32) int32 { return int32(min(int64(a)+int64(b), math.MaxInt32)) }
