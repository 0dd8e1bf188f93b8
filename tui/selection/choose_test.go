package selection_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

func TestGoneRowsAreNotChosen(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	d.rows, _ = d.rows.Remove(d.rows.ID(0))
	d.index = d.index.Remove(0)
	for text, want := range map[string]string{
		"by:ada": "ci-deploy-us",
		"deploy": "ci-deploy-us",
		"":       "ci-deploy-us, nightly-ci-deps, prod-backup, Müller export, root-console",
	} {
		answer, _ := d.request(selection.Fields(nil).Parse(text)).Answer(context.Background())
		if got := d.names(answer.View); got != want {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
}

func TestChooseOrdersAsAsked(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	for _, test := range []struct {
		column  string
		reverse bool
		ranked  bool
		query   string
		first   string
	}{
		{"name", false, true, "", "Müller export"},
		{"name", true, true, "", "root-console"},
		{"team", false, true, "", "root-console"},
		{"created", false, true, "", "root-console"},
		{"created", true, true, "", "prod-backup"},
		{"by", false, true, "", "ci-deploy-eu"},
		{"used", false, true, "", "ci-deploy-eu"},
		{"used", true, true, "", "nightly-ci-deps"},
		{"used", false, false, "ci", "ci-deploy-eu"},
		{"name", true, false, "ci", "nightly-ci-deps"},
		{"name", true, true, "deploy-eu", "ci-deploy-eu"},
	} {
		column := slices.IndexFunc(selection.Columns, func(c selection.Column) bool { return c.ID == test.column })
		request := d.request(selection.Fields(nil).Parse(test.query))
		request.Ranked, request.Order = test.ranked, selection.Order{Column: column, Reverse: test.reverse}
		answer, _ := request.Answer(context.Background())
		if len(answer.View) == 0 || d.rows.Name(answer.View[0]) != test.first {
			t.Errorf("%+v lists %s", test, d.names(answer.View))
		}
	}
}

func TestChooseStopsWithItsContext(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, text := range []string{"", "ci", "by:ada"} {
		if _, done := d.request(selection.Fields(nil).Parse(text)).Answer(ctx); done {
			t.Errorf("%q is done although its context has ended", text)
		}
	}
}

// What earlier answers know is a shortcut, and changes nothing.
func TestAnswersThatKnowMoreAreTheSame(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	conditions := []string{"", "by:ada", "!prod", "used:never", "created:<7d", `"e"`, "team:data,platform"}
	schema := selection.Fields(nil)
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		condition := conditions[random.IntN(len(conditions))]
		var known []*fuzzy.Result
		var within *fuzzy.Set
		for _, word := range []string{"", "c", "ci", "ci d", "ci de", "ci"} {
			request := d.request(schema.Parse(condition + " " + word))
			plain, _ := request.Answer(context.Background())
			request.Known, request.Within = known, within
			quick, done := request.Answer(context.Background())
			if !done || !slices.Equal(plain.View, quick.View) {
				t.Fatalf("%s %s finds %v, and knowing more %v", condition, word, plain.View, quick.View)
			}
			known, within = append(known, quick.Found), quick.Within
		}
	}
}
