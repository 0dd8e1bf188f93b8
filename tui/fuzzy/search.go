package fuzzy

import (
	"context"
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
	// stepBatches is how many batches each worker gives the matcher in one step.
	stepBatches = 32
	// learnTexts is how many texts of dictionaries one step scores.
	learnTexts = 1 << 16
	// few rows of 64 are looked at one by one.
	few = 12
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
	switch {
	case s.answer != nil:
		return true
	case !s.learn(ctx), !s.scan(ctx), !s.refine(ctx):
		return false
	}
	s.answer = s.result(true)
	return true
}

// scan searches some of the chunks and reports whether that were all.
func (s *Search) scan(ctx context.Context) bool {
	last := min(s.next+stepChunks, len(s.index.chunks))
	if s.next == last {
		return true
	}
	var next atomic.Int64
	next.Store(int64(s.next))
	s.together(last-s.next > 1, func(w *worker) {
		for ctx.Err() == nil { // a chunk that was taken is searched
			n := int(next.Add(1)) - 1
			if n >= last {
				return
			}
			w.chunk(n)
		}
	})
	if s.next = min(int(next.Load()), last); s.next < len(s.index.chunks) {
		return false
	}
	for i := range s.workers {
		heapify(s.workers[i].open)
	}
	return true
}

// refine has the matcher decide about some of the rows with scattered letters,
// and reports whether it has decided about all that matter. Only when all rows
// are seen is it known which do.
func (s *Search) refine(ctx context.Context) bool {
	s.together(len(s.workers[0].open)+len(s.workers[1].open) > batch, func(w *worker) { w.refine(ctx) })
	return len(s.workers[0].open)+len(s.workers[1].open) == 0
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
