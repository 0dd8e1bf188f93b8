package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// fixture is an authority over a real database with people of every kind.
type fixture struct {
	t       testing.TB
	db      string // path of the database file
	dsn     string
	store   server.Store
	faults  *faultyStore
	server  *server.Server
	handler http.Handler
	clock   *clock
	logs    *logs

	teamA, teamB, admins, developers string            // ids
	keys                             map[string]string // by caller
	ids                              map[string]string // identity by caller
	accountA, accountB               api.ServiceAccount
}

// The callers of a fixture that a key belongs to, beside "admin".
var people = []struct {
	name   string
	status server.UserStatus
	grants []api.Permission // of the caller's own team
}{
	{name: "nobody", status: server.UserActive},
	{name: "scim", status: server.UserActive, grants: []api.Permission{{Action: api.ProvisionUsersWithSCIM, Scope: api.ScopeAll}}},
	{name: "viewer", status: server.UserActive, grants: []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeAll}}},
	{name: "manager", status: server.UserActive, grants: []api.Permission{
		{Action: api.ManageServiceAccounts, Scope: api.ScopeAll}, {Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1"}},
	}},
	{name: "manager of A", status: server.UserActive, grants: []api.Permission{{Action: api.ManageServiceAccounts, Scope: api.ScopeSpecific}}},
	{name: "viewer of A", status: server.UserActive, grants: []api.Permission{{Action: api.ViewServiceAccounts, Scope: api.ScopeSpecific}}},
	{name: "suspended", status: server.UserSuspended, grants: []api.Permission{{Action: api.ManageServiceAccounts, Scope: api.ScopeAll}}},
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return newFixtureOn(t, "sqlite:"+filepath.Join(t.TempDir(), "lifeguard.db"))
}

