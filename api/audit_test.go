package api_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
)

// chain makes n events that follow one another.
func chain(n int) []api.AuditEvent {
	var previous [32]byte
	events := make([]api.AuditEvent, n)
	for i := range events {
		events[i] = api.AuditEvent{
			Sequence: int64(i + 1), ID: "id", Time: time.UnixMicro(int64(i)).UTC(), Action: "team.create",
			Resource: api.AuditResource{Type: "team", ID: "t"}, Outcome: "success", Metadata: map[string]string{"n": string(rune('a' + i))},
		}
		previous = api.ChainHash(previous, events[i])
		events[i].Hash = hex.EncodeToString(previous[:])
	}
	return events
}

func TestChainVerifierNamesEveryFault(t *testing.T) {
	const edited = " was edited or moved: its hash does not fit to it and the event before"
	for name, c := range map[string]struct {
		change func([]api.AuditEvent) []api.AuditEvent
		want   []string
	}{
		"whole": {func(e []api.AuditEvent) []api.AuditEvent { return e }, nil},
		"edited": {func(e []api.AuditEvent) []api.AuditEvent {
			e[2].Actor.Name = "nobody"
			return e
		}, []string{"event 3" + edited}},
		"edited with a new hash": {func(e []api.AuditEvent) []api.AuditEvent {
			e[2].Actor.Name = "nobody"
			var previous [32]byte
			if _, err := hex.Decode(previous[:], []byte(e[1].Hash)); err != nil {
				t.Fatal(err)
			}
			hash := api.ChainHash(previous, e[2])
			e[2].Hash = hex.EncodeToString(hash[:])
			return e
		}, []string{"event 4" + edited}},
		"two edited": {func(e []api.AuditEvent) []api.AuditEvent {
			e[0].Metadata["n"], e[4].Outcome = "", "denied"
			return e
		}, []string{"event 1" + edited, "event 5" + edited}},
		"no hash": {func(e []api.AuditEvent) []api.AuditEvent {
			e[5].Hash = "00"
			return e
		}, []string{"event 6" + edited}},
		"dropped":       {func(e []api.AuditEvent) []api.AuditEvent { return slices.Delete(e, 2, 3) }, []string{"event 3 is missing"}},
		"first dropped": {func(e []api.AuditEvent) []api.AuditEvent { return e[2:] }, []string{"events 1 to 2 are missing"}},
		"exchanged": {func(e []api.AuditEvent) []api.AuditEvent {
			e[1], e[2] = e[2], e[1]
			e[1].Sequence, e[2].Sequence = 2, 3
			return e
		}, []string{"event 2" + edited, "event 3" + edited, "event 4" + edited}},
		"out of order": {func(e []api.AuditEvent) []api.AuditEvent {
			return append(e, e[0])
		}, []string{"event 1 stands where event 7 should be"}},
	} {
		var verifier api.ChainVerifier
		var got []string
		for _, event := range c.change(chain(6)) {
			if fault := verifier.Check(event); fault != "" {
				got = append(got, fault)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestChainVerifierGoesOnFromAnAnchor(t *testing.T) {
	events := chain(6)
	prune := api.AuditEvent{Action: api.ActionAuditPrune, Metadata: map[string]string{
		api.PruneThrough: "3", api.PruneHash: events[2].Hash,
	}}
	anchor, ok := api.AnchorOf(prune)
	again, err := api.ParseAnchor(anchor.String())
	if !ok || err != nil || again != anchor || anchor.Sequence != 3 {
		t.Fatalf("anchor %v, %t, %v, %v", anchor, ok, again, err)
	}
	verifier := api.ChainVerifier{Anchor: anchor}
	for _, event := range events[3:] {
		if fault := verifier.Check(event); fault != "" {
			t.Error(fault)
		}
	}
	if verifier.Checked != 3 || verifier.Sequence != 6 {
		t.Errorf("%+v", verifier)
	}
}

func TestAnchorsThatAreNone(t *testing.T) {
	hash := chain(1)[0].Hash
	for _, text := range []string{"", "1", "1:", "0:" + hash, "-1:" + hash, "x:" + hash, "1:" + hash[2:], "1:" + hash + "00", "1:" + hash[:62] + "zz"} {
		if anchor, err := api.ParseAnchor(text); err == nil {
			t.Errorf("%q is taken for %v", text, anchor)
		}
	}
	for _, event := range []api.AuditEvent{
		{Action: api.ActionAuditPrune},
		{Action: "team.create", Metadata: map[string]string{api.PruneThrough: "3", api.PruneHash: hash}},
	} {
		if _, ok := api.AnchorOf(event); ok {
			t.Errorf("%+v is taken for an anchor", event)
		}
	}
}
