package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
	"github.com/lifeguard-keys/lifeguard/tui/table"
)

// patience is how long Update computes before it goes on beside the screen: half
// of a frame.
const patience = 8 * time.Millisecond

// compute shows what the query and the order ask for: at once when there are few
// rows, else beside the screen, with the old view left standing meanwhile.
// top puts the cursor on the first row instead of keeping it on its account.
func (a *accounts) compute(e environment, top bool) tea.Cmd {
	if a.computing.cancel != nil {
		a.computing.cancel()
		a.computing.cancel = nil
	}
	a.computing.generation++
	a.computing.outdated = false
	if top {
		a.selected = ""
		a.table.Top()
	}
	r := a.request(e)
	a.computing.rows = r.Rows.Len()
	a.computing.counting = false
	if a.plain() {
		a.show(r.Rows, nil)
		return nil
	}
	if r.Rows.Len() <= inline {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if answer, done := r.Answer(ctx); done {
			a.show(r.Rows, answer.View)
			return nil
		}
	}
	ctx, cancel := context.WithCancel(e.remote.ctx)
	a.computing.cancel, a.computing.counting = cancel, true
	msg := viewComputedMsg{generation: a.computing.generation, rows: r.Rows, conditions: a.conditions(e)}
	return msg.compute(ctx, r.Begin())
}

// meanwhile is after what time the best rows so far are shown.
const meanwhile = 50 * time.Millisecond

// compute brings a choice on beside the screen until there is something new to
// show: the best rows and how many there are, or, when that takes long, the best
// so far, and in the end all rows in their order. The message brings the command
// that goes on from there.
func (msg viewComputedMsg) compute(ctx context.Context, choice *selection.Choice) tea.Cmd {
	return func() tea.Msg {
		counted, start := choice.Counted(), time.Now()
		for !msg.done {
			msg.done = choice.Step(ctx)
			if ctx.Err() != nil {
				return nil // something else is wanted by now
			}
			answer, ok := selection.Answer{}, false
			if msg.done || choice.Counted() != counted || time.Since(start) > meanwhile && !counted {
				answer, ok = choice.SoFar()
			}
			if ok {
				msg.answer, msg.next = answer, msg.compute(ctx, choice)
				break
			}
		}
		msg.conditions.met = msg.answer.Within
		return msg
	}
}

// computed takes over what was computed beside the screen, unless it was
// superseded.
func (a *accounts) computed(msg viewComputedMsg, e environment) tea.Cmd {
	if msg.generation != a.computing.generation {
		return nil
	}
	if msg.answer.Found != nil {
		a.computing.counting = false
		a.computing.remember(msg.answer.Found)
		a.computing.conditions = msg.conditions
	}
	a.show(msg.rows, msg.answer.View)
	if !msg.done {
		return msg.next
	}
	a.computing.cancel()
	a.computing.cancel = nil
	if a.list.Len() > a.computing.rows || a.computing.outdated {
		// More rows came while this was computed, or some went.
		return a.compute(e, false)
	}
	return nil
}

// remembered is how many results are kept: as many letters as are taken back
// without a search.
const remembered = 8

func (c *computation) remember(found *fuzzy.Result) {
	if len(c.known) == 0 || c.known[0] != found {
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
	a.countHidden()
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
