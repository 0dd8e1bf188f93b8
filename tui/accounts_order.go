package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// sortOrder is the column that the table is sorted by. The zero value is the
// order of the server: by name.
type sortOrder struct {
	column  int // into sortColumns
	reverse bool
}

// sortColumns are what `s` goes through. Those that are times begin with the
// latest, because that is what one looks for.
var sortColumns = []struct {
	id      string
	compare func(a, b *api.ServiceAccount) int
}{
	{"name", byName},
	{"team", func(a, b *api.ServiceAccount) int { return strings.Compare(a.Team.Name, b.Team.Name) }},
	{"created", func(a, b *api.ServiceAccount) int { return b.CreatedAt.Compare(a.CreatedAt) }},
	{"by", func(a, b *api.ServiceAccount) int { return strings.Compare(a.CreatedBy.Name, b.CreatedBy.Name) }},
	{"used", func(a, b *api.ServiceAccount) int { return lastUse(b).Compare(lastUse(a)) }},
}

func byName(a, b *api.ServiceAccount) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

func lastUse(a *api.ServiceAccount) time.Time {
	if a.Key.LastUsedAt == nil {
		return time.Time{}
	}
	return *a.Key.LastUsedAt
}

// selection is all that decides which rows are shown, and in what order. It
// shares memory with the page, which never changes what is shared.
type selection struct {
	rows       []api.ServiceAccount
	gone       map[int32]bool
	index      fuzzy.Index
	inOrder    bool
	query      string
	candidates []int32
	sort       sortOrder
	ranked     bool
}

func (a accounts) selection() selection {
	return selection{
		rows: a.rows, gone: a.gone, index: a.index, inOrder: a.inOrder,
		query: strings.TrimSpace(a.query()), sort: a.sort, ranked: a.ranked,
	}
}

// compute returns the rows to show; nil stands for all of them in order. The
// second result is false when ctx ended first.
func (s selection) compute(ctx context.Context) ([]int32, bool) {
	if s.query == "" && s.inOrder && s.sort == (sortOrder{}) {
		return nil, true
	}
	var view []int32
	if s.query == "" {
		view = make([]int32, len(s.rows))
		for i := range view {
			view[i] = int32(i)
		}
	} else {
		found, ok := s.index.Search(ctx, s.query, s.candidates)
		if !ok {
			return nil, false
		}
		view = found
	}
	if len(s.gone) > 0 {
		view = slices.DeleteFunc(view, func(row int32) bool { return s.gone[row] })
	}
	if s.query == "" || !s.ranked {
		s.order(view)
	}
	if view == nil {
		view = []int32{}
	}
	return view, ctx.Err() == nil
}

// order sorts stably by the chosen column, then by name.
func (s selection) order(view []int32) {
	compare := sortColumns[s.sort.column].compare
	sign := 1
	if s.sort.reverse {
		sign = -1
	}
	slices.SortFunc(view, func(i, j int32) int {
		a, b := &s.rows[i], &s.rows[j]
		return cmp.Or(sign*compare(a, b), byName(a, b))
	})
}

// compute shows what the query and the order ask for: at once when there are few
// rows, else beside the screen, with the old view left standing meanwhile.
// top puts the cursor on the first row instead of keeping it on its account.
func (a *accounts) compute(parent context.Context, top bool) tea.Cmd {
	if a.computing.cancel != nil {
		a.computing.cancel()
		a.computing.cancel = nil
	}
	a.computing.generation++
	if top {
		a.selected = ""
		a.table.Top()
	}
	s := a.selection()
	a.computing.rows = len(s.rows)
	if len(s.rows) <= inline || (s.query == "" && s.inOrder && s.sort == (sortOrder{})) {
		view, _ := s.compute(context.Background())
		a.show(s.rows, view, s.query)
		return nil
	}
	// The rows on the screen are all that a longer query can match, if they
	// were found among all rows there are.
	if a.view != nil && a.computing.shown == len(s.rows) && s.index.Narrows(a.computing.query, s.query) {
		s.candidates = a.view
	}
	ctx, cancel := context.WithCancel(parent)
	a.computing.cancel = cancel
	generation := a.computing.generation
	return func() tea.Msg {
		view, done := s.compute(ctx)
		return viewComputedMsg{generation: generation, rows: s.rows, view: view, done: done}
	}
}

// computed takes over what was computed beside the screen, unless it was
// superseded.
func (a *accounts) computed(parent context.Context, msg viewComputedMsg) tea.Cmd {
	if msg.generation != a.computing.generation || !msg.done {
		return nil
	}
	a.computing.cancel()
	a.computing.cancel = nil
	a.show(msg.rows, msg.view, strings.TrimSpace(a.query()))
	if len(a.rows) > a.computing.rows {
		// More rows came while this was computed.
		return a.compute(parent, false)
	}
	return nil
}

// busy reports whether a search or sort is under way beside the screen.
func (a accounts) busy() bool { return a.computing.cancel != nil }

// show puts a view on the screen, with the cursor on the account it was on.
func (a *accounts) show(rows []api.ServiceAccount, view []int32, query string) {
	a.shown, a.view = rows, view
	a.computing.query = query
	a.computing.shown = a.computing.rows
	place := a.table.Cursor()
	length := len(view)
	if view == nil {
		length = len(rows)
	}
	a.table.SetLength(length)
	if a.selected != "" {
		for i := range length {
			if rows[a.row(i)].ID == a.selected {
				place = i
				break
			}
		}
	}
	a.table.Select(max(place, 0))
	a.selected = ""
	if account, ok := a.current(); ok {
		a.selected = account.ID
	}
	a.follow()
}

// nextSort goes to the next column on the screen, in its own direction.
func (a *accounts) nextSort() {
	next := a.sort.column
	for range sortColumns {
		next = (next + 1) % len(sortColumns)
		if slices.ContainsFunc(a.columns, func(c table.Column) bool { return c.ID == sortColumns[next].id }) {
			break
		}
	}
	a.sort = sortOrder{column: next}
	a.ranked = false
}

func (a *accounts) reverseSort() {
	a.sort.reverse = !a.sort.reverse
	a.ranked = false
}
