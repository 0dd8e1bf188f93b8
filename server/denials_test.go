package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// from sends a request with a key from an address.
func (f *fixture) from(address, key string) {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, api.PathMe, nil)
	r.RemoteAddr = address
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("User-Agent", "flood "+key)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	f.must(http.StatusUnauthorized, w)
}

// denials are the events of refused requests that the store has.
func (f *fixture) denials(action string) []api.AuditEvent {
	f.t.Helper()
	page, err := f.store.AuditEvents(f.t.Context(), server.AuditQuery{AuditFilter: api.AuditFilter{Action: action}, Limit: 1000})
	if err != nil {
		f.t.Fatal(err)
	}
	return page.Events
}

func (f *fixture) end() {
	f.t.Helper()
	if err := f.server.Close(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func TestDenialsAreAudited(t *testing.T) {
	f := newFixture(t)
	answer := f.do("viewer", http.MethodPost, api.PathServiceAccounts, createBody("x", f.teamA), "User-Agent", "curl/8", api.HeaderVia, "a test")
	f.refused(http.StatusForbidden, api.CodeForbidden, answer)
	f.clock.advance(time.Second)
	for range 2 {
		f.refused(http.StatusForbidden, api.CodeForbidden, f.do("viewer", http.MethodPost, api.PathServiceAccounts, createBody("x", f.teamA)))
	}
	f.refused(http.StatusForbidden, api.CodeExceedsCaller, f.do("manager", http.MethodPost, api.PathServiceAccounts, createBody("root", f.admins)))
	f.end()
	events := f.denials("authorization.deny")
	if len(events) != 2 {
		t.Fatalf("%+v", events)
	}
	event := events[0]
	want := api.AuditEvent{
		Sequence: event.Sequence, ID: event.ID, Time: f.clock.Now().Add(-time.Second), Hash: event.Hash,
		Actor: api.Actor{Type: api.IdentityUser, ID: f.ids["viewer"], Name: "viewer"}, Action: "authorization.deny",
		Resource: api.AuditResource{Type: "operation", ID: "create-service-account"}, Outcome: "denied",
		RequestID: answer.Header().Get(api.HeaderRequestID), IP: "192.0.2.7", UserAgent: "curl/8", Via: "a test",
		Metadata: map[string]string{"count": "3", "missing": "manage-service-accounts", "last_at": "2026-03-01T09:00:01Z"},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	if got := events[1]; got.Actor.Name != "manager" || got.Metadata["count"] != "1" {
		t.Errorf("%+v", got)
	}
}

// What a caller may not see is not told to be there, and the audit log knows
// that it was asked for.
func TestWhatIsHiddenIsADenial(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{accountPath(f.accountB.ID), teamPath(f.teamB)} {
		there, nowhere := f.do("viewer of A", http.MethodGet, path, ""), f.do("viewer of A", http.MethodGet, path[:len(path)-36]+newID(), "")
		hidden := f.refused(http.StatusNotFound, api.CodeNotFound, there)
		missing := f.refused(http.StatusNotFound, api.CodeNotFound, nowhere)
		missing.RequestID, missing.Instance = hidden.RequestID, hidden.Instance
		if diff := cmp.Diff(missing, hidden); diff != "" {
			t.Errorf("the answers tell which is there:\n%s", diff)
		}
	}
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("manager of A", http.MethodDelete, accountPath(f.accountB.ID), ""))
	f.refused(http.StatusNotFound, api.CodeNotFound, f.do("admin", http.MethodGet, accountPath(newID()), ""))
	f.end()
	got := map[string]string{}
	for _, event := range f.denials("authorization.deny") {
		got[event.Actor.Name+" "+event.Resource.ID] = event.Metadata["missing"] + " " + event.Metadata["count"]
	}
	want := map[string]string{
		"viewer of A get-service-account": "view-service-accounts 1", "viewer of A get-team": "view-service-accounts 1",
		"manager of A delete-service-account": "manage-service-accounts 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFailedAuthenticationsAreAudited(t *testing.T) {
	f := newFixture(t)
	f.callerKeys()
	for _, caller := range []string{"", "garbage", "truncated", "unknown", "deleted", "suspended"} {
		f.refused(http.StatusUnauthorized, api.CodeUnauthorized, f.do(caller, http.MethodGet, api.PathMe, ""))
	}
	f.end()
	got := map[string]string{}
	for _, event := range f.denials("authentication.fail") {
		if event.Actor.Type != api.IdentityAnonymous || event.Outcome != "denied" || event.Resource.Type != "api_key" {
			t.Errorf("%+v", event)
		}
		got[event.Metadata["reason"]] = event.Metadata["count"]
	}
	want := map[string]string{"no key": "1", "not a whole key": "2", "no such key": "2", "suspended user": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFloodOfWrongKeysIsFewEvents(t *testing.T) {
	f := newFixture(t)
	for i := range 50 {
		f.from("192.0.2.1:1", mint(t))
		f.from(fmt.Sprintf("[2001:db8::%x]:1", i), mint(t))
	}
	for i := range 200 {
		f.from(fmt.Sprintf("198.51.100.%d:1", i), mint(t))
	}
	f.end()
	events := f.denials("authentication.fail")
	counts := map[string]int{}
	for _, event := range events {
		if strings.Contains(event.UserAgent, "ps-") {
			t.Error("a key is kept")
		}
		count, err := strconv.Atoi(event.Metadata["count"])
		if err != nil {
			t.Fatal(err)
		}
		counts[event.IP] += count
	}
	if len(events) != 101 || counts["192.0.2.1"] != 50 || counts["2001:db8::"] != 50 || counts[""] != 102 {
		t.Errorf("%d events: %v", len(events), counts)
	}
}

// A write that fails is made up for, with what came in between.
func TestDenialsOutlastAFailingStore(t *testing.T) {
	f := newFixture(t)
	f.faults.set(func(s *faultyStore) { s.append = errDisk })
	f.from("192.0.2.1:1", mint(t))
	if err := f.server.Close(t.Context()); err == nil {
		t.Error("the failure is not told")
	}
	for i := range 110 {
		f.from(fmt.Sprintf("198.51.100.%d:1", i), mint(t))
	}
	f.from("192.0.2.1:1", mint(t))
	f.faults.heal()
	f.end()
	total := 0
	for _, event := range f.denials("authentication.fail") {
		count, err := strconv.Atoi(event.Metadata["count"])
		if err != nil {
			t.Fatal(err)
		}
		total += count
	}
	if total != 112 {
		t.Errorf("%d refused requests are told of, want 112", total)
	}
}

func TestDenialsAreWrittenAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		answer := f.waiting("admin", "&action=authentication.fail")
		f.from("192.0.2.1:1", mint(t))
		time.Sleep(59 * time.Second) // of the bubble: until the first wait is over
		f.must(http.StatusOK, answer())
		if events := f.denials("authentication.fail"); len(events) != 0 {
			t.Fatalf("too early: %+v", events)
		}
		answer = f.waiting("admin", "&action=authentication.fail")
		f.from("192.0.2.1:1", mint(t))
		list := decode[api.AuditEventList](t, f.must(http.StatusOK, answer()))
		if len(list.AuditEvents) != 1 || list.AuditEvents[0].Metadata["count"] != "2" {
			t.Errorf("%+v", list)
		}
	})
}
