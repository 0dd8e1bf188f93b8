package tui

import (
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lifeguard-keys/lifeguard/api"
)

// teamMembers are the first members of a team, and how many there are.
type teamMembers struct {
	first []api.Member
	total int
	err   *api.Error // nil when the rest is set
	at    time.Time
}

// Members are asked for a page at a time, of so many teams at once, and asked
// again when they are older than that.
const (
	membersShown   = 50
	membersAtOnce  = 4
	membersFreshly = time.Minute
)

// teamRestedMsg says that the cursor stayed on a team for a moment.
type teamRestedMsg struct{ move int }

// membersLoadedMsg are the members of the teams that were asked for.
type membersLoadedMsg struct {
	session int
	asked   int
	members map[string]teamMembers
}

func (teamRestedMsg) page() pageID    { return pageTeams }
func (membersLoadedMsg) page() pageID { return pageTeams }

// loadMembers asks for the members of several teams.
func (r remote) loadMembers(asked int, teams []string, now time.Time) tea.Cmd {
	return func() tea.Msg {
		members := make([]teamMembers, len(teams))
		var group sync.WaitGroup
		places := make(chan struct{}, membersAtOnce)
		for i, team := range teams {
			places <- struct{}{}
			group.Go(func() {
				defer func() { <-places }()
				members[i] = r.membersOf(team, now)
			})
		}
		group.Wait()
		byID := map[string]teamMembers{}
		for i, team := range teams {
			byID[team] = members[i]
		}
		return membersLoadedMsg{session: r.session, asked: asked, members: byID}
	}
}

func (r remote) membersOf(team string, now time.Time) teamMembers {
	list, err := r.client.Members(r.ctx, team, api.ListOptions{PageSize: membersShown, IncludeTotals: true})
	if err != nil {
		return teamMembers{err: asAPIError(err), at: now}
	}
	members := teamMembers{first: list.Users, total: len(list.Users), at: now}
	if list.Total != nil {
		members.total = *list.Total
	}
	return members
}

// mayProvision reports whether the caller may see members and make teams; it is
// true while that is not known.
func (e environment) mayProvision() bool {
	return e.caller == nil || api.PermitsAny(e.caller.Permissions, api.ProvisionUsersWithSCIM)
}

// askMembers asks for the members of the teams on the screen that are not
// known, or not freshly.
func (t *teamsPage) askMembers(e environment) tea.Cmd {
	if t.asking != 0 || !e.mayProvision() {
		return nil
	}
	var wanted []string
	from, to := t.table.Visible()
	for _, number := range t.view[from:to] {
		id := t.list[number].ID
		if known, ok := t.members[id]; !ok || e.now.Sub(known.at) > membersFreshly {
			wanted = append(wanted, id)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	t.asked++
	t.asking = t.asked
	return e.remote.loadMembers(t.asking, wanted, e.now)
}

func (t *teamsPage) membersArrived(msg membersLoadedMsg, e environment) (tea.Cmd, action) {
	if msg.asked != t.asking {
		return nil, nil
	}
	t.asking = 0
	members := map[string]teamMembers{}
	for id, known := range t.members {
		members[id] = known
	}
	var refused *api.Error
	for id, known := range msg.members {
		if known.err != nil && errors.Is(known.err, api.ErrUnauthorized) && msg.session == e.remote.session {
			refused = known.err
		}
		members[id] = known
	}
	t.members = members
	t.rest(e)
	if refused != nil {
		return nil, keyRefused{refused}
	}
	return t.askMembers(e), nil
}

// news forgets the members of teams that were changed.
func (t *teamsPage) news(events []api.AuditEvent, e environment) tea.Cmd {
	if t.members == nil {
		return nil
	}
	members := maps.Clone(t.members)
	for _, event := range events {
		if strings.HasPrefix(event.Action, "team.") {
			delete(members, event.Resource.ID)
		}
	}
	t.members = members
	if e.at != pageTeams {
		return nil
	}
	return t.askMembers(e)
}

// refresh loads the teams again, and forgets how many members they have.
func (t *teamsPage) refresh() action {
	t.members, t.asking = nil, 0
	if t.failure != nil {
		t.failure = &failure{err: t.failure.err, trying: true}
	}
	return loadSides{}
}

// loadFailed notes why there are no teams. The root model tries again.
func (t *teamsPage) loadFailed(err *api.Error, e environment) {
	t.attempts++
	t.failure = &failure{err: err}
	if !lasting(err) {
		t.failure.retryAt = e.now.Add(retryWait(t.attempts, err))
	}
}