func newFixtureOn(t testing.TB, dsn string) *fixture {
	t.Helper()
	f := &fixture{
		t: t, dsn: dsn, logs: &logs{}, keys: map[string]string{}, ids: map[string]string{},
		clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)},
	}
	f.db, _ = strings.CutPrefix(dsn, "sqlite:")
	store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	f.faults = &faultyStore{Store: store}
	f.store = f.faults
	f.server = server.New(server.Options{
		Store: f.store, Clock: f.clock.Now, Logger: slog.New(slog.NewJSONHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), TouchInterval: time.Hour,
	})
	f.handler = f.server.Handler()
	t.Cleanup(func() {
		f.faults.heal()
		if err := errors.Join(f.server.Close(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	})
	made, err := server.Initialise(t.Context(), store, server.InitialiseOptions{
		Organization: "Acme", AdminEmail: "mary@example.com", AdminName: "Mary", Developers: true, Clock: f.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.keys["admin"], f.ids["admin"] = made.Key.Reveal(), made.Admin.ID
	f.admins, f.developers = made.Administrators.ID, made.Developers.ID
	f.teamA, f.teamB = newID(), newID()
	f.write(f.insertPeople)

	f.accountA = f.create("admin", "account of A", f.teamA, "account of A")
	f.accountB = f.create("admin", "account of B", f.teamB, "account of B")
	f.create("admin", "robot", f.admins, "robot")
	gone := f.create("admin", "gone", f.teamA, "deleted")
	f.must(http.StatusNoContent, f.do("admin", http.MethodDelete, accountPath(gone.ID), ""))
	return f
}

// insertPeople makes teams A and B, which may use agent-1, and each of the
// people in a team of their own.
func (f *fixture) insertPeople(tx server.Tx) error {
	ctx, now := f.t.Context(), f.clock.Now()
	team := func(id, name string, grants []api.Permission) error {
		role := api.Role{ID: newID(), Name: "role of " + name, CreatedBy: api.CreatedByUser, Permissions: grants}
		return errors.Join(tx.InsertRole(ctx, role, now),
			tx.InsertTeam(ctx, api.Team{ID: id, Name: name, Role: role, CreatedAt: now, UpdatedAt: now}))
	}
	agent := []api.Permission{{Action: api.UseAgents, Scope: api.ScopeSpecific, Resources: []string{"agent-1"}}}
	failed := errors.Join(team(f.teamA, "A", nil), team(f.teamB, "B", agent))
	for _, person := range people {
		user := server.User{
			ID: newID(), Email: strings.ReplaceAll(person.name, " ", ".") + "@example.com", Name: person.name,
			Status: person.status, CreatedAt: now, UpdatedAt: now,
		}
		for i := range person.grants {
			if person.grants[i].Scope == api.ScopeSpecific && person.grants[i].Action != api.UseAgents {
				person.grants[i].Resources = []string{f.teamA}
			}
		}
		key := mint(f.t)
		own := newID()
		failed = errors.Join(failed, team(own, "team of "+person.name, person.grants), tx.InsertUser(ctx, user),
			tx.InsertMember(ctx, own, user.ID, now),
			tx.InsertDeveloperKey(ctx, user.ID, server.KeyRecord{ID: newID(), Hash: api.HashKey(key), Hint: api.KeyHint(key), CreatedAt: now}))
		f.keys[person.name], f.ids[person.name] = key, user.ID
	}
	return failed
}

func (f *fixture) write(change func(server.Tx) error) {
	f.t.Helper()
	err := f.store.Write(f.t.Context(), func(tx server.Tx) (server.Event, error) {
		return server.Event{ID: newID(), Time: f.clock.Now(), Actor: api.Actor{Type: api.IdentitySystem}, Action: "test.seed", Outcome: server.OutcomeSuccess}, change(tx)
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// create makes an account over HTTP and keeps its key under caller.
func (f *fixture) create(by, name, team, caller string) api.ServiceAccount {
	f.t.Helper()
	answer := f.must(http.StatusCreated, f.do(by, http.MethodPost, api.PathServiceAccounts, createBody(name, team)))
	created := decode[api.CreatedServiceAccount](f.t, answer)
	f.keys[caller], f.ids[caller] = created.APIKey.Reveal(), created.ServiceAccount.ID
	return created.ServiceAccount
}

// do sends a request as one of the callers, or with the text after "key:" as
// its key. Headers are pairs.
func (f *fixture) do(caller, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:5555"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		if path == api.PathIntrospect {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if key, ok := strings.CutPrefix(caller, "key:"); ok {
		r.Header.Set("Authorization", "Bearer "+key)
	} else if caller != "" {
		if f.keys[caller] == "" {
			f.t.Fatalf("there is no caller %q", caller)
		}
		r.Header.Set("Authorization", "Bearer "+f.keys[caller])
	}
	if method == http.MethodPut {
		r.Header.Set("If-Match", "*") // whatever the state is
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

// must checks the status and what every answer has.
func (f *fixture) must(status int, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	f.t.Helper()
	if w.Code != status {
		f.t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if w.Header().Get(api.HeaderRequestID) == "" {
		f.t.Error("the answer has no request id")
	}
	if strings.Contains(w.Body.String(), `"$schema":"`) {
		f.t.Errorf("the body has a $schema: %s", w.Body)
	}
	return w
}

// refused checks that an answer is a whole problem of that kind.
func (f *fixture) refused(status int, code api.Code, w *httptest.ResponseRecorder) api.Problem {
	f.t.Helper()
	f.must(status, w)
	if got := w.Header().Get("Content-Type"); got != api.ProblemContentType {
		f.t.Errorf("Content-Type %q", got)
	}
	problem := decode[api.Problem](f.t, w)
	want := api.Problem{
		Type: "urn:lifeguard:problem:" + string(code), Title: problem.Title, Status: status, Detail: problem.Detail,
		RequestID: w.Header().Get(api.HeaderRequestID),
	}
	if problem.Type != want.Type || problem.Status != want.Status || problem.RequestID != want.RequestID {
		f.t.Errorf("problem %+v, want %+v", problem, want)
	}
	if problem.Title == "" || !strings.HasSuffix(problem.Detail, ".") || !strings.HasSuffix(problem.Instance, problem.RequestID) {
		f.t.Errorf("an incomplete problem: %+v", problem)
	}
	for caller, key := range f.keys {
		if strings.TrimSpace(key) == "" {
			continue
		}
		if strings.Contains(w.Body.String(), key) || strings.Contains(fmt.Sprint(w.Header()), key) {
			f.t.Errorf("the refusal holds the key of %s", caller)
		}
	}
	return problem
}

func (f *fixture) accounts(query string) api.ServiceAccountList {
	f.t.Helper()
	return decode[api.ServiceAccountList](f.t, f.must(http.StatusOK, f.do("admin", http.MethodGet, api.PathServiceAccounts+query, "")))
}

// events are the audit events with the action, read as a backup would be.
func (f *fixture) events(action string) []server.Event {
	f.t.Helper()
	return f.faults.written(action)
}

func accountPath(id string) string { return api.PathServiceAccounts + "/" + id }

func createBody(name, team string) string {
	body, err := json.Marshal(api.CreateServiceAccount{Name: name, TeamID: team})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("the body is not %T: %v: %s", v, err, w.Body)
	}
	return v
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func mint(t testing.TB) string {
	t.Helper()
	secret, err := api.MintKey(cryptoRandom)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logs collects what is logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logs) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

var _ io.Writer = (*logs)(nil)
