package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// View is what the API Keys page shows: which accounts, in which order. A view
// with a name comes from the configuration.
type View struct {
	Name  string
	Query string
	// Sort is what selection.ParseOrder reads. "" puts the best match first.
	Sort string
}

// Remembered is what the page shows now, to begin with the next time. Its query
// is "" when there is anything in it that could be a key.
func (m Model) Remembered() View { return m.accounts.shows() }

func (a accounts) shows() View {
	var v View
	if !a.box.hidden() && api.FindKey(a.box.query()) == "" {
		v.Query = a.box.query()
	}
	if !a.ranked || v.Query == "" && a.sort != (selection.Order{}) {
		v.Sort = a.sort.String()
	}
	return v
}

// adopt takes a view's query and order over. A view that has a key in it, or
// an order that there is not, is adopted without.
func (a *accounts) adopt(v View) {
	if api.FindKey(v.Query) != "" {
		v.Query = ""
	}
	order, known := selection.ParseOrder(v.Sort)
	a.box.set(api.Clean(v.Query))
	a.sort, a.ranked = order, !known || v.Sort == ""
}

// viewNamed is what the name of a command begins with that shows a view.
const viewNamed = "view-"

// viewCommands are one for each view of the configuration.
func (a *accounts) viewCommands() []binding {
	var commands []binding
	for _, v := range a.views {
		commands = append(commands, bind(viewNamed+v.Name, "").means("View: "+v.Name))
	}
	return commands
}

// chooseView lets a person choose one of the views.
func (a *accounts) chooseView(e environment) (tea.Cmd, action) {
	d, cmd := newPaletteDialog(a.viewCommands(), e)
	return cmd, openDialog{d}
}

func (a *accounts) runView(b binding, e environment) (tea.Cmd, bool) {
	for _, v := range a.views {
		if b.name == viewNamed+v.Name {
			a.adopt(v)
			a.box.leave()
			return a.compute(e, true), true
		}
	}
	return nil, false
}
