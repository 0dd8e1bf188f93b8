package sorting_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lifeguard-keys/lifeguard/tui/sorting"
)

func TestFuncSorts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 8_192, 8_193, 20_000, 70_000, 131_072} {
		s := make([]int, n)
		for i := range s {
			s[i] = r.IntN(n)
		}
		want := slices.Sorted(slices.Values(s))
		if !sorting.Func(t.Context(), s, cmp.Compare[int]) || !slices.Equal(s, want) {
			t.Errorf("%d elements are not sorted", n)
		}
	}
}

func TestFuncLosesNothingWhenItIsGivenUp(t *testing.T) {
	t.Parallel()
	s := rand.New(rand.NewPCG(1, 2)).Perm(100_000)
	want := slices.Sorted(slices.Values(s))
	for left := range 40 {
		given := slices.Clone(s)
		if sorting.Func(&countdown{Context: t.Context(), left: left}, given, cmp.Compare[int]) {
			t.Fatalf("sorted before look %d", left)
		}
		if slices.Sort(given); !slices.Equal(given, want) {
			t.Fatalf("given up at look %d, elements are lost", left)
		}
	}
}

// countdown is a context that ends when it was looked at so often.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
