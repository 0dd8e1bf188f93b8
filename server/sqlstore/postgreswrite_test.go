package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

// replicas are several stores on one PostgreSQL, and a connection beside them.
func replicas(t *testing.T, count int, options string) (stores []server.Store, team api.Team, beside *sql.DB) {
	t.Helper()
	dsn := postgrestest.New(t) + options
	for range count {
		stores = append(stores, openDSN(t, dsn, sqlstore.Options{}))
	}
	dsn, _, _ = strings.Cut(dsn, "&")
	return stores, initialise(t, stores[0]), postgrestest.Connect(t, dsn)
}

func executeIn(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// chainedIn checks all events of a database and that there are so many of them.
func chainedIn(t *testing.T, db *sql.DB, want int) {
	t.Helper()
	all := eventsOf(t, db)
	storetest.Chain(t, all)
	if len(all) != want {
		t.Errorf("%d audit events, want %d", len(all), want)
	}
}

// atCommit has the database run a block when a write commits.
func atCommit(t *testing.T, db *sql.DB, block string) {
	t.Helper()
	executeIn(t, db, `CREATE SEQUENCE commits`,
		`CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+block+` RETURN NULL; END $$`,
		`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON audit_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
}

// counted makes a service account and counts how often it was tried.
func counted(ctx context.Context, store server.Store, team api.Team, name string, within func(try int)) (tries int, err error) {
	err = store.Write(ctx, func(tx server.Tx) (server.Event, error) {
		tries++
		if within != nil {
			within(tries)
		}
		return server.Event{ID: name, Time: storetest.Epoch, Action: server.ActionServiceAccountCreate},
			tx.InsertServiceAccount(ctx, api.ServiceAccount{
				ID: name, Name: name, Team: api.Ref{ID: team.ID}, CreatedAt: storetest.Epoch,
				CreatedBy: api.Actor{Type: api.IdentityUser, ID: "ada"},
			}, server.KeyRecord{ID: name, Hash: api.HashKey(name), Hint: "ps-0000…0000", CreatedAt: storetest.Epoch})
	})
	return tries, err
}

func TestPostgresTriesAgainWhatWasRolledBack(t *testing.T) {
	for what, state := range map[string]string{"serialization failure": "40001", "deadlock": "40P01"} {
		t.Run(what, func(t *testing.T) {
			stores, team, beside := replicas(t, 1, "")
			atCommit(t, beside, `IF nextval('commits') < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '`+state+`'; END IF;`)
			tries, err := counted(t.Context(), stores[0], team, "ci", nil)
			if err != nil || tries != 3 {
				t.Errorf("%d tries, %v; want 3", tries, err)
			}
			chainedIn(t, beside, 2)
		})
	}
}

// Nobody knows whether this commit was kept: it must be said, and not repeated.
func TestPostgresDoesNotRepeatAnUncertainCommit(t *testing.T) {
	stores, team, beside := replicas(t, 1, "")
	atCommit(t, beside, `PERFORM pg_terminate_backend(pg_backend_pid());`)
	tries, err := counted(t.Context(), stores[0], team, "ci", nil)
	if reason(err) != sqlstore.ReasonUncertain || !errors.Is(err, server.ErrUncertain) || tries != 1 {
		t.Errorf("%d tries, %v; want one that is uncertain", tries, err)
	}
	executeIn(t, beside, `DROP TRIGGER at_commit ON audit_events`)
	if _, err := counted(t.Context(), stores[0], team, "ci", nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	chainedIn(t, beside, 2)
}

func TestPostgresOutlivesLostConnections(t *testing.T) {
	stores, team, beside := replicas(t, 1, "")
	store := stores[0]
	beside.SetMaxOpenConns(1) // the one that the next statement spares
	const all = `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	cut := func() {
		t.Helper()
		var ended int
		if err := beside.QueryRowContext(t.Context(), all).Scan(&ended); err != nil || ended == 0 {
			t.Fatalf("%d connections were ended, %v", ended, err)
		}
	}
	// Several connections wait in the pool, so that several are lost.
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			if _, err := store.Teams(t.Context(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 10, Total: true}}); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	cut()
	if _, err := store.Team(t.Context(), team.ID); err != nil {
		t.Errorf("a read: %v", err)
	}
	cut()
	if page, err := store.Teams(t.Context(), server.TeamQuery{PageQuery: server.PageQuery{Limit: 10, Total: true}}); err != nil || page.Total != 1 {
		t.Errorf("a page: %+v, %v", page, err)
	}
	tries, err := counted(t.Context(), store, team, "ci", func(try int) {
		if try == 1 {
			cut()
		}
	})
	if err != nil || tries != 2 {
		t.Errorf("a change whose connection was lost: %d tries, %v; want 2", tries, err)
	}
	cut()
	if err := store.Touch(t.Context(), []server.KeyUse{{KeyID: "ci", At: storetest.Epoch}}); err != nil {
		t.Errorf("a use: %v", err)
	}
	chainedIn(t, beside, 2)
}

func TestPostgresWaitsForItsTurn(t *testing.T) {
	dsn := postgrestest.New(t)
	team := initialise(t, openDSN(t, dsn, sqlstore.Options{}))
	store := openDSN(t, dsn, impatient)
	holder, err := postgrestest.Connect(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.ExecContext(t.Context(), `SELECT * FROM lifeguard_turn FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if tries, err := counted(t.Context(), store, team, "ci", nil); reason(err) != sqlstore.ReasonLocked || tries != 0 {
		t.Errorf("%d tries, %v; want that it is locked", tries, err)
	}
	if _, err := store.Team(t.Context(), team.ID); err != nil {
		t.Errorf("a read has to wait: %v", err)
	}
	// With a deadline of its own a write waits longer.
	written := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := counted(ctx, store, team, "ci", nil)
		written <- err
	}()
	select {
	case err := <-written:
		t.Fatalf("the write did not wait: %v", err)
	case <-time.After(10 * impatient.LockWait):
	}
	if err := errors.Join(holder.Rollback(), <-written); err != nil {
		t.Error(err)
	}
}

func TestPostgresReplicas(t *testing.T) {
	for what, options := range map[string]string{"": "", " with two connections each": "&pool_max_conns=2"} {
		t.Run("replicas"+what, func(t *testing.T) {
			stores, team, beside := replicas(t, 3, options)
			storetest.ConcurrentCreates(t, team, stores...)
			chainedIn(t, beside, 46)
			key := api.HashKey("ci")
			if _, err := counted(t.Context(), stores[0], team, "ci", nil); err != nil {
				t.Fatal(err)
			}
			if _, err := stores[1].IdentityByKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			err := stores[2].Write(t.Context(), func(tx server.Tx) (server.Event, error) {
				return server.Event{ID: "d"}, tx.DeleteServiceAccount(t.Context(), "ci", storetest.Epoch)
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stores[0].IdentityByKey(t.Context(), key); !errors.Is(err, server.ErrNotFound) {
				t.Errorf("a deleted key: %v, want ErrNotFound", err)
			}
		})
	}
}

// Replicas that record the uses of the same keys at once do not stand in each
// other's way, nor in that of changes to these keys.
func TestPostgresTouchesAtOnce(t *testing.T) {
	stores, team, beside := replicas(t, 2, "")
	const keys, rounds = 20, 10
	var uses []server.KeyUse
	for i := range keys {
		name := fmt.Sprintf("bot-%02d", i)
		if _, err := counted(t.Context(), stores[0], team, name, nil); err != nil {
			t.Fatal(err)
		}
		uses = append(uses, server.KeyUse{KeyID: name, IP: "192.0.2.1"})
	}
	var work sync.WaitGroup
	for i, store := range stores {
		work.Go(func() {
			for round := range rounds {
				mine := slices.Clone(uses)
				for j := range mine {
					mine[j].At = storetest.Epoch.Add(time.Duration(rounds*i+round+1) * time.Second)
				}
				if i == 1 {
					slices.Reverse(mine)
				}
				if err := store.Touch(t.Context(), mine); err != nil {
					t.Error(err)
				}
			}
		})
		work.Go(func() {
			for round := range rounds {
				name := fmt.Sprintf("new-%d-%02d", i, round)
				if _, err := counted(t.Context(), store, team, name, nil); err != nil {
					t.Error(err)
				}
				err := store.Write(t.Context(), func(tx server.Tx) (server.Event, error) {
					return server.Event{ID: name + "-d"}, tx.DeleteServiceAccount(t.Context(), fmt.Sprintf("bot-%02d", 2*round+i), storetest.Epoch)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	chainedIn(t, beside, 1+keys+4*rounds)
	var latest, deadlocks int64
	err := beside.QueryRowContext(t.Context(), `SELECT (SELECT min(last_used_at) FROM keys WHERE id LIKE 'bot-%'),
		(SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())`).Scan(&latest, &deadlocks)
	want := storetest.Epoch.Add(2 * rounds * time.Second).UnixMicro()
	if err != nil || latest != want || deadlocks != 0 {
		t.Errorf("the last use is kept as %d, want %d; %d deadlocks, %v", latest, want, deadlocks, err)
	}
}
