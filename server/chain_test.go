package server_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

func chainEvent() server.Event {
	return server.Event{
		ID: "e1", Time: time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.FixedZone("", 3600)),
		Actor:  api.Actor{Type: api.IdentityUser, ID: "u1", Name: "Mária"},
		Action: "service_account.create", ResourceType: "service_account", ResourceID: "s1", ResourceName: "ci",
		Outcome: "success", RequestID: "r1", IP: "192.0.2.1", UserAgent: "curl", Via: "console",
		Metadata: map[string]string{"team_id": "t1", "b": ""},
	}
}

// The bytes are written out here by hand from the documentation of ChainHash:
// whoever verifies a chain elsewhere has nothing else to go by.
func TestChainHashIsTheDocumentedEncoding(t *testing.T) {
	text := func(s string) string { return fmt.Sprintf("%016x%x", len(s), s) }
	previous := sha256.Sum256([]byte("before"))
	document := text("lifeguard.audit.v1") + fmt.Sprintf("%x", previous) + "0000000000000007" +
		text("e1") + fmt.Sprintf("%016x", time.Date(2026, 1, 2, 2, 4, 5, 678_901_000, time.UTC).UnixMicro()) +
		text("user") + text("u1") + text("Mária") +
		text("service_account.create") + text("service_account") + text("s1") + text("ci") +
		text("success") + text("r1") + text("192.0.2.1") + text("curl") + text("console") +
		"0000000000000002" + text("b") + text("") + text("team_id") + text("t1")
	var raw []byte
	if _, err := fmt.Sscanf(document, "%x", &raw); err != nil {
		t.Fatal(err)
	}
	if got, want := server.ChainHash(previous, 7, chainEvent()), sha256.Sum256(raw); got != want {
		t.Errorf("ChainHash = %x, the documented bytes hash to %x", got, want)
	}
}

func TestChainHashIgnoresWhatAStoreDoesNotKeep(t *testing.T) {
	event := chainEvent()
	want := server.ChainHash([32]byte{}, 1, event)
	event.Time = event.Time.UTC().Truncate(time.Microsecond)
	if server.ChainHash([32]byte{}, 1, event) != want {
		t.Error("the zone or the nanoseconds changed the hash")
	}
	event.Metadata = nil
	none := server.ChainHash([32]byte{}, 1, event)
	event.Metadata = map[string]string{}
	if server.ChainHash([32]byte{}, 1, event) != none {
		t.Error("nil and empty metadata differ")
	}
}

func TestChainHashSeesEveryChange(t *testing.T) {
	seen := map[[32]byte]string{}
	add := func(name string, hash [32]byte) {
		if other, ok := seen[hash]; ok {
			t.Errorf("%s hashes like %s", name, other)
		}
		seen[hash] = name
	}
	add("the event", server.ChainHash([32]byte{}, 1, chainEvent()))
	add("another sequence", server.ChainHash([32]byte{}, 2, chainEvent()))
	add("another predecessor", server.ChainHash([32]byte{1}, 1, chainEvent()))
	for name, edit := range map[string]func(*server.Event){
		"id":            func(e *server.Event) { e.ID += "x" },
		"time":          func(e *server.Event) { e.Time = e.Time.Add(time.Microsecond) },
		"actor type":    func(e *server.Event) { e.Actor.Type = api.IdentitySystem },
		"actor id":      func(e *server.Event) { e.Actor.ID += "x" },
		"actor name":    func(e *server.Event) { e.Actor.Name += "x" },
		"action":        func(e *server.Event) { e.Action += "x" },
		"resource type": func(e *server.Event) { e.ResourceType += "x" },
		"resource id":   func(e *server.Event) { e.ResourceID += "x" },
		"resource name": func(e *server.Event) { e.ResourceName += "x" },
		"outcome":       func(e *server.Event) { e.Outcome += "x" },
		"request id":    func(e *server.Event) { e.RequestID += "x" },
		"ip":            func(e *server.Event) { e.IP += "x" },
		"user agent":    func(e *server.Event) { e.UserAgent += "x" },
		"via":           func(e *server.Event) { e.Via += "x" },
		"no metadata":   func(e *server.Event) { e.Metadata = nil },
		"other value":   func(e *server.Event) { e.Metadata["b"] = "x" },
		"moved text":    func(e *server.Event) { e.UserAgent, e.Via = "curlc", "onsole" },
		"moved pair":    func(e *server.Event) { e.Metadata = map[string]string{"team_id": "", "b": "t1"} },
		"joined pair":   func(e *server.Event) { e.Metadata = map[string]string{"b": "team_idt1"} },
	} {
		event := chainEvent()
		edit(&event)
		add(name, server.ChainHash([32]byte{}, 1, event))
	}
}

func FuzzChainHashKeepsTextsApart(f *testing.F) {
	f.Add([]byte("ab"), []byte("c"), []byte("a"), []byte("bc"))
	f.Add([]byte(""), []byte("x"), []byte("x"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b, c, d []byte) {
		one, two := chainEvent(), chainEvent()
		one.Outcome, one.RequestID = string(a), string(b)
		two.Outcome, two.RequestID = string(c), string(d)
		same := bytes.Equal(a, c) && bytes.Equal(b, d)
		if (server.ChainHash([32]byte{}, 1, one) == server.ChainHash([32]byte{}, 1, two)) != same {
			t.Errorf("outcome %q, request %q against %q, %q", a, b, c, d)
		}
	})
}
