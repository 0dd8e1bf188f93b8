package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

const (
	linearClients = 16
	// linearNames is how many names the clients compete for: few enough to
	// meet, many enough that a history can be checked.
	linearNames = 12
	linearUsers = 4
)

// act is what a client asks for. Each key that was handed out has a number.
type act struct {
	kind    string // see world.carryOut
	name    int    // from linearNames on it is a user
	account int    // whose key, of all but create
	root    int    // the first key of that account
}

// outcome is what it was told: whether it was done, and the number of the key
// that it got for a create or its repetition.
type outcome struct {
	done      bool
	account   int
	forbidden bool // let in, but without the permission
}

// seen is what one name may look like from outside: the account that has it, by
// its first key, 0 for none, and the key that works, used or not; or what
// became of a user, the user's team and its role.
type seen struct {
	root, account                          int
	used                                   bool
	suspended, member, granted, unassigned bool
}

func (s seen) may() bool { return s.member && s.granted && !s.unassigned }

// oneName is how one name behaves. A create succeeds if no account has it, and
// its repetition as long as the key was not used: then that is replaced. A key
// works if it is the account's last one, and the account can be deleted. A user's key works
// unless the user is suspended, and may what the user's teams may.
var oneName = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, linearNames+linearUsers)
		for _, operation := range history {
			name := operation.Input.(act).name
			parts[name] = append(parts[name], operation)
		}
		return parts
	},
	Init: func() any { return seen{} },
	Step: func(state, input, output any) (bool, any) {
		now, asked, told := state.(seen), input.(act), output.(outcome)
		switch asked.kind {
		case "create":
			if told.done {
				return now.root == 0, seen{root: told.account, account: told.account}
			}
			return now.root != 0, now
		case "repeat":
			if told.done {
				return now.root == asked.root && !now.used, seen{root: now.root, account: told.account}
			}
			// It may be refused for a use that was noted and not answered yet.
			return true, now
		case "delete":
			if told.done {
				return now.root == asked.root, seen{}
			}
			return now.root != asked.root, now
		case "suspend", "unsuspend":
			now.suspended = asked.kind == "suspend"
			return true, now
		case "join", "leave":
			now.member = asked.kind == "join"
			return true, now
		case "grant", "revoke":
			now.granted = asked.kind == "grant"
			return true, now
		case "assign", "unassign":
			now.unassigned = asked.kind == "unassign"
			return true, now
		case "may":
			return told == outcome{done: now.may() && !now.suspended, forbidden: !now.may() && !now.suspended}, now
		default:
			right := told.done == (now.account == asked.account)
			now.used = now.used || told.done
			return right, now
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// linearEngines are the databases and how many servers share each.
var linearEngines = []struct {
	name string
	open func(t *testing.T) []server.Store
}{
	{"sqlite", func(t *testing.T) []server.Store { return openStores(t, newFile(t), 1) }},
	{"two servers on one sqlite file", func(t *testing.T) []server.Store { return openStores(t, newFile(t), 2) }},
	{"two replicas on postgres", func(t *testing.T) []server.Store { return openStores(t, postgrestest.New(t), 2) }},
}

// TestLinearizable has many clients create, verify and delete at once, suspend
// users and change what they may, and checks that all answers fit one order in
// which each took effect between its request and its answer. So no key is
// accepted once its deletion was answered.
func TestLinearizable(t *testing.T) { linearizable(t, 0, 1, 800) }

// TestSoakLinearizable is the same at the size that is promised.
func TestSoakLinearizable(t *testing.T) {
	linearizable(t, soakSize(t, "FIRST_SEED", 1), soakSize(t, "SEEDS", 20), soakSize(t, "OPERATIONS", 10_000))
}

func linearizable(t *testing.T, first, seeds, operations int) {
	for seed := first; seed < first+seeds; seed++ {
		for _, engine := range linearEngines {
			t.Run(fmt.Sprintf("%s, seed %d", engine.name, seed), func(t *testing.T) {
				stores := engine.open(t)
				w := newWorld(t, stores...)
				if err := errors.Join(w.begin(), w.run(uint64(seed), operations)); err != nil {
					t.Fatal(err)
				}
				if len(w.history) < operations*9/10 || len(w.accounts) < operations/20 {
					t.Fatalf("%d operations made %d accounts, %d had to give up: too little happened", len(w.history), len(w.accounts), w.busy.Load())
				}
				if verdict := porcupine.CheckOperationsTimeout(oneName, w.history, time.Minute); verdict != porcupine.Ok {
					t.Errorf("the history of %d operations is %s", len(w.history), verdict)
				}
				w.audited(t, stores[0])
				done := w.done()
				t.Logf("%d operations, %d gave up, done were %v", len(w.history), w.busy.Load(), done)
				for _, kind := range []string{"create", "repeat", "delete", "verify", "auth", "introspect", "may"} {
					if done[kind] == 0 {
						t.Errorf("nothing was found out: no %s was done", kind)
					}
				}
			})
		}
	}
}

// begin does what clients at once, who are in each other's way, may happen to
// get done not once: a repetition at a server that did not carry the create out
// has to wait for two seconds.
func (w *world) begin() error {
	var failed error
	for _, asked := range []act{
		{kind: "create"}, {kind: "repeat", account: 1}, {kind: "verify", account: 2}, {kind: "auth", account: 2},
		{kind: "introspect", account: 2}, {kind: "delete", account: 2},
		{kind: "join", name: linearNames}, {kind: "grant", name: linearNames}, {kind: "assign", name: linearNames}, {kind: "may", name: linearNames},
	} {
		failed = errors.Join(failed, w.perform(0, 0, asked))
	}
	return failed
}

// done counts what was done.
func (w *world) done() map[string]int {
	done := map[string]int{}
	for _, operation := range w.history {
		if operation.Output.(outcome).done {
			done[operation.Input.(act).kind]++
		}
	}
	return done
}

// audited checks that the audit log is whole and has exactly the changes that
// clients were told of: a refused one is not in it.
func (w *world) audited(t *testing.T, store server.Store) {
	t.Helper()
	var created, deleted, wantCreated, wantDeleted []string
	var chain api.ChainVerifier
	for {
		page, err := store.AuditEvents(t.Context(), server.AuditQuery{AuditFilter: api.AuditFilter{After: chain.Sequence}, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.Events {
			if fault := chain.Check(event); fault != "" {
				t.Error(fault)
			}
			switch event.Action {
			case server.ActionServiceAccountCreate:
				created = append(created, event.Resource.ID)
			case server.ActionServiceAccountDelete:
				deleted = append(deleted, event.Resource.ID)
			}
		}
		if !page.More {
			break
		}
	}
	for _, operation := range w.history {
		asked, told := operation.Input.(act), operation.Output.(outcome)
		switch {
		case (asked.kind == "create" || asked.kind == "repeat") && told.done:
			wantCreated = append(wantCreated, w.accounts[told.account-1].id)
		case asked.kind == "delete" && told.done:
			wantDeleted = append(wantDeleted, w.accounts[asked.account-1].id)
		}
	}
	for _, ids := range [][]string{created, deleted, wantCreated, wantDeleted} {
		slices.Sort(ids)
	}
	if !slices.Equal(created, wantCreated) || !slices.Equal(deleted, wantDeleted) {
		t.Errorf("the audit log has %d creates and %d deletions, clients were told of %d and %d",
			len(created), len(deleted), len(wantCreated), len(wantDeleted))
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
	stores := openStores(t, newFile(t), 2)
	w := newWorld(t, stores[0], &forgetfulStore{Store: stores[1]})
	for _, step := range []struct {
		replica int
		asked   act
	}{{0, act{kind: "create"}}, {1, act{kind: "verify", account: 1}}, {0, act{kind: "delete", account: 1}}} {
		if err := w.perform(0, step.replica, step.asked); err != nil {
			t.Fatal(err)
		}
	}
	if !porcupine.CheckOperations(oneName, w.history) {
		t.Fatal("what is right was found wrong")
	}
	if err := w.perform(0, 1, act{kind: "verify", account: 1}); err != nil {
		t.Fatal(err)
	}
	if porcupine.CheckOperations(oneName, w.history) {
		t.Error("a key that works after its deletion was not noticed")
	}
}
