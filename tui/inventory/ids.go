package inventory

import "hash/maphash"

// ids finds rows by their id: a hash table of row numbers with linear probing.
// The ids themselves are in the rows, so it takes 5 to 11 bytes an account,
// where a map of the language takes about 50.
type ids struct {
	seed  maphash.Seed
	slots []int32 // the number of a row and one; 0 is free; a power of two of them
	count int
}

const firstSlots = 64

func newIDs() ids { return ids{seed: maphash.MakeSeed(), slots: make([]int32, firstSlots)} }

// slot returns where the id is, or the free place where it belongs.
func (x ids) slot(rows []row, id string) int {
	mask := len(x.slots) - 1
	at := int(maphash.String(x.seed, id)) & mask
	for x.slots[at] != 0 && rows[x.slots[at]-1].id != id {
		at = (at + 1) & mask
	}
	return at
}

func (x ids) get(rows []row, id string) (int32, bool) {
	number := x.slots[x.slot(rows, id)]
	return number - 1, number != 0
}

// grow makes room for so many ids in all.
func (x ids) grow(rows []row, count int) ids {
	size := len(x.slots)
	for count*4 > size*3 {
		size *= 2
	}
	if size == len(x.slots) {
		return x
	}
	grown := ids{seed: x.seed, slots: make([]int32, size), count: x.count}
	for _, slot := range x.slots {
		if slot != 0 {
			grown.slots[grown.slot(rows, rows[slot-1].id)] = slot
		}
	}
	return grown
}

// put says that the id of a row is found there, and no longer elsewhere.
func (x ids) put(rows []row, number int32) ids {
	x = x.grow(rows, x.count+1)
	at := x.slot(rows, rows[number].id)
	if x.slots[at] == 0 {
		x.count++
	}
	x.slots[at] = number + 1
	return x
}
