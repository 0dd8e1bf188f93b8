package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

var gatewayAccess = map[string]accessRow{
	"authenticate-for-gateway": {get(api.PathAuth), "401 401 401 401 401 401 401 401 200 200 200 200 200 200 200 200"},
	"introspect": {func(f *fixture) (string, string, string) {
		return http.MethodPost, api.PathIntrospect, "token=" + f.keys["account of A"]
	}, "401 401 401 401 401 401 401 401 200 200 200 200 200 200 200 200"},
}

func authHeaders(w *httptest.ResponseRecorder) map[string]string {
	headers := map[string]string{}
	for name, values := range w.Header() {
		if strings.HasPrefix(name, "X-Auth-") {
			headers[name] = strings.Join(values, "|")
		}
	}
	return headers
}

func TestGatewayHeaders(t *testing.T) {
	f := newFixture(t)
	account := f.create("admin", "Ünlü, \"bot\"", f.teamB, "named")
	got := authHeaders(f.must(http.StatusOK, f.do("named", http.MethodGet, api.PathAuth, "")))
	want := map[string]string{
		"X-Auth-Subject": account.ID, "X-Auth-Type": "service_account", "X-Auth-Name": url.PathEscape("Ünlü, \"bot\""),
		"X-Auth-Team": f.teamB, "X-Auth-Permissions": "use-agents:agent-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a service account (-want +got):\n%s", diff)
	}
	got = authHeaders(f.must(http.StatusOK, f.do("manager", http.MethodGet, api.PathAuth, "")))
	if got["X-Auth-Type"] != "user" || got["X-Auth-Subject"] != f.ids["manager"] || got["X-Auth-Permissions"] != "manage-service-accounts,use-agents:agent-1" {
		t.Errorf("a user: %v", got)
	}
	if used := f.used(account.ID); used.LastUsedAt == nil {
		t.Error("the key is not used")
	}
}

