package feed_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/tui/feed"
)

func event(sequence int64, action, id string) api.AuditEvent {
	return api.AuditEvent{
		Sequence: sequence, Hash: fmt.Sprint("hash ", sequence), Action: action, Outcome: "success",
		Actor: api.Actor{Type: api.IdentityUser, ID: "u1", Name: "grace"}, Resource: api.AuditResource{ID: id, Name: "name of " + id},
	}
}

func at(sequence int64) feed.Position {
	return feed.Position{Sequence: sequence, Hash: fmt.Sprint("hash ", sequence)}
}

func TestPositionReads(t *testing.T) {
	a, b, c := event(6, "a", ""), event(7, "b", ""), event(9, "c", "")
	for name, test := range map[string]struct {
		from   feed.Position
		events []api.AuditEvent
		to     feed.Position
		err    error
	}{
		"nothing":              {at(5), nil, at(5), nil},
		"what follows":         {at(5), []api.AuditEvent{a, b}, at(7), nil},
		"the first of all":     {feed.Position{}, []api.AuditEvent{event(1, "a", "")}, at(1), nil},
		"events are missing":   {at(5), []api.AuditEvent{b}, at(5), feed.ErrMissing},
		"missing in between":   {at(6), []api.AuditEvent{b, c}, at(7), feed.ErrMissing},
		"one that was read":    {at(6), []api.AuditEvent{a}, at(6), feed.ErrBack},
		"one that comes twice": {at(5), []api.AuditEvent{a, a}, at(6), feed.ErrBack},
	} {
		to, err := test.from.Read(test.events)
		if to != test.to || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, %v", name, to, err)
		}
	}
}

func TestPositionChecks(t *testing.T) {
	other := event(6, "a", "")
	other.Hash = "another"
	for name, test := range map[string]struct {
		at     feed.Position
		events []api.AuditEvent
		err    error
	}{
		"an empty log":         {feed.Position{}, nil, nil},
		"the same event":       {at(6), []api.AuditEvent{event(6, "a", ""), event(7, "b", "")}, nil},
		"a log that ends":      {at(6), nil, feed.ErrBack},
		"another event":        {at(6), []api.AuditEvent{other}, feed.ErrBack},
		"the event was pruned": {at(6), []api.AuditEvent{event(8, "a", "")}, feed.ErrMissing},
		"an older one":         {at(6), []api.AuditEvent{event(5, "a", "")}, feed.ErrBack},
	} {
		if err := test.at.Check(test.events); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if at(6).Before() != 5 || (feed.Position{}).Before() != 0 {
		t.Error("what is asked for does not begin with the event that was read last")
	}
	if feed.PositionOf(nil) != (feed.Position{}) || feed.PositionOf([]api.AuditEvent{event(6, "", ""), event(5, "", "")}) != at(6) {
		t.Error("the end of a log is its newest event")
	}
}

func TestReadSaysWhatEventsMean(t *testing.T) {
	renamed := event(1, "team.update", "t1")
	renamed.Metadata = map[string]string{"previous_name": "old"}
	role := event(1, "team.update", "t1")
	role.Metadata = map[string]string{"previous_name": role.Resource.Name}
	denied := event(1, "service_account.delete", "a1")
	denied.Outcome = "denied"
	for name, test := range map[string]struct {
		events []api.AuditEvent
		want   feed.Changes
	}{
		"made":               {[]api.AuditEvent{event(1, "service_account.create", "a1")}, feed.Changes{Changed: []string{"a1"}}},
		"an action to come":  {[]api.AuditEvent{event(1, "service_account.move", "a1")}, feed.Changes{Changed: []string{"a1"}}},
		"refused":            {[]api.AuditEvent{denied}, feed.Changes{}},
		"nothing of ours":    {[]api.AuditEvent{event(1, "api_key.create", "k"), event(2, "authentication.fail", "")}, feed.Changes{}},
		"a team":             {[]api.AuditEvent{event(1, "team.create", "t1")}, feed.Changes{Teams: true}},
		"its role":           {[]api.AuditEvent{role}, feed.Changes{Teams: true, Caller: true}},
		"its members":        {[]api.AuditEvent{event(1, "team.set_members", "t1")}, feed.Changes{Teams: true, Caller: true}},
		"what a role grants": {[]api.AuditEvent{event(1, "role.update", "r1")}, feed.Changes{Teams: true, Caller: true}},
		"a user":             {[]api.AuditEvent{event(1, "user.suspend", "u1")}, feed.Changes{Caller: true}},
		"an import":          {[]api.AuditEvent{event(1, "organization.import", "o")}, feed.Changes{Accounts: true, Teams: true, Caller: true}},
		"a team's name": {[]api.AuditEvent{renamed}, feed.Changes{
			Renamed: []feed.Renaming{{Before: "old", After: "name of t1"}}, Accounts: true, Teams: true, Caller: true,
		}},
		"made and deleted": {
			[]api.AuditEvent{event(1, "service_account.create", "a1"), event(2, "service_account.create", "a2"), event(3, "service_account.delete", "a1")},
			feed.Changes{Changed: []string{"a2"}, Deleted: []feed.Deletion{{ID: "a1", Name: "name of a1", By: event(1, "", "").Actor}}},
		},
	} {
		if diff := cmp.Diff(test.want, feed.Read(test.events)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever is made and deleted, who does what Read says has what there is.
func TestReadAgainstAPlainMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		there, shown := map[string]bool{}, map[string]bool{}
		for range 10 {
			var events []api.AuditEvent
			for sequence := range int64(random.IntN(8)) {
				id := fmt.Sprint("a", random.IntN(6))
				if there[id] {
					events = append(events, event(sequence, "service_account.delete", id))
				} else {
					events = append(events, event(sequence, "service_account.create", id))
				}
				there[id] = !there[id]
			}
			changes := feed.Read(events)
			for _, deleted := range changes.Deleted {
				delete(shown, deleted.ID)
			}
			for _, id := range changes.Changed {
				shown[id] = there[id] // as a look-up finds it
			}
			for id, is := range there {
				if shown[id] != is {
					t.Fatalf("%v: %s is there: %v, shown: %v", events, id, is, shown[id])
				}
			}
		}
	}
}
