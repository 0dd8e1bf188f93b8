package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// audit is the Audit log page: the newest events first, older ones loaded as
// one scrolls towards them.
type audit struct {
	listing
	all eventLog // what was loaded
	log eventLog // what of it is shown

	asked     eventQuery                 // what stands in the box
	meets     func(*api.AuditEvent) bool // the query, nil for all events
	narrowed  selection.NarrowedEvents   // what the server was asked to filter by
	narrowing int                        // counts what it is to be asked, late waits are dropped
	whole     eventLog                   // what was loaded before the server filtered
	replace   bool                       // what comes next takes the place of what is here

	selected int64           // sequence of the event under the cursor, 0 for none
	resting  *api.AuditEvent // the event in the details pane
	moves    int             // counts cursor moves, to know when it rests

	following bool // the cursor stays on the newest event
	missed    bool // events came while the newest were being asked for

	load    auditLoad
	failure *failure
	loaded  time.Time // when the newest events were last asked for
}

func newAudit() audit {
	none := eventLog{total: -1}
	return audit{
		listing: newListing(auditColumns, "actor, action, target, address - or time:<1d outcome:denied"),
		all:     none, log: none, whole: none, following: true,
	}
}

func (a *audit) name() string { return "Audit log" }

func (a *audit) failed() *failure { return a.failure }

// enter loads the log when the page is first shown, and what is new since.
func (a *audit) enter(e environment) tea.Cmd {
	if a.load.running || a.failure != nil {
		return nil
	}
	return a.refresh(e)
}

// pace is quick while something is under way.
func (a *audit) pace() time.Duration {
	switch {
	case a.load.running:
		return spinnerTick
	case a.failure != nil && !a.failure.retryAt.IsZero():
		return secondTick
	}
	return ageTick
}

func (a *audit) update(msg tea.Msg, e environment) (tea.Cmd, action) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return press(a, msg, e)
	case wheeledMsg, pointedMsg:
		return point(a, msg, e), nil
	case tea.PasteMsg:
		return pasteQuery(a, msg, e)
	case auditNarrowMsg:
		if msg.narrowing == a.narrowing {
			return a.narrowNow(e), nil
		}
	case tickMsg:
		if f := a.failure; f != nil && !f.retryAt.IsZero() && !e.now.Before(f.retryAt) {
			return a.refresh(e), nil
		}
	case eventRestedMsg:
		if msg.move == a.moves {
			a.rest()
		}
	case auditLoadedMsg:
		if a.load.running && msg.generation == a.load.generation {
			return a.arrived(msg, e)
		}
	case auditFailedMsg:
		if msg.session == e.remote.session && a.load.running && msg.generation == a.load.generation {
			return nil, a.loadFailed(msg, e)
		}
	case signedInMsg:
		if a.failure != nil || a.load.running {
			return a.refresh(e), nil
		}
	}
	return nil, nil
}

// current returns the event under the cursor.
func (a *audit) current() (*api.AuditEvent, bool) {
	place := a.table.Cursor()
	if place < 0 {
		return nil, false
	}
	return a.log.at(place), true
}

// moved notes a move of the cursor, loads older events when it nears the last
// one, and returns the command that tells when it has rested.
func (a *audit) moved(e environment) tea.Cmd {
	a.moves++
	a.selected = 0
	a.following = a.table.Cursor() <= 0
	if event, ok := a.current(); ok {
		a.selected = event.Sequence
	}
	return tea.Batch(after(restTime, eventRestedMsg{move: a.moves}), a.older(e))
}

// rest shows the event under the cursor in the details pane.
func (a *audit) rest() { a.resting, _ = a.current() }

// settle gives the table its new length and the cursor its event again.
func (a *audit) settle() {
	a.table.SetLength(a.log.length())
	if a.selected != 0 {
		a.table.Select(a.log.place(a.selected))
	}
	a.selected = 0
	if event, ok := a.current(); ok {
		a.selected = event.Sequence
	}
	a.rest()
}
