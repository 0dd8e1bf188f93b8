package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

// creates are changes that make one service account each.
func creates(team api.Team, count int) []storetest.Change {
	var changes []storetest.Change
	for i := range count {
		changes = append(changes, func(ctx context.Context, tx server.Tx) (server.Event, error) {
			return insert(ctx, tx, team, i)
		})
	}
	return changes
}

// commits counts the transactions in SQLite's write-ahead log: the last frame
// of each names the size of the database (https://sqlite.org/fileformat2.html,
// section 4.1).
func commits(t *testing.T, path string) int {
	t.Helper()
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader = 32, 24
	frame := frameHeader + int(binary.BigEndian.Uint32(log[8:]))
	count := 0
	for log = log[header:]; len(log) >= frame; log = log[frame:] {
		if binary.BigEndian.Uint32(log[4:]) != 0 {
			count++
		}
	}
	return count
}

// What waits while a change is written is kept with it, by one commit.
func TestGroupCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	team, before := initialise(t, store), commits(t, path)
	db := storetest.Database{Store: store, Waiting: store.Waiting}
	if err := errors.Join(storetest.Together(t, db, creates(team, 20)...)...); err != nil {
		t.Fatal(err)
	}
	if made := commits(t, path) - before; made != 1 {
		t.Errorf("20 changes took %d commits", made)
	}
	chain(t, path, 21)
}

// One that finds the disk full leaves room for those before it, and what is
// answered is what is there.
func TestGroupOnFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = open(t, path, sqlstore.WithMaxPages(sqlstore.Options{}, 60))
	kept := 0
	for i, err := range storetest.Together(t, storetest.Database{Store: store, Waiting: store.Waiting}, creates(team, 200)...) {
		_, lookup := store.IdentityByKey(t.Context(), api.HashKey(fmt.Sprintf("bot-%06d", i)))
		switch {
		case err == nil && lookup == nil:
			kept++
		case err == nil || !errors.Is(lookup, server.ErrNotFound):
			t.Errorf("change %d: %v, and its key: %v", i, err, lookup)
		case reason(err) != sqlstore.ReasonFull:
			t.Errorf("change %d: %v, want that the disk is full", i, err)
		}
	}
	if kept == 0 || kept == 200 {
		t.Errorf("%d of 200 changes were kept", kept)
	}
	chain(t, path, kept+1)
}

func postgresGroup(t *testing.T) (db storetest.Database, team api.Team, beside *sql.DB) {
	t.Helper()
	dsn := postgrestest.New(t)
	store := openDSN(t, dsn, sqlstore.Options{})
	return storetest.Database{Store: store, Waiting: store.Waiting}, initialise(t, store), postgrestest.Connect(t, dsn)
}

func TestPostgresGroupCommit(t *testing.T) {
	db, team, beside := postgresGroup(t)
	executeIn(t, beside, `CREATE TABLE transactions (id BIGINT NOT NULL)`,
		`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO transactions VALUES (txid_current()); RETURN NULL; END $$`,
		`CREATE TRIGGER note AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION note()`)
	if err := errors.Join(storetest.Together(t, db, creates(team, 20)...)...); err != nil {
		t.Fatal(err)
	}
	var commits int
	err := beside.QueryRowContext(t.Context(), `SELECT count(DISTINCT id) FROM transactions`).Scan(&commits)
	if err != nil || commits != 1 {
		t.Errorf("20 changes took %d commits, %v", commits, err)
	}
	chainedIn(t, beside, 21)
}

// A statement that only reads is not guarded: when it fails, the transaction is
// over, and the others begin anew.
func TestPostgresGroupOutlivesFailedRead(t *testing.T) {
	db, team, beside := postgresGroup(t)
	changes := slices.Insert(creates(team, 4), 2, func(ctx context.Context, tx server.Tx) (server.Event, error) {
		_, err := tx.ServiceAccountByName(ctx, team.ID, "\x00") // which no text in PostgreSQL can hold
		return server.Event{}, err
	})
	errs := storetest.Together(t, db, changes...)
	if reason(errs[2]) != sqlstore.ReasonFailed {
		t.Errorf("a read that fails: %v", errs[2])
	}
	if err := errors.Join(errs[0], errs[1], errs[3], errs[4]); err != nil {
		t.Error(err)
	}
	chainedIn(t, beside, 5)
}

func TestPostgresTriesGroupAgain(t *testing.T) {
	db, team, beside := postgresGroup(t)
	atCommit(t, beside, `IF nextval('commits') < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF;`)
	if err := errors.Join(storetest.Together(t, db, creates(team, 5)...)...); err != nil {
		t.Error(err)
	}
	chainedIn(t, beside, 6)
}

// Nobody knows of any of them whether it was kept, and none is repeated. Only
// what was refused for another's sake is decided anew.
func TestPostgresGroupOfUncertainCommit(t *testing.T) {
	db, team, beside := postgresGroup(t)
	atCommit(t, beside, `IF nextval('commits') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;`)
	changes := creates(team, 3)
	careful := func(ctx context.Context, tx server.Tx) (server.Event, error) {
		if _, err := tx.ServiceAccountByName(ctx, team.ID, "bot-000001"); !errors.Is(err, server.ErrNotFound) {
			return server.Event{}, fmt.Errorf("the name is taken: %w", err)
		}
		return changes[1](ctx, tx)
	}
	errs := storetest.Together(t, db, changes[0], changes[1], careful, changes[2])
	for _, i := range []int{0, 1, 3} {
		if reason(errs[i]) != sqlstore.ReasonUncertain || !errors.Is(errs[i], server.ErrUncertain) {
			t.Errorf("change %d: %v, want that it is uncertain", i, errs[i])
		}
	}
	if errs[2] != nil {
		t.Errorf("the change whose name was free after all: %v", errs[2])
	}
	chainedIn(t, beside, 2)
}
