package server_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

var auditAccess = map[string]accessRow{
	"list-audit-events": {get(api.PathAuditEvents), "401 401 401 401 401 401 401 401 403 403 403 403 403 403 200 200"},
}

func (f *fixture) audit(query string) api.AuditEventList {
	f.t.Helper()
	return decode[api.AuditEventList](f.t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathAuditEvents+query, "")))
}

// auditor is a caller who may view the audit log and nothing else.
func (f *fixture) auditor(scope api.Scope) {
	f.t.Helper()
	f.write(func(tx server.Tx) error {
		ctx, now := f.t.Context(), f.clock.Now()
		role := api.Role{ID: newID(), Name: "auditors " + newID(), CreatedBy: api.CreatedByUser, Permissions: []api.Permission{
			{Action: api.ViewAuditLog, Scope: scope, Resources: map[api.Scope][]string{api.ScopeSpecific: {f.teamA}}[scope]},
		}}
		team := api.Team{ID: newID(), Name: role.Name, Role: role, CreatedAt: now, UpdatedAt: now}
		user := server.User{ID: newID(), Email: newID() + "@example.com", Name: "Audrey", Status: server.UserActive, CreatedAt: now, UpdatedAt: now}
		key := mint(f.t)
		f.keys["auditor"] = key
		for _, step := range []func() error{
			func() error { return tx.InsertRole(ctx, role, now) },
			func() error { return tx.InsertTeam(ctx, team) },
			func() error { return tx.InsertUser(ctx, user) },
			func() error { return tx.InsertMember(ctx, team.ID, user.ID, now) },
			func() error {
				return tx.InsertDeveloperKey(ctx, user.ID, server.KeyRecord{ID: newID(), Hash: api.HashKey(key), Hint: api.KeyHint(key), CreatedAt: now})
			},
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheAuditLogIsForAuditors(t *testing.T) {
	f := newFixture(t)
	f.auditor(api.ScopeAll)
	f.must(http.StatusOK, f.do("auditor", http.MethodGet, api.PathAuditEvents, ""))
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("auditor", http.MethodGet, api.PathServiceAccounts, ""))
	// The permission has no specific resources: granted on some it means nothing.
	f.auditor(api.ScopeSpecific)
	f.refused(http.StatusForbidden, api.CodeForbidden, f.do("auditor", http.MethodGet, api.PathAuditEvents, ""))
}

func TestAuditEventsTellWhatHappened(t *testing.T) {
	f := newFixture(t)
	answer := f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(f.accountB.ID), "", "User-Agent", "curl/8", api.HeaderVia, "a test"))
	list := f.audit("?page_size=300&action=service_account.delete&resource_id=" + strings.ToUpper(f.accountB.ID))
	if len(list.AuditEvents) != 1 || list.Links.Next != "" {
		t.Fatalf("%+v", list)
	}
	event := list.AuditEvents[0]
	want := api.AuditEvent{
		Sequence: event.Sequence, ID: event.ID, Time: f.clock.Now(), Hash: event.Hash,
		Actor: api.Actor{Type: api.IdentityUser, ID: f.ids["admin"], Name: "Mary"}, Action: "service_account.delete",
		Resource: api.AuditResource{Type: "service_account", ID: f.accountB.ID, Name: "account of B"}, Outcome: "success",
		RequestID: answer.Header().Get(api.HeaderRequestID), IP: "192.0.2.7", UserAgent: "curl/8", Via: "a test",
		Metadata: map[string]string{"team_id": f.teamB, "team_name": "B", "key_hint": f.accountB.Key.Hint},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	var verifier api.ChainVerifier
	for _, event := range f.audit("?page_size=300").AuditEvents {
		if fault := verifier.Check(event); fault != "" {
			t.Error(fault)
		}
	}
	if verifier.Sequence < event.Sequence {
		t.Errorf("the log ends at %d", verifier.Sequence)
	}
}

func TestAuditPagesCarryTheirFilters(t *testing.T) {
	f := newFixture(t)
	for range 4 {
		f.create("admin", "bot "+newID(), f.teamA, "bot")
	}
	filters := "&actor_type=user&actor_id=" + f.ids["admin"] + "&resource_type=service_account&action=service_account.create&after=1" +
		"&since=" + url.QueryEscape(f.clock.Now().Format(time.RFC3339)) + "&until=" + url.QueryEscape(f.clock.Now().Add(time.Minute).Format(time.RFC3339Nano))
	all := f.audit("?page_size=300" + filters).AuditEvents
	if len(all) != 8 {
		t.Fatalf("%d events", len(all))
	}
	for _, start := range []string{"?page_size=3", "?page_size=3&page=1", "?page_size=3&include_totals=true&order=desc"} {
		want := slices.Clone(all)
		if strings.Contains(start, "desc") {
			slices.Reverse(want)
		}
		list := f.audit(start + filters)
		got := list.AuditEvents
		for pages := 1; list.Links.Next != ""; pages++ {
			if pages > 3 {
				t.Fatalf("%s does not end", start)
			}
			if strings.Contains(start, "totals") && *list.Total != 8 {
				t.Errorf("total %d", *list.Total)
			}
			list = f.audit(strings.TrimPrefix(list.Links.Next, api.PathAuditEvents))
			got = append(got, list.AuditEvents...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-whole +pages):\n%s", start, diff)
		}
	}
}

// An event can name all users of a large team. An answer with many of them
// would be larger than what clients take.
func TestLargeAuditEventsMakeShortPages(t *testing.T) {
	f := newFixture(t)
	for range 7 {
		err := f.store.Write(t.Context(), func(server.Tx) (server.Event, error) {
			return server.Event{ID: newID(), Time: f.clock.Now(), Action: "test.large", Metadata: map[string]string{"ids": strings.Repeat("x", 400_000)}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string][]int{
		"&page_size=300": {3, 3, 1}, "&page_size=300&order=desc": {3, 3, 1}, "&page_size=300&wait=1": {3, 3, 1}, "&page_size=2&page=1": {2, 2, 2, 1},
	} {
		list := f.audit("?action=test.large" + query)
		got := []int{len(list.AuditEvents)}
		for list.Links.Next != "" && len(got) < 9 {
			list = f.audit(strings.TrimPrefix(list.Links.Next, api.PathAuditEvents))
			got = append(got, len(list.AuditEvents))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: pages of %v events, want %v", query, got, want)
		}
	}
	// A page by number has all its events, or those on the next would be missed.
	problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathAuditEvents+"?action=test.large&page=1&page_size=7", ""))
	if problem.Errors[0].Location != "query.page" {
		t.Errorf("%+v", problem)
	}
}

func TestAuditRefusesWhatItCannotRead(t *testing.T) {
	f := newFixture(t)
	token := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for query, location := range map[string]string{
		"after=-1": "query.after", "after=x": "query.after", "since=yesterday": "query.since", "until=1": "query.until",
		"actor_type=robot": "query.actor_type", "actor_id=%00": "query.actor_id", "resource_type=%ff": "query.resource_type",
		"resource_id=%00": "query.resource_id", "action=%00": "query.action", "order=up": "query.order",
		"wait=31": "query.wait", "wait=-1": "query.wait", "wait=1&page=2": "query.wait", "wait=1&order=desc": "query.wait",
		"page_size=301": "query.page_size", "start_token=" + token("a1:3") + "&page=2": "query.start_token",
		"start_token=" + token("a1:x"): "query.start_token", "start_token=" + token("a1:0"): "query.start_token",
		"start_token=" + token("3333"): "query.start_token", "start_token=!!!!": "query.start_token",
	} {
		problem := f.refused(http.StatusUnprocessableEntity, api.CodeInvalid, f.do("admin", http.MethodGet, api.PathAuditEvents+"?"+query, ""))
		if len(problem.Errors) != 1 || problem.Errors[0].Location != location {
			t.Errorf("%s: %+v, want %s", query, problem.Errors, location)
		}
	}
}

// waiting asks for the events after the last one, in the background.
func (f *fixture) waiting(caller, filter string) (answer func() *httptest.ResponseRecorder) {
	f.t.Helper()
	last, err := f.store.LastAuditEvent(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		answered <- f.do(caller, http.MethodGet, api.PathAuditEvents+"?wait=30&after="+strconv.FormatInt(last, 10)+filter, "")
	}()
	synctest.Wait()
	if len(answered) > 0 {
		f.t.Fatal("it did not wait")
	}
	return func() *httptest.ResponseRecorder { return <-answered }
}

// In a bubble of its own time: what takes time takes exactly as long as said.
func TestWaitingForAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		took := func(want time.Duration, answer func() *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			t.Helper()
			started := time.Now()
			got := answer()
			if took := time.Since(started); took != want {
				t.Errorf("it took %s, want %s", took, want)
			}
			return got
		}
		events := func(answer *httptest.ResponseRecorder) []api.AuditEvent {
			t.Helper()
			return decode[api.AuditEventList](t, f.must(http.StatusOK, answer)).AuditEvents
		}

		answer := f.waiting("admin", "")
		created := f.create("admin", "awaited", f.teamA, "awaited")
		if got := events(took(0, answer)); len(got) != 1 || got[0].Resource.ID != created.ID {
			t.Errorf("the event of this process: %+v", got)
		}

		answer = f.waiting("admin", "&action=service_account.delete")
		f.create("admin", "of no interest", f.teamA, "none")
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(created.ID), ""))
		if got := events(took(0, answer)); len(got) != 1 || got[0].Action != "service_account.delete" {
			t.Errorf("the event that the filter lets through: %+v", got)
		}

		if got := events(took(30*time.Second, f.waiting("admin", "&action=none"))); len(got) != 0 {
			t.Errorf("after the time: %+v", got)
		}

		answer = f.waiting("admin", "")
		other, err := sqlstore.Open(t.Context(), "sqlite:"+f.db, sqlstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		err = other.Write(t.Context(), func(server.Tx) (server.Event, error) {
			return server.Event{ID: newID(), Time: f.clock.Now(), Action: "elsewhere"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := events(took(time.Second, answer)); len(got) != 1 || got[0].Action != "elsewhere" {
			t.Errorf("the event of another process: %+v", got)
		}

		f.create("admin", "short-lived", f.admins, "short-lived")
		answer = f.waiting("short-lived", "")
		list := f.accounts("?query=short-lived").ServiceAccounts
		f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(list[0].ID), ""))
		f.refused(http.StatusUnauthorized, api.CodeUnauthorized, took(0, answer))

		answer = f.waiting("admin", "")
		f.server.Drain()
		if got := events(took(0, answer)); len(got) != 0 {
			t.Errorf("from a server that stops: %+v", got)
		}
	})
}

func TestWaitingFailsWithTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		answer := f.waiting("admin", "")
		f.write(func(server.Tx) error {
			f.faults.set(func(s *faultyStore) { s.read = errDisk })
			return nil
		})
		f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, answer())
	})
}