// However much there is to say, a gateway can take it.
func TestGatewayHeadersAreBounded(t *testing.T) {
	f := newFixture(t)
	resources := make([]string, 200)
	for i := range resources {
		resources[i] = fmt.Sprintf("agent,\r\nX-Evil: %d", i)
	}
	f.write(func(tx server.Tx) error {
		role := api.Role{ID: newID(), Name: "wide", CreatedBy: api.CreatedByUser, Permissions: []api.Permission{
			{Action: api.ManageAgents, Scope: api.ScopeSpecific, Resources: resources}, {Action: api.ViewAuditLog, Scope: api.ScopeAll},
		}}
		if err := tx.InsertRole(t.Context(), role, f.clock.Now()); err != nil {
			return err
		}
		for i := range 60 {
			team := api.Team{ID: newID(), Name: fmt.Sprintf("wide %d", i), Role: role, CreatedAt: f.clock.Now(), UpdatedAt: f.clock.Now()}
			if err := tx.InsertTeam(t.Context(), team); err != nil {
				return err
			}
			if err := tx.InsertMember(t.Context(), team.ID, f.ids["nobody"], f.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	answer := f.must(http.StatusOK, f.do("nobody", http.MethodGet, api.PathAuth, ""))
	got := authHeaders(answer)
	if got["X-Auth-Truncated"] != "true" || !strings.HasPrefix(got["X-Auth-Permissions"], "view-audit-log,manage-agents:agent%2C%0D%0AX-Evil%3A+") {
		t.Errorf("%v", got)
	}
	size := 0
	for name, value := range got {
		size += len(name) + len(value) + 4
		if strings.ContainsAny(value, "\r\n") {
			t.Errorf("%s breaks out: %q", name, value)
		}
	}
	if size > 3<<10 {
		t.Errorf("%d bytes of headers", size)
	}
}

func TestGatewayDemands(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		caller, query string
		status        int
	}{
		{"admin", "permission=use-agents", 200}, {"robot", "permission=use-agents:agent-7", 200},
		{"manager", "permission=manage-service-accounts", 200}, {"manager", "permission=use-agents", 403},
		{"manager", "permission=use-agents:agent-1", 200}, {"manager", "permission=use-agents:agent-2", 403},
		{"manager", "permission=manage-service-accounts&permission=use-agents:agent-1", 200},
		{"manager", "permission=manage-service-accounts&permission=view-audit-log", 403},
		{"admin", "permission=made-up", 403}, {"admin", "permission=", 403}, {"admin", "permission=use-agents:", 403},
		{"admin", "permission=%zz", 403}, {"admin", "a=1;permission=x", 403}, {"admin", "other=1", 200},
		{"nobody", "", 200}, {"account of B", "permission=use-agents:agent-1", 200}, {"account of A", "permission=use-agents:agent-1", 403},
		{"", "permission=use-agents", 401},
	} {
		answer := f.do(c.caller, http.MethodGet, api.PathAuth+"?"+c.query, "")
		if answer.Code != c.status {
			t.Errorf("%s with %s: %d, want %d: %s", c.caller, c.query, answer.Code, c.status, answer.Body)
		}
		if answer.Code != http.StatusOK && len(authHeaders(answer)) > 0 {
			t.Errorf("%s with %s: a refusal says who it was", c.caller, c.query)
		}
	}
}

// A gateway makes a 500 of everything else.
func TestGatewayAnswersOnly200And401And403(t *testing.T) {
	f := newFixture(t)
	status := func(want int, method, path, caller string, headers ...string) {
		t.Helper()
		if got := f.do(caller, method, path, "", headers...); got.Code != want {
			t.Errorf("%s %s as %q: %d, want %d", method, path, caller, got.Code, want)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions, "MADEUP"} {
		for _, path := range []string{api.PathAuth, api.PathAuth + "/", api.PathAuth + "/a//b/../c", api.PathAuth + "/%2e%2e/x?y=%zz"} {
			status(http.StatusUnauthorized, method, path, "")
			if !strings.Contains(path, "%zz") {
				status(http.StatusOK, method, path, "robot")
			}
		}
	}
	status(http.StatusNotFound, http.MethodGet, "/authority", "robot")
	status(http.StatusOK, http.MethodPost, api.PathAuth, "robot", "Content-Length", "99999999")

	f.faults.set(func(s *faultyStore) { s.read = errDisk })
	f.refused(http.StatusForbidden, api.CodeUnavailable, f.do("robot", http.MethodGet, api.PathAuth, ""))
	f.faults.heal()
	f.faults.set(func(s *faultyStore) { s.identityPanics = "broken" })
	f.refused(http.StatusForbidden, api.CodeInternal, f.do("robot", http.MethodGet, api.PathAuth, ""))
	f.faults.heal()
	f.end()
	if events := f.denials("authorization.deny"); len(events) != 0 {
		t.Errorf("what failed is not what was denied: %+v", events)
	}
}

func TestADeletedKeyIsRefusedAtOnce(t *testing.T) {
	f := newFixture(t)
	f.must(http.StatusOK, f.do("account of A", http.MethodGet, api.PathAuth, ""))
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(f.accountA.ID), ""))
	f.must(http.StatusUnauthorized, f.do("account of A", http.MethodGet, api.PathAuth, ""))
	if body := f.introspect("account of A"); body != "{\"active\":false}\n" {
		t.Errorf("introspection: %s", body)
	}
}

// One source floods with keys that do not exist. It is stopped; those who
// share its address and have keys that work are not.
func TestWrongKeysDoNotLockOthersOut(t *testing.T) {
	f := newFixture(t)
	f.must(http.StatusOK, f.do("robot", http.MethodGet, api.PathMe, ""))
	wrong := mint(t)
	before := f.faults.lookedUp()
	for range 300 {
		f.must(http.StatusUnauthorized, f.do("key:"+wrong, http.MethodGet, api.PathMe, ""))
		f.must(http.StatusUnauthorized, f.do("key:"+wrong[:len(wrong)-1], http.MethodGet, api.PathMe, ""))
	}
	if n := f.faults.lookedUp() - before; n != 1 {
		t.Errorf("one wrong key was looked up %d times", n)
	}
	for range 99 {
		f.must(http.StatusUnauthorized, f.do("key:"+mint(t), http.MethodGet, api.PathMe, ""))
	}
	// Beyond the limit: those that work go on, also one that was never used.
	f.must(http.StatusOK, f.do("robot", http.MethodGet, api.PathMe, ""))
	f.must(http.StatusOK, f.do("account of A", http.MethodGet, api.PathMe, ""))
	f.must(http.StatusUnauthorized, f.do("key:"+wrong, http.MethodGet, api.PathMe, ""))
	f.must(http.StatusUnauthorized, f.do("key:"+mint(t), http.MethodGet, api.PathMe, ""))
}

// Beyond the limit the keys of a source are looked up one at a time, and no
// more of them wait than the process has places for.
func TestAFloodOfWrongKeysStandsInTheSlowLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 256
		f := newFixture(t)
		f.must(http.StatusOK, f.do("robot", http.MethodGet, api.PathMe, ""))
		for range 100 {
			f.must(http.StatusUnauthorized, f.do("key:"+mint(t), http.MethodGet, api.PathMe, ""))
		}
		before, turn := f.faults.lookedUp(), make(chan struct{})
		f.faults.set(func(s *faultyStore) { s.lookingUp = func() { <-turn } })
		answers := make(chan int, places)
		for i := range places {
			key := mint(t)
			if i == places-1 {
				key = f.keys["account of A"]
			}
			go func() { answers <- f.do("key:"+key, http.MethodGet, api.PathAuth, "").Code }()
			synctest.Wait()
		}
		if n := f.faults.lookedUp() - before; n != 1 {
			t.Errorf("%d are looked up at once", n)
		}
		answer := f.do("key:"+mint(t), http.MethodGet, api.PathMe, "")
		f.refused(http.StatusTooManyRequests, api.CodeRateLimited, answer)
		if answer.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", answer.Header().Get("Retry-After"))
		}
		f.refused(http.StatusForbidden, api.CodeRateLimited, f.do("key:"+mint(t), http.MethodGet, api.PathAuth, ""))
		for range 2 { // those that were found stand in no lane
			go func() { answers <- f.do("robot", http.MethodGet, api.PathAuth, "").Code }()
		}
		close(turn)
		got := map[int]int{}
		for range places + 2 {
			got[<-answers]++
		}
		if want := map[int]int{http.StatusUnauthorized: places - 1, http.StatusOK: 3}; !maps.Equal(got, want) {
			t.Errorf("answers %v, want %v", got, want)
		}

		turn = make(chan struct{})
		f.faults.set(func(s *faultyStore) { s.lookingUp = func() { <-turn } })
		started := time.Now()
		go func() { answers <- f.do("key:"+mint(t), http.MethodGet, api.PathAuth, "").Code }()
		synctest.Wait()
		f.refused(http.StatusTooManyRequests, api.CodeRateLimited, f.do("key:"+mint(t), http.MethodGet, api.PathMe, ""))
		if waited := time.Since(started); waited != time.Second {
			t.Errorf("it stood in the lane for %s", waited)
		}
		close(turn)
		<-answers
		f.end()
		refused := 0
		for _, event := range f.denials(server.ActionAuthenticationFail) {
			if strings.Contains(event.Metadata["reason"], "too many wrong keys") {
				refused++
				if event.Metadata["count"] != "3" {
					t.Errorf("%+v", event)
				}
			}
		}
		if refused != 1 {
			t.Errorf("%d events of keys that were not looked up", refused)
		}
	})
}

