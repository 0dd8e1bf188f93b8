package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/fuzzy"
	"github.com/lifeguard-keys/lifeguard/tui/inventory"
	"github.com/lifeguard-keys/lifeguard/tui/query"
	"github.com/lifeguard-keys/lifeguard/tui/selection"
)

// teamsPage is the Teams page: each team with its role, its members and its
// service accounts. The teams are those that the root model loads beside the
// accounts; how many members a team has is asked for the rows in sight.
type teamsPage struct {
	listing
	list  []api.Team
	known bool // they were loaded once
	index fuzzy.Index
	view  []int32 // numbers in list, as they are shown

	sought   query.Query[api.Team] // what stands in the box
	selected string                // id of the team under the cursor
	moves    int                   // counts cursor moves, to know when it rests
	resting  *teamFacts

	members  map[string]teamMembers // by team id; replaced, never changed
	asking   int                    // of the request for members under way, 0 for none
	asked    int                    // such requests so far
	accounts accountCounts

	failure  *failure
	attempts int
	loaded   time.Time
}

// accountCounts are the service accounts of each team, by its id.
type accountCounts struct {
	counts      map[string]int
	len, living int // of the list that was counted
	complete    bool
}

func newTeamsPage() teamsPage {
	return teamsPage{
		listing: newListing(teamColumns, "name or role - or role:x can:x keys:0 !x"),
		index:   selection.NewTeamIndex(nil),
	}
}

func (t *teamsPage) name() string { return "Teams" }

func (t *teamsPage) failed() *failure { return t.failure }

// enter asks for the members of the teams in sight.
func (t *teamsPage) enter(e environment) tea.Cmd { return t.askMembers(e) }

func (t *teamsPage) pace() time.Duration {
	switch {
	case t.asking != 0:
		return spinnerTick
	case t.failure != nil && !t.failure.retryAt.IsZero():
		return secondTick
	}
	return ageTick
}

func (t *teamsPage) update(msg tea.Msg, e environment) (tea.Cmd, action) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return press(t, msg, e)
	case wheeledMsg, pointedMsg:
		return point(t, msg, e), nil
	case tea.PasteMsg:
		return pasteQuery(t, msg, e)
	case teamsLoadedMsg:
		t.take(msg.teams, e)
		if t.members != nil {
			return t.askMembers(e), nil // the page was shown before
		}
	case sideLoadFailedMsg:
		t.loadFailed(msg.err, e)
	case teamRestedMsg:
		if msg.move == t.moves {
			t.rest(e)
			return t.askMembers(e), nil
		}
	case membersLoadedMsg:
		return t.membersArrived(msg, e)
	}
	return nil, nil
}

// take replaces the teams; the cursor keeps its team.
func (t *teamsPage) take(list []api.Team, e environment) {
	t.list, t.known, t.loaded = list, true, e.now
	t.failure, t.attempts = nil, 0
	t.index = selection.NewTeamIndex(list)
	t.search(e.now)
	t.rest(e)
}

// searched shows what another query asks for.
func (t *teamsPage) searched(e environment) tea.Cmd {
	if t.box.query() != "" {
		t.selected = ""
	}
	t.search(e.now)
	return t.moved(e)
}

// current returns the team under the cursor.
func (t *teamsPage) current() (api.Team, bool) {
	place := t.table.Cursor()
	if place < 0 {
		return api.Team{}, false
	}
	return t.list[t.view[place]], true
}

func (t *teamsPage) moved(environment) tea.Cmd {
	t.moves++
	if team, ok := t.current(); ok {
		t.selected = team.ID
	}
	return after(restTime, teamRestedMsg{move: t.moves})
}

// rest shows the team under the cursor in the details pane.
func (t *teamsPage) rest(e environment) {
	t.resting = nil
	if team, ok := t.current(); ok {
		t.resting = t.facts(team, e.inventory)
	}
}

// count counts the service accounts of each team, unless it is known.
func (t *teamsPage) count(list inventory.List, complete bool, now time.Time) {
	c := &t.accounts
	if c.counts != nil && c.len == list.Len() && c.living == list.Living() && c.complete == complete {
		return
	}
	*c = accountCounts{counts: map[string]int{}, len: list.Len(), living: list.Living(), complete: complete}
	for i := range int32(list.Len()) {
		if !list.Gone(i) {
			c.counts[list.Team(i).ID]++
		}
	}
	if t.resting != nil {
		t.resting = t.facts(t.resting.team, list)
	}
	if slices.Contains(t.sought.Fields(), selection.FieldKeys) {
		t.search(now)
	}
}
