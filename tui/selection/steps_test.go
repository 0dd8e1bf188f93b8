package selection_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// many are 80,000 accounts, which is more than one step.
var many = sync.OnceValue(func() selection.Request {
	list, rows := inventory.New(), []fuzzy.Row{}
	for i := range 80_000 {
		account := api.ServiceAccount{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("ci-deploy-%d", (i*7919)%80_000), Team: api.Ref{ID: "t", Name: "platform"},
			CreatedBy: api.Actor{Name: []string{"ada", "grace"}[i%2]}, CreatedAt: time.Unix(int64(i), 0),
		}
		list, rows = list.Append(account), append(rows, selection.SearchRow(account))
	}
	return selection.Request{
		Rows: list, Index: selection.NewIndex().Append(rows...), Query: selection.Fields(nil).Parse("ci 77 by:ada"),
		Ranked: true, Now: time.Unix(1e6, 0),
	}
})

// Who types sees the count and the best rows before all are in their order.
func TestTheBestAreThereBeforeTheOrderIs(t *testing.T) {
	t.Parallel()
	c := many().Begin()
	if _, ok := c.SoFar(); ok {
		t.Error("something is shown before anything was done")
	}
	found, counted := 0, selection.Answer{}
	for !c.Step(t.Context()) {
		answer, ok := c.SoFar()
		if !ok {
			continue
		}
		if len(answer.View) < found {
			t.Fatalf("%d rows were found, and then %d", found, len(answer.View))
		}
		found = len(answer.View)
		if c.Counted() {
			counted = answer
		}
	}
	answer, ok := c.SoFar()
	if !ok || counted.Found == nil || counted.Within.Len() != 40_000 || len(counted.View) != len(answer.View) {
		t.Fatalf("when counted there are %d rows, in the end %d", len(counted.View), len(answer.View))
	}
	best := len(counted.Found.Best())
	if best < 100 || best == len(answer.View) || !slices.Equal(counted.View[:best], answer.View[:best]) {
		t.Errorf("the %d best rows do not stay where they are", best)
	}
	if again, done := many().Answer(t.Context()); !done || !slices.Equal(again.View, answer.View) {
		t.Error("step by step the answer is another one")
	}
}

func TestAChoiceGoesOnAfterItWasGivenUp(t *testing.T) {
	t.Parallel()
	request := many()
	want, _ := request.Answer(t.Context())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	c := request.Begin()
	for done := false; !done; {
		if c.Step(ended) {
			t.Fatal("a step does its work although the context has ended")
		}
		done = c.Step(t.Context())
	}
	if got, _ := c.SoFar(); !slices.Equal(got.View, want.View) {
		t.Error("the answer is another one")
	}
}
