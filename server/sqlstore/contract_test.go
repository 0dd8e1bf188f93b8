package sqlstore_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		path := filepath.Join(t.TempDir(), "organization.db")
		store := open(t, path, sqlstore.Options{})
		return storetest.Database{
			Store:   store,
			Waiting: store.Waiting,
			Events:  func(t *testing.T) []storetest.Recorded { return events(t, path) },
			RefuseEvents: func(t *testing.T) {
				execute(t, path, `CREATE TRIGGER refuse BEFORE INSERT ON audit_events BEGIN SELECT raise(ABORT, 'refused'); END`)
			},
		}
	})
}

// open opens a store that is closed with the test.
func open(t *testing.T, path string, options sqlstore.Options) *sqlstore.Store {
	t.Helper()
	return openDSN(t, "sqlite:"+path, options)
}

func openDSN(t *testing.T, dsn string, options sqlstore.Options) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// raw opens the file beside the store.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := raw(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func events(t *testing.T, path string) []storetest.Recorded {
	t.Helper()
	return eventsOf(t, raw(t, path))
}

func eventsOf(t *testing.T, db *sql.DB) []storetest.Recorded {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT sequence, id, time, actor_type, actor_id, actor_name, action,
		resource_type, resource_id, resource_name, outcome, request_id, ip, user_agent, via, metadata, hash
		FROM audit_events ORDER BY sequence`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []storetest.Recorded
	for rows.Next() {
		var recorded storetest.Recorded
		var at int64
		var metadata, hash []byte
		e := &recorded.Event
		err := rows.Scan(&recorded.Sequence, &e.ID, &at, &e.Actor.Type, &e.Actor.ID, &e.Actor.Name, &e.Action,
			&e.ResourceType, &e.ResourceID, &e.ResourceName, &e.Outcome, &e.RequestID, &e.IP, &e.UserAgent, &e.Via, &metadata, &hash)
		if err != nil {
			t.Fatal(err)
		}
		e.Time = time.UnixMicro(at).UTC()
		if err := json.Unmarshal(metadata, &e.Metadata); err != nil {
			t.Fatal(err)
		}
		copy(recorded.Hash[:], hash)
		all = append(all, recorded)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// initialise makes an organization with a team, and returns that.
func initialise(t *testing.T, store server.Store) api.Team {
	t.Helper()
	made, err := server.Initialise(t.Context(), store, server.InitialiseOptions{Organization: "Acme", AdminEmail: "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Administrators
}
