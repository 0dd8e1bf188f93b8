package fuzzy

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// Positions returns the byte offsets in text of the characters that the terms
// match in a field, in ascending order, for highlighting. Call it for the rows
// on the screen only.
func (x Index) Positions(terms []string, field int, text string) []int {
	folded, offsets := FoldWithOffsets(text)
	f := x.fields[field]
	var positions []int
	for _, term := range terms {
		term = Fold(term)
		if term == "" || !f.long(term) {
			continue
		}
		if f.Head > 0 && len(term) > f.Head && len(folded) > f.Head && strings.HasPrefix(term, folded[:f.Head]) {
			term = folded[:f.Head]
		}
		if at := strings.Index(folded, term); at >= 0 {
			positions = append(positions, offsets[at:at+len(term)]...)
			continue
		}
		if f.Scattered == 0 || len(term) > maxTermLength || !subsequence(term, folded) {
			continue
		}
		for _, m := range fuzzy.FindNoSort(term, []string{folded}) {
			for _, at := range m.MatchedIndexes {
				positions = append(positions, offsets[at])
			}
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}
