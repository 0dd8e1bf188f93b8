package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var severalEventsCases = []contractCase{
	{"change with several events", testSeveralEvents},
	{"refused change with several events", testRefusedSeveralEvents},
	{"several events by many writers", testSeveralEventsAtOnce},
}

func testSeveralEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	role := api.Role{ID: f.id(), Name: "agents", CreatedBy: api.CreatedByUser, CreatedAt: stored(Epoch), UpdatedAt: stored(Epoch),
		Permissions: []api.Permission{{Action: api.UseAgents, Scope: api.ScopeAll}}}
	team := api.Team{ID: f.id(), Name: "agents", Role: role, CreatedAt: Epoch, UpdatedAt: Epoch}
	made := []server.Event{f.event(), f.event(), f.event()}
	err := f.Store.WriteAll(t.Context(), func(tx server.Tx) ([]server.Event, error) {
		added, err := []string(nil), errors.Join(tx.InsertRole(t.Context(), role, Epoch), tx.InsertTeam(t.Context(), team))
		if err == nil {
			added, err = tx.AddMembers(t.Context(), team.ID, []string{f.ada.ID}, Epoch)
		}
		if err != nil || len(added) != 1 {
			t.Errorf("within the transaction: added %v, %v", added, err)
		}
		return made, err
	})
	if err != nil {
		t.Fatal(err)
	}
	events := f.Events(t)
	Chain(t, events)
	for i, event := range made {
		if got := events[len(events)-len(made)+i].Event.ID; got != event.ID {
			t.Errorf("event %d is %s, want %s", i+1, got, event.ID)
		}
	}
	members, err := f.Store.Members(t.Context(), team.ID, server.PageQuery{Limit: 10})
	if err != nil || !cmp.Equal(members.Members, []api.Member{{ID: f.ada.ID, Email: f.ada.Email}}) {
		t.Errorf("%+v, %v", members, err)
	}
}

func testRefusedSeveralEvents(t *testing.T, db Database) {
	f := newFixture(t, db)
	account, _ := f.account(t, f.data, "ci")
	refusal := errors.New("no")
	unreadable := f.event()
	unreadable.Metadata = map[string]string{"name": "cut\xc3"}
	for name, c := range map[string]struct {
		events []server.Event
		err    error
	}{
		"a step fails":           {[]server.Event{f.event(), f.event()}, refusal},
		"no event at all":        {nil, nil},
		"the last event is none": {[]server.Event{f.event(), f.event(), unreadable}, nil},
	} {
		f.unchanged(t, func() {
			err := f.Store.WriteAll(t.Context(), func(tx server.Tx) ([]server.Event, error) {
				return c.events, errors.Join(f.meddle(t.Context(), tx, account.ID), c.err)
			})
			if err == nil || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	f.RefuseEvents(t)
	f.unchanged(t, func() {
		err := f.Store.WriteAll(t.Context(), func(tx server.Tx) ([]server.Event, error) {
			return []server.Event{f.event(), f.event()}, f.meddle(t.Context(), tx, account.ID)
		})
		if err == nil {
			t.Error("a change was kept without its events")
		}
	})
}

// Events of one change stand next to each other, whoever else writes.
func testSeveralEventsAtOnce(t *testing.T, db Database) {
	f := newFixture(t, db)
	const writers, rounds, each = 4, 8, 3
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for round := range rounds {
				mark := fmt.Sprintf("%d-%d", w, round)
				events := make([]server.Event, each)
				for i := range events {
					events[i] = server.Event{
						ID: NewID(100_000*(w+1) + 100*round + i), Time: Epoch, Action: "test", ResourceName: mark, Outcome: server.OutcomeSuccess,
					}
				}
				var err error
				if round%2 == 0 {
					err = f.Store.WriteAll(t.Context(), func(server.Tx) ([]server.Event, error) { return events, nil })
				} else {
					err = f.Store.AppendEvents(context.WithoutCancel(t.Context()), events)
				}
				if err != nil {
					t.Errorf("%s: %v", mark, err)
				}
			}
		})
	}
	work.Wait()
	events := f.Events(t)
	Chain(t, events)
	if want := 1 + writers*rounds*each; len(events) != want {
		t.Fatalf("%d events, want %d", len(events), want)
	}
	for i := 1; i < len(events); i += each {
		for _, next := range events[i : i+each] {
			if next.Event.ResourceName != events[i].Event.ResourceName {
				t.Errorf("event %d stands between those of %s", next.Sequence, events[i].Event.ResourceName)
			}
		}
	}
}
