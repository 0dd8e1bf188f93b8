package fuzzy

import (
	"cmp"
	"strings"
)

// ranked is a row with what it ranks by: score and last use in one number.
type ranked struct {
	key uint64
	row int32
}

func key(score int32, recent uint32) uint64 { return uint64(score)<<32 | uint64(recent) }

func (x Index) ranked(row, score int32) ranked {
	return ranked{key: key(score, x.chunks[row/chunkRows].recent[row%chunkRows]), row: row}
}

// compare is the order of results: the better match, the later use, the text
// of the first field, the row.
func (x Index) compare(a, b ranked) int {
	if a.key != b.key {
		return cmp.Compare(b.key, a.key)
	}
	return cmp.Or(strings.Compare(x.text(a.row, 0), x.text(b.row, 0)), cmp.Compare(a.row, b.row))
}

// best keeps the most best rows of those offered: a heap with the worst of them
// on top.
type best struct {
	index Index
	most  int
	rows  []ranked
}

// mayTake reports whether a row with this score may be among the best.
func (b *best) mayTake(score int32) bool {
	return len(b.rows) < b.most || uint64(score) >= b.rows[0].key>>32
}

func (b *best) offer(r ranked) {
	if len(b.rows) < b.most {
		b.rows = append(b.rows, r)
		for i := len(b.rows) - 1; i > 0; {
			parent := (i - 1) / 2
			if b.index.compare(b.rows[i], b.rows[parent]) <= 0 {
				return
			}
			b.rows[i], b.rows[parent] = b.rows[parent], b.rows[i]
			i = parent
		}
		return
	}
	if r.key < b.rows[0].key || b.index.compare(r, b.rows[0]) >= 0 {
		return
	}
	b.rows[0] = r
	for i := 0; ; {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(b.rows); child++ {
			if b.index.compare(b.rows[child], b.rows[worst]) > 0 {
				worst = child
			}
		}
		if worst == i {
			return
		}
		b.rows[i], b.rows[worst] = b.rows[worst], b.rows[i]
		i = worst
	}
}

// heapify, down and pop are a heap of numbers with the largest on top: most of
// it is never looked at, so it is not sorted. container/heap would box each.
func heapify(h []uint64) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		down(h, i)
	}
}

func down(h []uint64, i int) {
	for {
		largest := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child] > h[largest] {
				largest = child
			}
		}
		if largest == i {
			return
		}
		h[i], h[largest] = h[largest], h[i]
		i = largest
	}
}

func pop(h []uint64) []uint64 {
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	down(h, 0)
	return h
}
