package fuzzy

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Search is a search under way. [Search.Step] brings it on; between two steps
// the rows found so far can be had. A search that is not brought on is given
// up by forgetting it: it holds nothing but memory. It is used by one goroutine
// at a time.
type Search struct {
	index  Index
	query  Query
	terms  []*term
	known  *Result // the rows that can match, nil for all; rows appended since can too
	answer *Result // when it is complete

	learned int // dictionaries that the terms know
	next    int // chunk
	matches *Set
	workers [2]worker
}

const (
	// stepChunks is how many chunks one step searches: a few milliseconds of
	// the two workers.
	stepChunks = 16
	// learnTexts is how many texts of dictionaries one step scores.
	learnTexts = 1 << 16
	// batch is how many rows the matcher gets in one call.
	batch = 128
)

// Begin prepares a search. All that takes time is in its steps.
func (x Index) Begin(q Query) *Search {
	s := &Search{index: x, query: q}
	if s.query.First <= 0 {
		s.query.First = first
	}
	for _, typed := range q.Terms {
		t := newTerm(x.fields, typed)
		if t.text != "" && !slices.ContainsFunc(s.terms, func(o *term) bool { return o.typed == typed }) {
			s.terms = append(s.terms, t)
		}
	}
	for _, r := range q.Known {
		switch {
		case r == nil || !r.complete:
		case r.answers(s):
			s.answer = r
			return s
		case r.contains(s) && (s.known == nil || r.count < s.known.count):
			s.known = r
		}
	}
	s.matches = newSet(x.rows)
	for i := range s.workers {
		s.workers[i] = worker{search: s, best: best{index: x, most: s.query.First}}
	}
	return s
}

// answers reports whether the result is that of the search.
func (r *Result) answers(s *Search) bool {
	return r.index.version == s.index.version && r.query.Within == s.query.Within && r.query.First >= s.query.First &&
		slices.EqualFunc(r.terms, s.terms, func(a, b *term) bool { return a.typed == b.typed })
}

// contains reports whether every row that the search can find, of those that
// there were, is in the result.
func (r *Result) contains(s *Search) bool {
	x, rows := s.index, r.index.rows
	if r.index.edition != x.edition || rows > x.rows || r.query.Within != nil && r.query.Within != s.query.Within {
		return false
	}
	if last := (rows - 1) / chunkRows; rows > 0 && r.index.chunks[last].written != x.chunks[last].written {
		return false // each of the two indexes got rows that the other has not
	}
	for _, shorter := range r.terms {
		if !slices.ContainsFunc(s.terms, func(longer *term) bool { return x.narrows(shorter.text, longer.text) }) {
			return false
		}
	}
	return true
}

// narrows reports whether every row that longer matches is one that shorter
// matches. It is not so where only the longer one is long enough for a field.
func (x Index) narrows(shorter, longer string) bool {
	if !strings.HasPrefix(longer, shorter) {
		return false
	}
	return !slices.ContainsFunc(x.fields, func(f Field) bool { return f.long(longer) && !f.long(shorter) })
}

// Step brings the search on by a few milliseconds, on two cores if there is
// that much to do, and reports whether it is complete. It stops early when ctx
// ends, and may be called again with another.
func (s *Search) Step(ctx context.Context) bool {
	if s.answer != nil {
		return true
	}
	if !s.learn(ctx) {
		return false
	}
	last := min(s.next+stepChunks, len(s.index.chunks))
	var next atomic.Int64
	next.Store(int64(s.next))
	s.together(last-s.next > 1, func(w *worker) {
		for {
			n := int(next.Add(1)) - 1
			if n >= last {
				return
			}
			if ctx.Err() == nil {
				w.chunk(n)
			}
		}
	})
	if ctx.Err() != nil {
		s.restart()
		return false
	}
	s.next = last
	if s.next < len(s.index.chunks) {
		return false
	}
	// Only now is it known which of the rows with scattered letters matter.
	s.together(len(s.workers[0].open)+len(s.workers[1].open) > batch, func(w *worker) { w.refine(ctx) })
	if ctx.Err() != nil {
		s.restart()
		return false
	}
	s.answer = s.result(true)
	return true
}

// together has the workers work, at once when that is worth a goroutine.
func (s *Search) together(atOnce bool, work func(*worker)) {
	if !atOnce {
		work(&s.workers[0])
		work(&s.workers[1])
		return
	}
	var other sync.WaitGroup
	other.Go(func() { work(&s.workers[1]) })
	work(&s.workers[0])
	other.Wait()
}

// restart forgets what was found: a step that was cut short left chunks out.
func (s *Search) restart() {
	s.next = 0
	s.matches = newSet(s.index.rows)
	for i := range s.workers {
		s.workers[i] = worker{search: s, best: best{index: s.index, most: s.query.First}}
	}
}

// learn has the terms know the dictionaries and reports whether they do.
func (s *Search) learn(ctx context.Context) bool {
	fields := s.index.fields
	for texts := 0; s.learned < len(s.terms)*len(fields); s.learned++ {
		if ctx.Err() != nil || texts > learnTexts {
			return false
		}
		at := s.learned % len(fields)
		if fields[at].Repeats {
			dictionary := s.index.dictionaries[at].all()
			s.terms[s.learned/len(fields)].learn(&fields[at], at, dictionary)
			texts += len(dictionary)
		}
	}
	return true
}

// Result returns the answer, or, while the search is not complete, what was
// found so far.
func (s *Search) Result() *Result {
	if s.answer != nil {
		return s.answer
	}
	return s.result(false)
}

// candidates returns which rows of a word of 64 can match at all.
func (s *Search) candidates(n, w int) uint64 {
	rows, at := s.index.chunks[n].live(w), n*chunkWords+w
	if s.query.Within != nil {
		rows &= s.query.Within.word(at)
	}
	if s.known != nil && rows != 0 {
		known := s.known.matches.word(at)
		if later := at*64 + 64 - s.known.index.rows; later >= 64 {
			known = ^uint64(0)
		} else if later > 0 {
			known |= ^uint64(0) << (64 - later)
		}
		rows &= known
	}
	return rows
}

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
		for _, t := range s.terms {
			if rows &= t.possible(c, word*64); rows == 0 {
				break
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
	total, open := int32(0), false
	for _, t := range s.terms {
		score, bound := t.score(s.index.fields, c, at)
		if score == 0 && bound == 0 {
			return false
		}
		open = open || bound > score
		total = plus(total, max(score, bound))
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

// refine asks the matcher about the rows with scattered letters, the ones that
// may be best first, until none of the others can be among the best.
func (w *worker) refine(ctx context.Context) {
	s := w.search
	heapify(w.open)
	rows := make([]int32, 0, batch)
	scores := make([]int32, batch)
	for len(w.open) > 0 && ctx.Err() == nil {
		rows = rows[:0]
		for len(rows) < batch && len(w.open) > 0 && w.best.mayTake(int32(w.open[0]>>32)) {
			rows = append(rows, int32(uint32(w.open[0])))
			w.open = pop(w.open)
		}
		if len(rows) == 0 {
			return
		}
		s.index.exact(s.terms, rows, scores)
		for i, row := range rows {
			w.best.offer(s.index.ranked(row, scores[i]))
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
			here[i], _ = t.score(x.fields, x.chunks[row/chunkRows], int(row%chunkRows))
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
