package storetest

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var auditCases = []contractCase{
	{"audit events", testAuditEvents},
	{"audit filters", testAuditFilters},
	{"audit paging", testAuditPaging},
	{"audit pages of large events", testLargeAuditEvents},
	{"events of no change", testAppendEvents},
	{"pruned events", testPruneAuditEvents},
}

// append writes one event and changes nothing else.
func (f *fixture) append(t *testing.T, event server.Event) {
	t.Helper()
	event.ID = f.id()
	if err := f.Store.Write(t.Context(), func(server.Tx) (server.Event, error) { return event, nil }); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) audit(t *testing.T, query server.AuditQuery) server.AuditPage {
	t.Helper()
	if query.Limit == 0 {
		query.Limit = 300
	}
	page, err := f.Store.AuditEvents(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func sequences(events []api.AuditEvent) []int64 {
	sequences := make([]int64, len(events))
	for i, event := range events {
		sequences[i] = event.Sequence
	}
	return sequences
}

func testAuditEvents(t *testing.T, db Database) {
	if last, err := db.Store.LastAuditEvent(t.Context()); err != nil || last != 0 {
		t.Errorf("the last event of an empty log: %d, %v", last, err)
	}
	f := newFixture(t, db)
	f.append(t, server.Event{
		Time: Epoch, Actor: api.Actor{Type: api.IdentityServiceAccount, ID: NewID(5), Name: "bot\n'\"日本"},
		Action: "service_account.create", ResourceType: "service_account", ResourceID: NewID(6), ResourceName: "ci \u202e",
		Outcome: server.OutcomeDenied, RequestID: "r-1", IP: "2001:db8::1", UserAgent: "curl/8", Via: "console",
		Metadata: map[string]string{"": `"quoted"`, "ключ": "<&>\u2028", "team_id": f.data.ID},
	})
	f.append(t, server.Event{Time: Epoch.Add(-time.Hour)})
	page := f.audit(t, server.AuditQuery{})
	if page.More || page.Total != -1 || len(page.Events) != 3 {
		t.Fatalf("%+v", page)
	}
	var verifier api.ChainVerifier
	for i, recorded := range f.Events(t) {
		e := recorded.Event
		want := api.AuditEvent{
			Sequence: recorded.Sequence, ID: e.ID, Time: e.Time, Actor: e.Actor, Action: e.Action,
			Resource: api.AuditResource{Type: e.ResourceType, ID: e.ResourceID, Name: e.ResourceName},
			Outcome:  e.Outcome, RequestID: e.RequestID, IP: e.IP, UserAgent: e.UserAgent, Via: e.Via,
			Metadata: e.Metadata, Hash: hex.EncodeToString(recorded.Hash[:]),
		}
		if diff := cmp.Diff(want, page.Events[i]); diff != "" {
			t.Errorf("event %d (-kept +read):\n%s", i+1, diff)
		}
		if fault := verifier.Check(page.Events[i]); fault != "" {
			t.Error(fault)
		}
	}
	if last, err := db.Store.LastAuditEvent(t.Context()); err != nil || last != 3 {
		t.Errorf("the last event: %d, %v", last, err)
	}
}

func testAuditFilters(t *testing.T, db Database) {
	f := newFixture(t, db) // its event is number 1, of type test, at Epoch
	user := api.Actor{Type: api.IdentityUser, ID: NewID(5)}
	bot := api.Actor{Type: api.IdentityServiceAccount, ID: NewID(6)}
	f.append(t, server.Event{Time: Epoch.Add(time.Second), Actor: user, Action: "team.create", ResourceType: "team", ResourceID: NewID(7)})
	f.append(t, server.Event{Time: Epoch.Add(2 * time.Second), Actor: bot, Action: "team.delete", ResourceType: "team", ResourceID: NewID(8)})
	f.append(t, server.Event{Time: Epoch.Add(3 * time.Second), Actor: bot, Action: "user.create", ResourceType: "user", ResourceID: NewID(7)})
	for name, c := range map[string]struct {
		filter api.AuditFilter
		want   []int64
	}{
		"nothing":           {api.AuditFilter{}, []int64{1, 2, 3, 4}},
		"newest first":      {api.AuditFilter{NewestFirst: true}, []int64{4, 3, 2, 1}},
		"after":             {api.AuditFilter{After: 2}, []int64{3, 4}},
		"after all":         {api.AuditFilter{After: 4}, []int64{}},
		"since":             {api.AuditFilter{Since: stored(Epoch).Add(2 * time.Second)}, []int64{3, 4}},
		"until":             {api.AuditFilter{Until: stored(Epoch).Add(2 * time.Second)}, []int64{1, 2}},
		"actor type":        {api.AuditFilter{ActorType: api.IdentityServiceAccount}, []int64{3, 4}},
		"actor":             {api.AuditFilter{ActorID: user.ID}, []int64{2}},
		"resource type":     {api.AuditFilter{ResourceType: "team"}, []int64{2, 3}},
		"resource":          {api.AuditFilter{ResourceID: NewID(7)}, []int64{2, 4}},
		"action":            {api.AuditFilter{Action: "team.delete"}, []int64{3}},
		"part of an action": {api.AuditFilter{Action: "team"}, []int64{}},
		"several":           {api.AuditFilter{ActorID: bot.ID, ResourceType: "team", After: 1, NewestFirst: true}, []int64{3}},
	} {
		page := f.audit(t, server.AuditQuery{AuditFilter: c.filter, Total: true})
		if got := sequences(page.Events); !slices.Equal(got, c.want) || page.Total != len(c.want) {
			t.Errorf("%s: events %v and a total of %d, want %v", name, got, page.Total, c.want)
		}
	}
}

func testAuditPaging(t *testing.T, db Database) {
	f := newFixture(t, db)
	for range 6 {
		f.append(t, server.Event{Time: Epoch, Action: "team.create"})
	}
	for _, newestFirst := range []bool{false, true} {
		want := []int64{2, 3, 4, 5, 6, 7}
		if newestFirst {
			slices.Reverse(want)
		}
		query := server.AuditQuery{AuditFilter: api.AuditFilter{Action: "team.create", NewestFirst: newestFirst}, Limit: 2, Total: true}
		var byToken, byNumber []int64
		for range 3 {
			page := f.audit(t, query)
			byToken = append(byToken, sequences(page.Events)...)
			query.From = page.Events[1].Sequence
			if page.Total != 6 || page.More != (len(byToken) < 6) {
				t.Errorf("after %v: total %d, more %t", byToken, page.Total, page.More)
			}
			numbered := query
			numbered.From, numbered.Offset = 0, len(byNumber)
			byNumber = append(byNumber, sequences(f.audit(t, numbered).Events)...)
		}
		if !slices.Equal(byToken, want) || !slices.Equal(byNumber, want) {
			t.Errorf("pages %v and %v, want %v", byToken, byNumber, want)
		}
	}
}

// testLargeAuditEvents reads pages that are full before they have all the
// events that were asked for.
func testLargeAuditEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	for _, size := range []int{900, 10, 10, 2000, 10} {
		f.append(t, server.Event{Time: Epoch, Action: "team.create", Metadata: map[string]string{"ids": strings.Repeat("x", size)}})
	}
	for _, newestFirst := range []bool{false, true} {
		want := [][]int64{{2, 3, 4, 5}, {6}}
		if newestFirst {
			want = [][]int64{{6, 5}, {4, 3, 2}}
		}
		query := server.AuditQuery{AuditFilter: api.AuditFilter{Action: "team.create", NewestFirst: newestFirst}, Bytes: 1000, Total: true}
		for i, events := range want {
			page := f.audit(t, query)
			if got := sequences(page.Events); !slices.Equal(got, events) || page.More != (i < len(want)-1) || page.Total != 5 {
				t.Fatalf("events %v, more %t, a total of %d, want %v", got, page.More, page.Total, events)
			}
			query.From = events[len(events)-1]
		}
	}
	if page := f.audit(t, server.AuditQuery{Bytes: 1, Limit: 1}); len(page.Events) != 1 || !page.More {
		t.Errorf("%+v", page)
	}
}

func testAppendEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	batch := make([]server.Event, 3)
	for i := range batch {
		batch[i] = server.Event{ID: f.id(), Time: Epoch, Action: "authentication.fail", Metadata: map[string]string{"count": "2"}}
	}
	if err := f.Store.AppendEvents(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := f.Store.AppendEvents(t.Context(), nil); err != nil {
		t.Errorf("no events: %v", err)
	}
	events := f.Events(t)
	Chain(t, events)
	if len(events) != 4 || events[1].Event.ID != batch[0].ID || events[3].Event.ID != batch[2].ID {
		t.Fatalf("%+v", events)
	}
	batch[2].Metadata = map[string]string{"cut": "\xc3"}
	f.unchanged(t, func() {
		if err := f.Store.AppendEvents(t.Context(), batch); err == nil {
			t.Error("an event was kept whose hash cannot be computed again")
		}
	})
	f.RefuseEvents(t)
	f.unchanged(t, func() {
		if err := f.Store.AppendEvents(t.Context(), batch[:2]); err == nil {
			t.Error("refused events are no error")
		}
	})
}

func testPruneAuditEvents(t *testing.T, db Database) {
	f := newFixture(t, db) // its event is number 1, at Epoch
	for _, after := range []time.Duration{time.Minute, 3 * time.Hour, 2 * time.Minute, 4 * time.Hour} {
		f.append(t, server.Event{Time: Epoch.Add(after), Action: "team.create"})
	}
	whole := f.Events(t)
	prune := func(before time.Duration, limit int) (int64, []api.Anchor) {
		t.Helper()
		var anchors []api.Anchor
		count, err := db.Store.PruneAuditEvents(t.Context(), Epoch.Add(before), limit, func(last api.Anchor, count int64) server.Event {
			anchors = append(anchors, last)
			return server.Event{ID: f.id(), Time: Epoch.Add(5 * time.Hour), Action: "pruned"}
		})
		if err != nil {
			t.Fatal(err)
		}
		return count, anchors
	}
	for _, c := range []struct {
		before  time.Duration
		limit   int
		through int64
		left    []int64
	}{
		{0, 10, 0, []int64{1, 2, 3, 4, 5}},                   // nothing is from before
		{time.Hour, 1, 1, []int64{2, 3, 4, 5, 6}},            // at most one
		{time.Hour, 10, 2, []int64{3, 4, 5, 6, 7}},           // up to the first that is not old, whatever follows
		{time.Hour, 10, 0, []int64{3, 4, 5, 6, 7}},           // nothing is old any more
		{4*time.Hour + time.Second, 10, 5, []int64{6, 7, 8}}, // those of pruning are events too
		{9 * time.Hour, 10, 7, []int64{8, 9}},                // the last one stays
		{9 * time.Hour, 10, 8, []int64{9, 10}},
	} {
		count, anchors := prune(c.before, c.limit)
		if got := sequences(f.audit(t, server.AuditQuery{}).Events); !slices.Equal(got, c.left) {
			t.Fatalf("%+v left %v", c, got)
		}
		if (c.through == 0) != (count == 0) || len(anchors) != min(int(count), 1) {
			t.Errorf("%+v: %d events, anchors %v", c, count, anchors)
		}
		if c.through > 0 && c.through <= 5 && (anchors[0].Sequence != c.through || anchors[0].Hash != whole[c.through-1].Hash) {
			t.Errorf("%+v: anchor %v", c, anchors[0])
		}
		if c.through > 0 {
			verifier := api.ChainVerifier{Anchor: anchors[0]}
			for _, event := range f.audit(t, server.AuditQuery{}).Events {
				if fault := verifier.Check(event); fault != "" {
					t.Errorf("%+v: %s", c, fault)
				}
			}
		}
	}
}
