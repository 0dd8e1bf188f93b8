package server_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// made is an account, or a user, that somebody was told of.
type made struct {
	id, key        string
	idempotencyKey string // that the account was made with
	root           int    // number of the first key of the account
}

// person is a user with a team of their own, which they may join or not, and
// whose role may use agents or not.
type person struct {
	made
	team, role string
}

// world is what all clients know, and what happened.
type world struct {
	replicas []http.Handler
	admin    string
	team     string // of the accounts
	idle     string // a role that may not use agents
	users    [linearUsers]person
	began    time.Time
	sources  atomic.Uint32
	busy     atomic.Int32

	mu       sync.Mutex
	accounts []made           // by number less one
	latest   [linearNames]int // the account that was made last, by name
	history  []porcupine.Operation
}

// ask sends a request to one of the replicas, each from another address.
func (w *world) ask(replica int, key, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	n := w.sources.Add(1)
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1234", byte(n>>16), byte(n>>8), byte(n))
	r.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	switch {
	case path == api.PathIntrospect:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	w.replicas[replica].ServeHTTP(answer, r)
	return answer
}

// carryOut sends what an act stands for. Each way to verify a key counts.
func (w *world) carryOut(replica int, asked act, known made) *httptest.ResponseRecorder {
	switch asked.kind {
	case "create", "repeat":
		return w.ask(replica, w.admin, http.MethodPost, api.PathServiceAccounts, createBody(fmt.Sprintf("bot %d", asked.name), w.team),
			api.HeaderIdempotencyKey, known.idempotencyKey)
	case "delete":
		return w.ask(replica, w.admin, http.MethodDelete, accountPath(known.id), "")
	case "verify":
		return w.ask(replica, known.key, http.MethodGet, api.PathMe, "")
	case "auth":
		return w.ask(replica, known.key, http.MethodGet, api.PathAuth, "")
	case "introspect":
		answer := w.ask(replica, w.admin, http.MethodPost, api.PathIntrospect, "token="+url.QueryEscape(known.key))
		if answer.Code == http.StatusOK && !strings.Contains(answer.Body.String(), `"active":true`) {
			answer.Code = http.StatusUnauthorized // what the other ways say
		}
		return answer
	case "suspend", "unsuspend":
		return w.ask(replica, w.admin, http.MethodPatch, userPath(known.id), `{"status_action":"`+asked.kind+`"}`)
	case "may":
		return w.ask(replica, known.key, http.MethodGet, api.PathAuth+"?permission="+string(api.UseAgents), "")
	}
	return w.change(replica, asked.kind, w.users[asked.name-linearNames])
}

// change changes what a user may, in one of the ways that lead to it.
func (w *world) change(replica int, kind string, user person) *httptest.ResponseRecorder {
	patch := func(path, body string) *httptest.ResponseRecorder {
		return w.ask(replica, w.admin, http.MethodPatch, path, body)
	}
	switch kind {
	case "join":
		return w.ask(replica, w.admin, http.MethodPost, membersPath(user.team, "add"), idsBody(user.id))
	case "leave":
		return w.ask(replica, w.admin, http.MethodPost, membersPath(user.team, "remove"), idsBody(user.id))
	case "grant":
		return patch(rolePath(user.role), `{"permissions":[{"action":"create-agent","scope":"all"},{"action":"use-agents","scope":"all"}]}`)
	case "revoke":
		return patch(rolePath(user.role), `{"permissions":[{"action":"create-agent","scope":"all"}]}`)
	case "assign":
		return patch(teamPath(user.team), `{"role_id":"`+user.role+`"}`)
	case "unassign":
		return patch(teamPath(user.team), `{"role_id":"`+w.idle+`"}`)
	}
	panic(kind)
}

// told reads an answer. An answer that is neither yes nor no is an error.
func (asked act) told(status int) (told outcome, err error) {
	done, refused := http.StatusOK, http.StatusUnauthorized
	switch asked.kind {
	case "create", "repeat":
		done, refused = http.StatusCreated, http.StatusConflict
	case "delete":
		done, refused = http.StatusNoContent, http.StatusNotFound
	case "suspend", "unsuspend", "join", "leave", "grant", "revoke", "assign", "unassign":
		refused = done
	case "may":
		if status == http.StatusForbidden {
			return outcome{forbidden: true}, nil
		}
	}
	if status != done && status != refused {
		return outcome{}, fmt.Errorf("status %d", status)
	}
	return outcome{done: status == done}, nil
}

// perform does what a client decided, and notes when it began and ended.
func (w *world) perform(client, replica int, asked act) error {
	known := w.known(asked)
	asked.root = known.root
	operation := porcupine.Operation{ClientId: client, Input: asked, Call: time.Since(w.began).Nanoseconds()}
	answer := w.carryOut(replica, asked, known)
	operation.Return = time.Since(w.began).Nanoseconds()
	if answer.Code == http.StatusServiceUnavailable || asked.gateway() && strings.Contains(answer.Body.String(), string(api.CodeUnavailable)) {
		// It waited too long for its turn. That promises that nothing was changed,
		// so it has no place in the history, and a broken promise shows there.
		w.busy.Add(1)
		return nil
	}
	if strings.Contains(answer.Body.String(), string(api.CodeIdempotencyInFlight)) {
		return nil // to be repeated: it says nothing of what is there
	}
	told, err := asked.told(answer.Code)
	if err != nil {
		return fmt.Errorf("%+v: %w: %s", asked, err, answer.Body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if told.done && (asked.kind == "create" || asked.kind == "repeat") {
		created, err := readCreated(answer)
		if err != nil {
			return err
		}
		created.idempotencyKey, created.root = known.idempotencyKey, cmp.Or(known.root, len(w.accounts)+1)
		w.accounts = append(w.accounts, created)
		told.account = len(w.accounts)
		w.latest[asked.name] = told.account
	}
	operation.Output = told
	w.history = append(w.history, operation)
	return nil
}

// gateway acts are answered with 403 when the database does not answer.
func (asked act) gateway() bool { return asked.kind == "auth" || asked.kind == "may" }

func (w *world) known(asked act) made {
	if asked.name >= linearNames {
		return w.users[asked.name-linearNames].made
	}
	if asked.account == 0 {
		return made{idempotencyKey: newID()}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accounts[asked.account-1]
}

// decide chooses what a client does next: mostly with the newest account of a
// name, at times with a user.
func (w *world) decide(random *rand.Rand) act {
	one := func(kinds ...string) string { return kinds[random.IntN(len(kinds))] }
	if random.IntN(4) == 0 {
		return act{name: linearNames + random.IntN(linearUsers), kind: one(
			"may", "may", "may", "may", "may", "may", "suspend", "unsuspend", "unsuspend",
			"join", "join", "leave", "grant", "grant", "revoke", "assign", "assign", "unassign")}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	name := random.IntN(linearNames)
	asked := act{name: name, account: w.latest[name], kind: one("verify", "auth", "introspect")}
	switch n := random.IntN(10); {
	case n < 3 || asked.account == 0:
		return act{kind: "create", name: name}
	case n < 4:
		asked.kind = "repeat"
	case n < 6:
		asked.kind = "delete"
	}
	return asked
}

func (w *world) run(seed uint64, operations int) error {
	var work sync.WaitGroup
	errs := make([]error, linearClients)
	for client := range linearClients {
		work.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(client)))
			for range operations / linearClients {
				if errs[client] = w.perform(client, random.IntN(len(w.replicas)), w.decide(random)); errs[client] != nil {
					return
				}
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

func readCreated(answer *httptest.ResponseRecorder) (made, error) {
	var created api.CreatedServiceAccount
	if err := json.Unmarshal(answer.Body.Bytes(), &created); err != nil {
		return made{}, err
	}
	return made{id: created.ServiceAccount.ID, key: created.APIKey.Reveal()}, nil
}

// newWorld makes an organization and a server for each store.
func newWorld(t *testing.T, stores ...server.Store) *world {
	t.Helper()
	organization, err := server.Initialise(t.Context(), stores[0], server.InitialiseOptions{Organization: "Acme", AdminEmail: "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{admin: organization.Key.Reveal(), team: organization.Administrators.ID, idle: newID(), began: time.Now()}
	if err := stores[0].Write(t.Context(), w.insertUsers(t)); err != nil {
		t.Fatal(err)
	}
	for _, store := range stores {
		failures := slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})
		replica := server.New(server.Options{Store: store, Logger: slog.New(failures)})
		t.Cleanup(func() {
			if err := replica.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		w.replicas = append(w.replicas, replica.Handler())
	}
	return w
}

// insertUsers makes the users, with a key, a team and a role each.
func (w *world) insertUsers(t *testing.T) func(server.Tx) (server.Event, error) {
	for i := range w.users {
		w.users[i] = person{made{id: newID(), key: mint(t)}, newID(), newID()}
	}
	return func(tx server.Tx) (server.Event, error) {
		now := time.Now()
		role := func(id, name string) error {
			return tx.InsertRole(t.Context(), api.Role{
				ID: id, Name: name, CreatedBy: api.CreatedByUser, Permissions: []api.Permission{{Action: api.CreateAgent, Scope: api.ScopeAll}},
			}, now)
		}
		failed := role(w.idle, "idle")
		for i, user := range w.users {
			name := fmt.Sprintf("user %d", i)
			failed = errors.Join(failed, role(user.role, name),
				tx.InsertTeam(t.Context(), api.Team{ID: user.team, Name: name, Role: api.Role{ID: user.role}, CreatedAt: now, UpdatedAt: now}),
				tx.InsertUser(t.Context(), server.User{ID: user.id, Email: fmt.Sprintf("%d@example.com", i), Status: server.UserActive, CreatedAt: now, UpdatedAt: now}),
				tx.InsertDeveloperKey(t.Context(), user.id, server.KeyRecord{ID: newID(), Hash: api.HashKey(user.key), Hint: api.KeyHint(user.key), CreatedAt: now}))
		}
		return server.Event{ID: newID(), Time: now, Action: "test.seed"}, failed
	}
}

func openStores(t *testing.T, dsn string, count int) (stores []server.Store) {
	t.Helper()
	for range count {
		store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{Volatile: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		stores = append(stores, store)
	}
	return stores
}

func newFile(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lifeguard.db") }
