package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// The whole size is: go test ./server -run Linearizable -linear.seeds 20 -linear.operations 10000
var (
	linearSeeds      = flag.Int("linear.seeds", 1, "how many histories TestLinearizable makes on each engine")
	linearOperations = flag.Int("linear.operations", 800, "how many operations a history has")
)

const (
	linearClients = 16
	// linearNames is how many names the clients compete for: few enough to
	// meet, many enough that a history can be checked.
	linearNames = 12
)

// act is what a client asks for. Each account that was made has a number.
type act struct {
	kind    string // create, verify or delete
	name    int
	account int // verify and delete
}

// outcome is what it was told: whether it was done, and for a create the
// number of the new account.
type outcome struct {
	done    bool
	account int
}

// oneKey is what one name may look like from outside: the account that has it,
// 0 for none. A create succeeds if there is none, a key works and can be
// deleted if its account is the one.
var oneKey = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, linearNames)
		for _, operation := range history {
			name := operation.Input.(act).name
			parts[name] = append(parts[name], operation)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		current, asked, told := state.(int), input.(act), output.(outcome)
		switch {
		case asked.kind == "create" && told.done:
			return current == 0, told.account
		case asked.kind == "create":
			return current != 0, current
		case asked.kind == "delete" && told.done:
			return current == asked.account, 0
		default:
			return told.done == (current == asked.account), current
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// made is an account that somebody was told of.
type made struct{ id, key string }

// world is what all clients know, and what happened.
type world struct {
	replicas []http.Handler
	admin    string
	team     string
	began    time.Time
	sources  atomic.Uint32
	busy     atomic.Int32

	mu       sync.Mutex
	accounts []made           // by number less one
	latest   [linearNames]int // the account that was made last, by name
	history  []porcupine.Operation
}

// ask sends a request to one of the replicas, each from another address.
func (w *world) ask(replica int, key, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	n := w.sources.Add(1)
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1234", byte(n>>16), byte(n>>8), byte(n))
	r.Header.Set("Authorization", "Bearer "+key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	w.replicas[replica].ServeHTTP(answer, r)
	return answer
}

// perform does what a client decided, and notes when it began and ended.
func (w *world) perform(client, replica int, asked act) error {
	var known made
	if asked.account > 0 {
		w.mu.Lock()
		known = w.accounts[asked.account-1]
		w.mu.Unlock()
	}
	operation := porcupine.Operation{ClientId: client, Input: asked, Call: time.Since(w.began).Nanoseconds()}
	var answer *httptest.ResponseRecorder
	var yes, no int
	switch asked.kind {
	case "create":
		yes, no = http.StatusCreated, http.StatusConflict
		answer = w.ask(replica, w.admin, http.MethodPost, api.PathServiceAccounts, createBody(fmt.Sprintf("bot %d", asked.name), w.team))
	case "verify":
		yes, no = http.StatusOK, http.StatusUnauthorized
		answer = w.ask(replica, known.key, http.MethodGet, api.PathMe, "")
	case "delete":
		yes, no = http.StatusNoContent, http.StatusNotFound
		answer = w.ask(replica, w.admin, http.MethodDelete, accountPath(known.id), "")
	}
	operation.Return = time.Since(w.began).Nanoseconds()
	if answer.Code == http.StatusServiceUnavailable {
		// It waited too long for its turn. That promises that nothing was changed,
		// so it has no place in the history, and a broken promise shows there.
		w.busy.Add(1)
		return nil
	}
	if answer.Code != yes && answer.Code != no {
		return fmt.Errorf("%+v: status %d: %s", asked, answer.Code, answer.Body)
	}
	told := outcome{done: answer.Code == yes}
	w.mu.Lock()
	defer w.mu.Unlock()
	if asked.kind == "create" && told.done {
		created, err := readCreated(answer)
		if err != nil {
			return err
		}
		w.accounts = append(w.accounts, created)
		told.account = len(w.accounts)
		w.latest[asked.name] = told.account
	}
	operation.Output = told
	w.history = append(w.history, operation)
	return nil
}

// decide chooses what a client does next: mostly with the newest account of a
// name, at times with one that was deleted before.
func (w *world) decide(random *rand.Rand) act {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := random.IntN(linearNames)
	asked := act{name: name, account: w.latest[name], kind: "verify"}
	switch n := random.IntN(10); {
	case n < 3 || asked.account == 0:
		return act{kind: "create", name: name}
	case n < 5:
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
	w := &world{admin: organization.Key.Reveal(), team: organization.Administrators.ID, began: time.Now()}
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

// TestLinearizable has many clients create, verify and delete at once, and
// checks that all answers fit one order in which each took effect between its
// request and its answer. So no key is accepted once its deletion was answered.
func TestLinearizable(t *testing.T) {
	for seed := range uint64(*linearSeeds) {
		for engine, open := range map[string]func(t *testing.T) []server.Store{
			"sqlite": func(t *testing.T) []server.Store {
				return openStores(t, "sqlite:"+filepath.Join(t.TempDir(), "lifeguard.db"), 1)
			},
			"two replicas on postgres": func(t *testing.T) []server.Store { return openStores(t, postgrestest.New(t), 2) },
		} {
			t.Run(fmt.Sprintf("%s, seed %d", engine, seed), func(t *testing.T) {
				w := newWorld(t, open(t)...)
				if err := w.run(seed, *linearOperations); err != nil {
					t.Fatal(err)
				}
				if len(w.history) < *linearOperations*9/10 || len(w.accounts) < *linearOperations/20 {
					t.Fatalf("%d operations made %d accounts, %d had to give up: too little happened", len(w.history), len(w.accounts), w.busy.Load())
				}
				if verdict := porcupine.CheckOperationsTimeout(oneKey, w.history, time.Minute); verdict != porcupine.Ok {
					t.Errorf("the history of %d operations is %s", len(w.history), verdict)
				}
			})
		}
	}
}

// forgetfulStore takes a key for good that it has once found, as a cache would.
type forgetfulStore struct {
	server.Store
	found sync.Map
}

func (s *forgetfulStore) IdentityByKey(ctx context.Context, hash api.KeyHash) (server.Identity, error) {
	if known, ok := s.found.Load(hash); ok {
		return known.(server.Identity), nil
	}
	identity, err := s.Store.IdentityByKey(ctx, hash)
	if err == nil {
		s.found.Store(hash, identity)
	}
	return identity, err
}

// The check must find what it is there to find: a replica that remembers keys.
func TestLinearizableFindsARememberedKey(t *testing.T) {
	stores := openStores(t, "sqlite:"+filepath.Join(t.TempDir(), "lifeguard.db"), 2)
	w := newWorld(t, stores[0], &forgetfulStore{Store: stores[1]})
	for _, step := range []struct {
		replica int
		asked   act
	}{{0, act{kind: "create"}}, {1, act{kind: "verify", account: 1}}, {0, act{kind: "delete", account: 1}}} {
		if err := w.perform(0, step.replica, step.asked); err != nil {
			t.Fatal(err)
		}
	}
	if !porcupine.CheckOperations(oneKey, w.history) {
		t.Fatal("what is right was found wrong")
	}
	if err := w.perform(0, 1, act{kind: "verify", account: 1}); err != nil {
		t.Fatal(err)
	}
	if porcupine.CheckOperations(oneKey, w.history) {
		t.Error("a key that works after its deletion was not noticed")
	}
}
