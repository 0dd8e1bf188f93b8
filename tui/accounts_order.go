package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// chosen is all that decides which rows are shown, and in what order. It
// shares memory with the page, which never changes what is shared.
type chosen struct {
	rows    inventory.List
	index   fuzzy.Index
	inOrder bool
	query   string
	known   []*fuzzy.Result
	sort    selection.Order
	ranked  bool
}

func (a accounts) chosen() chosen {
	return chosen{
		rows: a.list, index: a.index, inOrder: a.inOrder,
		query: strings.TrimSpace(a.query()), known: a.computing.known, sort: a.sort, ranked: a.ranked,
	}
}

// compute returns the rows to show; nil stands for all of them in order. found
// is nil where nothing was searched. The last result is false when ctx ended first.
func (s chosen) compute(ctx context.Context) (view []int32, found *fuzzy.Result, ok bool) {
	if s.query == "" && s.inOrder && s.sort == (selection.Order{}) {
		return nil, nil, true
	}
	found, ok = s.index.Search(ctx, fuzzy.Query{Terms: fuzzy.Terms(s.query), Known: s.known})
	if !ok {
		return nil, nil, false
	}
	if s.query == "" || !s.ranked {
		view, _ = found.Rows()
		s.order(view)
		return view, found, ctx.Err() == nil
	}
	view, ok = found.Order(ctx)
	return view, found, ok
}

// order sorts stably by the chosen column, then by name.
func (s chosen) order(view []int32) {
	slices.SortFunc(view, func(i, j int32) int { return s.sort.Compare(s.rows, i, j) })
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
	s := a.chosen()
	a.computing.rows = s.rows.Len()
	if s.rows.Len() <= inline || (s.query == "" && s.inOrder && s.sort == (selection.Order{})) {
		view, _, _ := s.compute(context.Background())
		a.show(s.rows, view)
		return nil
	}
	ctx, cancel := context.WithCancel(parent)
	a.computing.cancel = cancel
	generation := a.computing.generation
	return func() tea.Msg {
		view, found, done := s.compute(ctx)
		return viewComputedMsg{generation: generation, rows: s.rows, view: view, found: found, done: done}
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
	a.computing.remember(msg.found)
	a.show(msg.rows, msg.view)
	if a.list.Len() > a.computing.rows {
		// More rows came while this was computed.
		return a.compute(parent, false)
	}
	return nil
}

// remembered is how many results are kept: as many letters as are taken back
// without a search.
const remembered = 8

func (c *computation) remember(found *fuzzy.Result) {
	if found != nil {
		c.known = append([]*fuzzy.Result{found}, c.known[:min(len(c.known), remembered-1)]...)
	}
}

// busy reports whether a search or sort is under way beside the screen.
func (a accounts) busy() bool { return a.computing.cancel != nil }

// show puts a view on the screen, with the cursor on the account it was on.
func (a *accounts) show(rows inventory.List, view []int32) {
	a.shown, a.view = rows, view
	place := a.table.Cursor()
	length := len(view)
	if view == nil {
		length = rows.Len()
	}
	a.table.SetLength(length)
	if selected, ok := a.list.Lookup(a.selected); ok && int(selected) < rows.Len() {
		if view == nil {
			place = int(selected)
		} else if at := slices.Index(view, selected); at >= 0 {
			place = at
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
	next := a.sort.Column
	for range selection.Columns {
		next = (next + 1) % len(selection.Columns)
		if slices.ContainsFunc(a.columns, func(c table.Column) bool { return c.ID == selection.Columns[next].ID }) {
			break
		}
	}
	a.sort = selection.Order{Column: next}
	a.ranked = false
}

func (a *accounts) reverseSort() {
	a.sort.Reverse = !a.sort.Reverse
	a.ranked = false
}
