package fuzzy

import (
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// chunkRows is how many rows lie together. It is the unit of work between two
// looks at the context, and of what is copied when one row changes.
const (
	chunkRows  = 4096
	chunkWords = chunkRows / 64
)

// chunk holds chunkRows rows, the last chunk of an index fewer. Indexes share
// chunks: what one of them can see is never written again. Appending writes
// behind what others see, everything else copies.
type chunk struct {
	columns []column
	recent  []uint32
	gone    []uint64 // a bit for each row that was removed; nil when none was
	written *int     // rows in the arrays that copies of this chunk share
}

// column is one field of a chunk's rows: an id into the field's dictionary
// when its texts repeat, else the texts themselves, one after another.
type column struct {
	ids   []uint32
	text  []byte
	ends  []uint32
	masks []uint64 // letters of the folded text
	// Of fields that are searched for scattered letters only:
	starts []uint64 // letters that begin words
	pairs  []uint64 // letters that stand side by side
}

func newChunk(fields int) *chunk {
	return &chunk{columns: make([]column, fields), written: new(int)}
}

func (c *chunk) len() int { return len(c.recent) }

func (c *column) string(row int) string {
	from := uint32(0)
	if row > 0 {
		from = c.ends[row-1]
	}
	// Text that can be seen is never written again, so it may be a string.
	text := c.text[from:c.ends[row]]
	return unsafe.String(unsafe.SliceData(text), len(text))
}

// live returns the rows of word w that are there and were not removed.
func (c *chunk) live(w int) uint64 {
	word := ^uint64(0)
	if rest := c.len() - w*64; rest <= 0 {
		return 0
	} else if rest < 64 {
		word = 1<<rest - 1
	}
	if c.gone != nil {
		word &^= c.gone[w]
	}
	return word
}

func (c *chunk) removed(at int) bool { return c.gone != nil && c.gone[at/64]&(1<<(at%64)) != 0 }

// grown returns a chunk to which rows may be appended. Two heirs of one chunk
// would write into the same memory: the second gets memory of its own.
func (c *chunk) grown() *chunk {
	d := *c
	d.columns = slices.Clone(c.columns)
	if *c.written != c.len() {
		d.written = new(int)
		d.recent = slices.Clone(c.recent)
		for i := range d.columns {
			d.columns[i] = c.columns[i].clone()
		}
	}
	return &d
}

func (c column) clone() column {
	return column{
		ids: slices.Clone(c.ids), text: slices.Clone(c.text), ends: slices.Clone(c.ends),
		masks: slices.Clone(c.masks), starts: slices.Clone(c.starts), pairs: slices.Clone(c.pairs),
	}
}

// copied returns a chunk that shares nothing that replacing a row writes.
func (c *chunk) copied() *chunk {
	d := *c
	d.written = new(int)
	*d.written = c.len()
	d.recent = slices.Clone(c.recent)
	d.columns = slices.Clone(c.columns)
	for i := range d.columns {
		d.columns[i] = c.columns[i].clone()
	}
	return &d
}

func (c *chunk) append(fields []Field, dictionaries []*dictionary, row Row) {
	for i := range fields {
		column := &c.columns[i]
		if fields[i].Repeats {
			column.ids = append(column.ids, dictionaries[i].id(row.Texts[i]))
			continue
		}
		kept, folded := fields[i].kept(row.Texts[i])
		column.text = append(column.text, kept...)
		column.ends = append(column.ends, uint32(len(column.text)))
		column.masks = append(column.masks, letters(folded))
		if fields[i].Scattered > 0 {
			column.starts = append(column.starts, initials(folded))
			column.pairs = append(column.pairs, pairs(folded))
		}
	}
	c.recent = append(c.recent, seconds(row.Recent))
	*c.written = c.len()
}

// replace writes a row of a chunk that was copied.
func (c *chunk) replace(fields []Field, dictionaries []*dictionary, at int, row Row) {
	for i := range fields {
		column := &c.columns[i]
		if fields[i].Repeats {
			column.ids[at] = dictionaries[i].id(row.Texts[i])
			continue
		}
		kept, folded := fields[i].kept(row.Texts[i])
		end := int(column.ends[at])
		start := end - len(column.string(at))
		column.text = slices.Replace(column.text, start, end, []byte(kept)...)
		for j := at; j < len(column.ends); j++ {
			column.ends[j] += uint32(len(kept) - (end - start))
		}
		column.masks[at] = letters(folded)
		if fields[i].Scattered > 0 {
			column.starts[at] = initials(folded)
			column.pairs[at] = pairs(folded)
		}
	}
	c.recent[at] = seconds(row.Recent)
}

// same reports whether a row has these texts already.
func (c *chunk) same(fields []Field, dictionaries []*dictionary, at int, row Row) bool {
	for i := range fields {
		if fields[i].Repeats {
			if c.columns[i].ids[at] != dictionaries[i].id(row.Texts[i]) {
				return false
			}
			continue
		}
		if kept, _ := fields[i].kept(row.Texts[i]); kept != c.columns[i].string(at) {
			return false
		}
	}
	return true
}

// seconds are Unix seconds in 32 bits, which last until 2106.
func seconds(recent int64) uint32 { return uint32(min(max(recent, 0), 1<<32-1)) }

// dictionary numbers the different texts of a field. All indexes that grew
// from one another share it; it only grows.
type dictionary struct {
	mu    sync.Mutex
	ids   map[string]uint32 // by the text as it was given
	texts []string          // folded, each at its id
}

func newDictionary() *dictionary { return &dictionary{ids: map[string]uint32{}} }

func (d *dictionary) id(text string) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok := d.ids[text]; ok {
		return id
	}
	id := uint32(len(d.texts))
	text = strings.Clone(text)
	d.texts = append(d.texts, Fold(text))
	d.ids[text] = id
	return id
}

func (d *dictionary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.texts[:len(d.texts):len(d.texts)]
}
