package sqlstore_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
)

// canary stands for a password that nobody may see.
const canary = "hunter2"

// The engines' migrations come in pairs.
func TestMigrationsArePaired(t *testing.T) {
	var names [2][]string
	for i, folder := range []string{"migrations/sqlite", "migrations/postgres"} {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names[i] = append(names[i], file.Name())
		}
	}
	if !slices.Equal(names[0], names[1]) {
		t.Errorf("SQLite has %v, PostgreSQL %v", names[0], names[1])
	}
}

func TestPostgresNames(t *testing.T) {
	for _, dsn := range []string{
		"postgres://ada:" + canary + "%zz@127.0.0.1/keys",
		"postgres://ada:" + canary + "@127.0.0.1:port/keys",
		"postgres://ada:" + canary + "@127.0.0.1/keys?sslmode=" + canary,
		"postgres://ada:" + canary + "@127.0.0.1/",
		"postgres://127.0.0.1/keys?pool_max_conns=1&password=" + canary,
		"postgresql://127.0.0.1/keys?pool_max_conns=" + canary,
		"postgres:" + canary,
	} {
		_, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
		if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v, want a sentence without the password", dsn, err)
		}
	}
}

func TestPostgresShown(t *testing.T) {
	for dsn, want := range map[string]string{
		"sqlite:keys.db": "sqlite:keys.db",
		"postgres://ada:" + canary + "@db.example.com:5433/keys?sslmode=verify-full": "postgres://ada@db.example.com:5433/keys?sslmode=verify-full",
		"postgres://db/keys?password=" + canary + "&sslpassword=" + canary:           "postgres://db/keys",
		"postgresql://ada:" + canary + "%zz@db/keys":                                 "postgresql:…",
		"mysql://ada:" + canary + "@db/keys":                                         "mysql:…",
		canary:                                                                       "…",
	} {
		if got := sqlstore.Shown(dsn); got != want {
			t.Errorf("%s is shown as %s, want %s", dsn, got, want)
		}
	}
}

func TestPostgresIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		options string // of CREATE DATABASE
		before  string // run in it
		dsn     func(dsn string) string
		want    sqlstore.Reason
	}{
		"another program's tables": {before: `CREATE TABLE invoices (id BIGINT)`, want: sqlstore.ReasonNotDatabase},
		"a newer version": {
			before: `CREATE TABLE lifeguard_schema (version_id BIGINT, is_applied BOOLEAN); INSERT INTO lifeguard_schema VALUES (9999, true)`,
			want:   sqlstore.ReasonNewer,
		},
		"an encoding of few letters": {options: `ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'`, want: sqlstore.ReasonEncoding},
		"read-only":                  {before: `ALTER DATABASE CURRENT SET default_transaction_read_only = on`, want: sqlstore.ReasonReadOnly},
		"a user without rights": {
			before: `CREATE ROLE guest LOGIN`, want: sqlstore.ReasonUnreadable,
			dsn: func(dsn string) string { return strings.Replace(dsn, "lifeguard@", "guest@", 1) },
		},
		"a user who is nobody": {
			dsn:  func(dsn string) string { return strings.Replace(dsn, "lifeguard@", "stranger:"+canary+"@", 1) },
			want: sqlstore.ReasonLogin,
		},
		"a database that is not there": {
			dsn:  func(dsn string) string { return strings.Replace(dsn, "@/test", "@/no_test", 1) },
			want: sqlstore.ReasonMissing,
		},
		"a server that is not there": {
			dsn:  func(string) string { return "postgres://ada:" + canary + "@127.0.0.1:1/keys?sslmode=disable" },
			want: sqlstore.ReasonUnreachable,
		},
		"a socket that is not there": {
			dsn:  func(string) string { return "postgres://ada:" + canary + "@/keys?host=/nonexistent" },
			want: sqlstore.ReasonUnreachable,
		},
	} {
		t.Run(what, func(t *testing.T) {
			if c.options == "" {
				c.options = "ENCODING 'UTF8'"
			}
			dsn := postgrestest.Make(t, c.options)
			if c.before != "" {
				before := strings.Replace(c.before, "CURRENT", dsn[strings.Index(dsn, "test_"):strings.Index(dsn, "?")], 1)
				for statement := range strings.SplitSeq(before, "; ") {
					if _, err := postgrestest.Connect(t, dsn).ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
			}
			if c.dsn != nil {
				dsn = c.dsn(dsn)
			}
			_, err := sqlstore.Open(t.Context(), dsn, impatient)
			var failure *sqlstore.ServerError
			if !errors.As(err, &failure) {
				t.Fatalf("%v is no ServerError", err)
			}
			if failure.Reason != c.want {
				t.Errorf("reason %d, want %d (%v)", failure.Reason, c.want, failure.Unwrap())
			}
			text := err.Error()
			if !strings.Contains(text, failure.Place) || !strings.Contains(text, ";") || strings.Contains(text, "\n") || strings.Contains(text, canary) {
				t.Errorf("%q is not one sentence that names %q, and no password", text, failure.Place)
			}
			t.Log(text)
		})
	}
}

// Replicas that start at once on an empty database agree on its schema.
func TestPostgresStoresOpenAFreshDatabase(t *testing.T) {
	dsn := postgrestest.New(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := store.Organization(t.Context()); !errors.Is(err, server.ErrNotInitialised) {
				t.Error(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	initialise(t, openDSN(t, dsn, sqlstore.Options{}))
}
