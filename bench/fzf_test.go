package bench

import (
	"math"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/junegunn/fzf/src/algo"
	"github.com/junegunn/fzf/src/util"
)

// fzf is fzf 0.65.2 as a person has it at the prompt, without its screen. Its
// matching is its own package algo. What stands around that in fzf is not
// exported, so it is built here the same way, with fzf's own sizes:
//
//   - chunks of 100 lines, each with a cache of the queries that matched at most
//     20 of them; a longer query looks at a shorter one's lines only (src/cache.go);
//   - eight partitions a core, searched and sorted at once, by score, then by
//     length, then by number (src/matcher.go, src/result.go);
//   - the partitions merged as far as the screen needs (src/merger.go);
//   - the last results of up to 100,000 lines kept by query;
//   - terms split at spaces, each in the case it is typed in if that is not
//     lower, and without accents if it has none (src/pattern.go).
type fzf struct {
	lines      []util.Chars
	chunks     []map[string][]fzfHit
	slabs      []*util.Slab
	merged     map[string]*fzfFound
	partitions int
	v1         bool
}

const (
	fzfChunk      = 100
	fzfCacheMost  = fzfChunk / 5
	fzfMergedMost = 100_000
)

type fzfHit struct {
	line int32
	rank uint64 // ascending: the score, upside down, and the length
}

// fzfByRelevance is how fzf sorts.
type fzfByRelevance []fzfHit

func (a fzfByRelevance) Len() int      { return len(a) }
func (a fzfByRelevance) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a fzfByRelevance) Less(i, j int) bool {
	return fzfBefore(a[i], a[j])
}

func fzfBefore(a, b fzfHit) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.line <= b.line
}

type fzfFound struct {
	lists   [][]fzfHit
	cursors []int
	merged  []fzfHit
	count   int
}

func newFzf(lines []string) *fzf {
	algo.Init("default")
	z := &fzf{partitions: 8 * runtime.NumCPU()}
	for i, line := range lines {
		chars := util.ToChars([]byte(line))
		chars.Index = int32(i)
		z.lines = append(z.lines, chars)
	}
	for range z.partitions {
		z.slabs = append(z.slabs, util.MakeSlab(100*1024, 2048))
	}
	z.forget()
	return z
}

// forget empties the caches, as a new start does.
func (z *fzf) forget() {
	z.chunks = make([]map[string][]fzfHit, (len(z.lines)+fzfChunk-1)/fzfChunk)
	z.merged = map[string]*fzfFound{}
}

type fzfTerm struct {
	text                     []rune
	caseSensitive, normalize bool
}

func fzfTerms(query string) (terms []fzfTerm, key string) {
	var texts []string
	for _, text := range strings.Fields(query) {
		lower := strings.ToLower(text)
		t := fzfTerm{caseSensitive: lower != text, normalize: lower == string(algo.NormalizeRunes([]rune(lower)))}
		t.text = []rune(text)
		if t.normalize {
			t.text = algo.NormalizeRunes(t.text)
		}
		terms, texts = append(terms, t), append(texts, string(t.text))
	}
	return terms, strings.Join(texts, "\t")
}

// search returns how many lines match, and the first of them.
func (z *fzf) search(query string, first int) (int, []int32) {
	terms, key := fzfTerms(query)
	if len(terms) == 0 {
		return len(z.lines), nil
	}
	found := z.merged[key]
	if found == nil {
		found = z.scan(terms, key)
		if found.count < fzfMergedMost {
			z.merged[key] = found
		}
	}
	best := make([]int32, 0, first)
	for i := range min(first, found.count) {
		best = append(best, found.get(i).line)
	}
	return found.count, best
}

func (z *fzf) scan(terms []fzfTerm, key string) *fzfFound {
	partitions := min(z.partitions, len(z.chunks))
	each := len(z.chunks) / partitions
	found := &fzfFound{lists: make([][]fzfHit, partitions), cursors: make([]int, partitions)}
	var all sync.WaitGroup
	for p := range partitions {
		from, to := p*each, (p+1)*each
		if p == partitions-1 {
			to = len(z.chunks)
		}
		all.Go(func() {
			lists, count := make([][]fzfHit, to-from), 0
			for chunk := from; chunk < to; chunk++ {
				lists[chunk-from] = z.chunk(chunk, terms, key, z.slabs[p])
				count += len(lists[chunk-from])
			}
			hits := make([]fzfHit, 0, count)
			for _, list := range lists {
				hits = append(hits, list...)
			}
			sort.Sort(fzfByRelevance(hits))
			found.lists[p] = hits
		})
	}
	all.Wait()
	for _, list := range found.lists {
		found.count += len(list)
	}
	return found
}

// chunk matches the lines of a chunk, or those that a shorter query matched.
func (z *fzf) chunk(chunk int, terms []fzfTerm, key string, slab *util.Slab) []fzfHit {
	from, to := chunk*fzfChunk, min((chunk+1)*fzfChunk, len(z.lines))
	full := to-from == fzfChunk
	var space []fzfHit
	if cache := z.chunks[chunk]; cache != nil && full {
		if hits, ok := cache[key]; ok {
			return hits
		}
		for i := 1; i < len(key) && space == nil; i++ {
			if hits, ok := cache[key[:len(key)-i]]; ok {
				space = hits
			} else if hits, ok := cache[key[i:]]; ok {
				space = hits
			}
		}
	}
	hits := []fzfHit{}
	if space != nil {
		for _, hit := range space {
			hits = z.line(hits, hit.line, terms, slab)
		}
	} else {
		for line := from; line < to; line++ {
			hits = z.line(hits, int32(line), terms, slab)
		}
	}
	if full && len(hits) <= fzfCacheMost {
		if z.chunks[chunk] == nil {
			z.chunks[chunk] = map[string][]fzfHit{}
		}
		z.chunks[chunk][key] = hits
	}
	return hits
}

func (z *fzf) line(hits []fzfHit, line int32, terms []fzfTerm, slab *util.Slab) []fzfHit {
	chars := &z.lines[line]
	match := algo.FuzzyMatchV2
	if z.v1 {
		match = algo.FuzzyMatchV1
	}
	score := 0
	for i := range terms {
		t := &terms[i]
		result, _ := match(t.caseSensitive, t.normalize, true, chars, t.text, false, slab)
		if result.Start < 0 {
			return hits
		}
		score += result.Score
	}
	rank := uint64(math.MaxUint16-util.AsUint16(score))<<16 | uint64(chars.TrimLength())
	return append(hits, fzfHit{line: line, rank: rank})
}

func (f *fzfFound) get(i int) fzfHit {
	for len(f.merged) <= i {
		least := -1
		for p, list := range f.lists {
			if f.cursors[p] < len(list) && (least < 0 || fzfBefore(list[f.cursors[p]], f.lists[least][f.cursors[least]])) {
				least = p
			}
		}
		f.merged = append(f.merged, f.lists[least][f.cursors[least]])
		f.cursors[least]++
	}
	return f.merged[i]
}
