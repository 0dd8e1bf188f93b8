package fuzzy

// Fold makes text comparable, as the search does: lower case and without
// accents, so that muller finds Müller.
func Fold(text string) string { return fold(text) }

// FoldWithOffsets folds text and says for each byte of the result at which byte
// of text its character begins.
func FoldWithOffsets(text string) (string, []int) { return foldWithOffsets(text) }
