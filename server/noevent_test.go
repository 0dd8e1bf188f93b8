package server_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// database is a database beside the store that uses it.
type database struct {
	*sql.DB
	t              testing.TB
	tables         string // a query for their names
	refuse, accept []string
}

func beside(t testing.TB, dsn string) database {
	t.Helper()
	db := database{
		t:      t,
		tables: `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`,
		refuse: []string{
			`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
			`CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()`,
		},
		accept: []string{`DROP TRIGGER refuse ON audit_events`},
	}
	driver, name := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
		db.tables = `SELECT name FROM sqlite_schema WHERE type = 'table'`
		db.refuse = []string{`CREATE TRIGGER refuse BEFORE INSERT ON audit_events BEGIN SELECT raise(ABORT, 'refused'); END`}
		db.accept = []string{`DROP TRIGGER refuse`}
	}
	var err error
	if db.DB, err = sql.Open(driver, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (db database) run(statements []string) {
	db.t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(db.t.Context(), statement); err != nil {
			db.t.Fatal(err)
		}
	}
}

// refuseEvents has the database refuse every audit event until acceptEvents.
func (db database) refuseEvents() { db.run(db.refuse) }
func (db database) acceptEvents() { db.run(db.accept) }

// dump is every row of every table. When keys were last used is left out: that
// somebody tried is true whatever became of it.
func (db database) dump() map[string][]string {
	db.t.Helper()
	dumped := map[string][]string{}
	for _, table := range db.texts(db.tables) {
		dumped[table] = db.texts(`SELECT * FROM ` + table)
	}
	return dumped
}

// texts are the rows of a query, in one order.
func (db database) texts(query string) (texts []string) {
	db.t.Helper()
	rows, err := db.QueryContext(db.t.Context(), query)
	if err != nil {
		db.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		db.t.Fatal(err)
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			db.t.Fatal(err)
		}
		var row []string
		for i, value := range values {
			if !strings.HasPrefix(columns[i], "last_used_") {
				row = append(row, fmt.Sprint(value))
			}
		}
		texts = append(texts, strings.Join(row, " | "))
	}
	if err := rows.Err(); err != nil {
		db.t.Fatal(err)
	}
	slices.Sort(texts)
	return texts
}

// onBothEngines runs a test with an empty database on each.
func onBothEngines(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newFile(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.New(t)) })
}

// changesNothing are the operations that are no reads by their method, and
// yet change nothing, so that they need no event.
var changesNothing = map[string]bool{"introspect": true}

// No mutation without its event: when the database does not take the event,
// every operation of the document that changes something is refused with 503,
// and no row of any table is another. A new operation is found here by itself.
func TestWithoutItsEventNoOperationChangesAnything(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		f := newFixtureOn(t, dsn)
		db := beside(t, dsn)
		mutations := f.documented(func(method, _ string, o openAPIOperation) bool {
			return method != http.MethodGet && method != http.MethodHead && !changesNothing[o.OperationID]
		})
		if len(mutations) < 14 {
			t.Fatalf("only %d operations change something: %v", len(mutations), mutations)
		}
		for _, operation := range mutations {
			row, ok := access[operation.id]
			if !ok {
				t.Errorf("the operation %q has no row in the table access", operation.id)
				continue
			}
			method, path, body := row.request(f)
			idempotencyKey := newID()
			before := db.dump()
			db.refuseEvents()
			problem := f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("admin", method, path, body, api.HeaderIdempotencyKey, idempotencyKey))
			if !strings.Contains(problem.Detail, "nothing was changed") {
				t.Errorf("%s: %s", operation.id, problem.Detail)
			}
			if diff := cmp.Diff(before, db.dump()); diff != "" {
				t.Errorf("%s was refused and changed (-before +after):\n%s", operation.id, diff)
			}
			db.acceptEvents()
			// The same request is carried out, so it was not refused for another
			// reason, and its event is there.
			if answer := f.do("admin", method, path, body, api.HeaderIdempotencyKey, idempotencyKey); answer.Code >= http.StatusMultipleChoices {
				t.Errorf("%s with its event: %d %s", operation.id, answer.Code, answer.Body)
			}
			after := db.dump()
			if len(after["audit_events"]) != len(before["audit_events"])+1 {
				t.Errorf("%s: %d events were written, want 1", operation.id, len(after["audit_events"])-len(before["audit_events"]))
			}
			delete(before, "audit_events")
			delete(after, "audit_events")
			if cmp.Equal(before, after) {
				t.Errorf("%s changed nothing with its event", operation.id)
			}
		}
	})
}

// What changes something without an operation of its own.
func TestWithoutItsEventNothingElseChangesAnything(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{Volatile: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		db := beside(t, dsn)
		clock := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
		initialise := func() error {
			_, err := server.Initialise(t.Context(), store, server.InitialiseOptions{Organization: "Acme", AdminEmail: "ada@example.com", Clock: clock.Now})
			return err
		}
		restore := func() error {
			_, err := server.RestoreDeveloperKey(t.Context(), store, server.RestoreOptions{Email: "ada@example.com", Clock: clock.Now})
			return err
		}
		prune := func() error {
			clock.advance(server.AuditRetention + time.Hour)
			_, err := server.New(server.Options{Store: store, Clock: clock.Now}).PruneAudit(t.Context(), server.AuditRetention)
			return err
		}
		for _, change := range []struct {
			name string
			run  func() error
		}{{"initialise", initialise}, {"restore a key", restore}, {"prune", prune}} {
			before := db.dump()
			db.refuseEvents()
			if err := change.run(); err == nil {
				t.Errorf("%s without an event succeeded", change.name)
			}
			if diff := cmp.Diff(before, db.dump()); diff != "" {
				t.Errorf("%s failed and changed (-before +after):\n%s", change.name, diff)
			}
			db.acceptEvents()
			if err := change.run(); err != nil {
				t.Errorf("%s with its event: %v", change.name, err)
			}
			if cmp.Equal(before, db.dump()) {
				t.Errorf("%s changed nothing", change.name)
			}
		}
	})
}

// The first request of a user makes them active, which is a change too.
func TestWithoutItsEventNobodyBecomesActive(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		f := newFixtureOn(t, dsn)
		db := beside(t, dsn)
		f.giveKey(f.newUser("bob@example.com"), "bob")
		before := db.dump()
		db.refuseEvents()
		f.refused(http.StatusServiceUnavailable, api.CodeUnavailable, f.do("bob", http.MethodGet, api.PathMe, ""))
		f.must(http.StatusForbidden, f.do("bob", http.MethodGet, api.PathAuth, ""))
		if diff := cmp.Diff(before, db.dump()); diff != "" {
			t.Errorf("changed (-before +after):\n%s", diff)
		}
		db.acceptEvents()
		f.must(http.StatusOK, f.do("bob", http.MethodGet, api.PathAuth, ""))
	})
}
