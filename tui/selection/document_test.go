package selection_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// documented is what docs/query.md says: accounts, and the rows of the tables
// of examples.
type documented struct {
	rows     inventory.List
	index    fuzzy.Index
	roles    map[string]string
	examples [][]string
}

// now is when the document's examples were asked.
var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func readDocument(t *testing.T) documented {
	t.Helper()
	text, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	d := documented{rows: inventory.New(), index: selection.NewIndex(), roles: map[string]string{}}
	var heading []string
	for line := range strings.Lines(string(text)) {
		cells := row(line)
		switch {
		case cells == nil:
			heading = nil
		case heading == nil:
			heading = cells
		case strings.HasPrefix(cells[0], "---"):
		case heading[0] == "name":
			account := account(t, d.rows.Len()+1, cells)
			d.rows = d.rows.Append(account)
			d.index = d.index.Append(selection.SearchRow(account))
			d.roles[account.Team.ID] = cells[2]
		case heading[0] == "query":
			d.examples = append(d.examples, cells)
		}
	}
	return d
}

// row takes a line of a table apart, or returns nil. \| is a bar in a cell.
func row(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00"), "|")
	for i, cell := range cells {
		cells[i] = strings.Trim(strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|"), "`")
	}
	return cells
}

func account(t *testing.T, n int, cells []string) api.ServiceAccount {
	t.Helper()
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation("2006-01-02 15:04", text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	a := api.ServiceAccount{
		ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", n), Name: cells[0], Team: api.Ref{ID: "id of " + cells[1], Name: cells[1]},
		CreatedBy: api.Actor{Type: api.IdentityUser, Name: cells[3]}, CreatedAt: at(cells[5]),
		Key: api.KeySummary{Hint: cells[4], CreatedAt: at(cells[5]), LastUsedIP: cells[7]},
	}
	a.ID = strings.ReplaceAll(a.ID, "-", "")
	if cells[6] != "never" {
		used := at(cells[6])
		a.Key.LastUsedAt = &used
	}
	return a
}

func (d documented) request(query selection.Query) selection.Request {
	return selection.Request{Rows: d.rows, Index: d.index, Query: query, Ranked: true, Now: now}
}

func (d documented) names(rows []int32) string {
	rows = slices.Sorted(slices.Values(rows))
	var names []string
	for _, row := range rows {
		names = append(names, d.rows.Name(row))
	}
	return strings.Join(names, ", ")
}

func TestTheDocumentIsTrue(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if d.rows.Len() != 6 || len(d.examples) < 40 {
		t.Fatalf("read %d accounts and %d examples", d.rows.Len(), len(d.examples))
	}
	schema := selection.Fields(func(team string) string { return d.roles[team] })
	named := map[string]bool{}
	for _, example := range d.examples {
		text, says, want := example[0], example[1], example[2]
		request := d.request(schema.Parse(text))
		answer, done := request.Answer(context.Background())
		if got := d.names(answer.View); got != want || !done {
			t.Errorf("%s finds %q, and the document says %q", text, got, want)
		}
		for _, field := range request.Query.Fields() {
			named[field] = true
		}
		wrong := request.Query.Errors
		if len(wrong) > 1 || len(wrong) == 1 && wrong[0].Sentence != says {
			t.Errorf("%s is wrong: %v, and the document says %q", text, wrong, says)
		}
	}
	for _, field := range schema.Fields() {
		if !named[field.Name] {
			t.Errorf("the document has no example of %s", field.Name)
		}
	}
}
