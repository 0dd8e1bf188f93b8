// Package sorting sorts slices that are so long that somebody may not want to
// wait for the end.
package sorting

import (
	"context"
	"slices"
)

// run is how many elements are sorted, or merged, between two looks at the
// context: a millisecond or two.
const run = 1 << 13

// Func sorts s as [slices.SortFunc] does, in runs that it then merges two by
// two, with a second slice as long as s. It returns false, and leaves s with the
// same elements in any order, when ctx ends before.
func Func[E any](ctx context.Context, s []E, compare func(a, b E) int) bool {
	for piece := range slices.Chunk(s, run) {
		if ctx.Err() != nil {
			return false
		}
		slices.SortFunc(piece, compare)
	}
	if len(s) <= run {
		return ctx.Err() == nil
	}
	from, into := s, make([]E, len(s))
	for width := run; width < len(s); width *= 2 {
		for at := 0; at < len(s); at += 2 * width {
			middle, end := min(at+width, len(s)), min(at+2*width, len(s))
			if !merge(ctx, into[at:end], from[at:middle], from[middle:end], compare) {
				copy(s, from) // the level that was merged from is whole
				return false
			}
		}
		from, into = into, from
	}
	copy(s, from) // onto itself when the levels were even
	return true
}

func merge[E any](ctx context.Context, into, a, b []E, compare func(a, b E) int) bool {
	for i := range into {
		if i%run == 0 && ctx.Err() != nil {
			return false
		}
		if len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) <= 0 {
			into[i], a = a[0], a[1:]
		} else {
			into[i], b = b[0], b[1:]
		}
	}
	return true
}
