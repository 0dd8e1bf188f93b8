package fuzzy

import "math/bits"

// Set is a set of rows, one bit a row. A set that was handed to a search, or
// came from one, must not be changed any more.
type Set struct{ words []uint64 }

// NewSet makes a set of rows. Room for more is made as they come.
func NewSet(rows ...int32) *Set {
	s := &Set{}
	for _, row := range rows {
		s.Add(row)
	}
	return s
}

// newSet makes an empty set with room for n rows, in whole chunks.
func newSet(n int) *Set {
	chunks := (n + chunkRows - 1) / chunkRows
	return &Set{words: make([]uint64, chunks*chunkWords)}
}

// Add puts a row in.
func (s *Set) Add(row int32) {
	word := int(row / 64)
	for word >= len(s.words) {
		s.words = append(s.words, make([]uint64, max(chunkWords, len(s.words)))...)
	}
	s.words[word] |= 1 << (row % 64)
}

// Has reports whether a row is in the set.
func (s *Set) Has(row int32) bool {
	word := int(row / 64)
	return word < len(s.words) && s.words[word]&(1<<(row%64)) != 0
}

// Len returns how many rows are in the set.
func (s *Set) Len() int {
	n := 0
	for _, word := range s.words {
		n += bits.OnesCount64(word)
	}
	return n
}

// AppendTo appends the set's rows to rows, in ascending order.
func (s *Set) AppendTo(rows []int32) []int32 {
	for i, word := range s.words {
		for ; word != 0; word &= word - 1 {
			rows = append(rows, int32(i*64+bits.TrailingZeros64(word)))
		}
	}
	return rows
}

// word returns 64 rows of the set.
func (s *Set) word(i int) uint64 {
	if i < len(s.words) {
		return s.words[i]
	}
	return 0
}