func (f *fixture) introspect(caller string) string {
	f.t.Helper()
	return f.must(http.StatusOK, f.do("nobody", http.MethodPost, api.PathIntrospect, url.Values{"token": {f.keys[caller]}}.Encode())).Body.String()
}

func TestIntrospection(t *testing.T) {
	f := newFixture(t)
	f.callerKeys()
	answer := f.must(http.StatusOK, f.do("nobody", http.MethodPost, api.PathIntrospect, "token_type_hint=x&token="+f.keys["account of B"]))
	got := decode[api.Introspection](t, answer)
	want := api.Introspection{
		Active: true, Subject: f.accountB.ID, Username: "account of B", ClientID: got.ClientID, IssuedAt: f.clock.Now().Unix(),
		Team:        &api.Ref{ID: f.teamB, Name: "B"},
		Permissions: []api.Permission{{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.ClientID == "" {
		t.Error(diff)
	}
	if user := f.introspect("admin"); !strings.Contains(user, `"username":"mary@example.com"`) {
		t.Errorf("a user: %s", user)
	}
	if account := f.introspect("account of A"); !strings.Contains(account, `"permissions":[]`) {
		t.Errorf("one that may do nothing: %s", account)
	}
	for _, caller := range []string{"garbage", "truncated", "typo", "unknown", "deleted", "suspended"} {
		if body := f.introspect(caller); body != "{\"active\":false}\n" {
			t.Errorf("%s: %s", caller, body)
		}
	}
	for body, status := range map[string]int{"token=": 400, "x=1": 400, "token=a&token=b": 400, "token=%zz": 400} {
		f.refused(status, api.CodeBadRequest, f.do("nobody", http.MethodPost, api.PathIntrospect, body))
	}
	f.must(http.StatusUnsupportedMediaType, f.do("nobody", http.MethodPost, api.PathIntrospect, "token=x", "Content-Type", "application/json"))
	f.faults.set(func(s *faultyStore) { s.read = errDisk })
	f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("nobody", http.MethodPost, api.PathIntrospect, "token="+f.keys["robot"]))
}
