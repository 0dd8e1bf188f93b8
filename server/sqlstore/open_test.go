package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// impatient does not wait for others.
var impatient = sqlstore.Options{LockWait: 10 * time.Millisecond}

func TestOpenMakesPrivateFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(folder, "organization.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	for name, want := range map[string]os.FileMode{
		filepath.Dir(folder): 0o700, folder: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
	} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", filepath.Base(name), info.Mode().Perm(), err, want)
		}
	}
}

func TestOpenAgain(t *testing.T) {
	// A path may hold what means something in a URI.
	path := filepath.Join(t.TempDir(), "what? 100%41 #1 &mode=ro;ü", "organization.db")
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	if err := errors.Join(store.Close(), store.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again := open(t, path, sqlstore.Options{})
		if got, err := again.Team(t.Context(), team.ID); err != nil || got.Name != team.Name {
			t.Errorf("%+v, %v", got, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOpenRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "organization.db", sqlstore.Options{})
	if _, err := os.Stat("organization.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenNames(t *testing.T) {
	for _, dsn := range []string{"", "sqlite", "sqlite:", "/var/lib/x.db", "mysql:x", "postgres", "Postgres://host/db"} {
		if _, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{}); err == nil || !strings.Contains(err.Error(), "sqlite:PATH") {
			t.Errorf("%q: %v, want an error that says how a database is named", dsn, err)
		}
	}
}

// refused checks that opening path fails for a reason, in one sentence that
// names the file, and that what is there stays as it is.
func refused(t *testing.T, path string, options sqlstore.Options, want sqlstore.Reason) {
	t.Helper()
	before, readable := os.ReadFile(path)
	store, err := sqlstore.Open(t.Context(), "sqlite:"+path, options)
	if err == nil {
		t.Fatalf("%s was opened: %v", path, store.Close())
	}
	var failure *sqlstore.FileError
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no FileError", err)
	}
	if failure.Reason != want || failure.Path != path {
		t.Errorf("reason %d for %s, want %d for %s: %v (%v)", failure.Reason, failure.Path, want, path, err, failure.Unwrap())
	}
	if text := err.Error(); !strings.Contains(text, path) || strings.Contains(text, "\n") || !strings.Contains(text, ";") {
		t.Errorf("%q does not name the file and say what to do", text)
	}
	if after, err := os.ReadFile(path); (err == nil) != (readable == nil) || !bytes.Equal(before, after) {
		t.Errorf("the file was changed from %d to %d bytes (%v, %v)", len(before), len(after), readable, err)
	}
}

func TestOpenOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for what, content := range map[string]string{
		"a short text": "hello\n", "a long text": strings.Repeat("not a database\n", 1000),
		"zeros": strings.Repeat("\x00", 4096), "half a header": "SQLite format 3\x00",
	} {
		t.Run(what, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, path, impatient, sqlstore.ReasonNotDatabase)
		})
	}
}

func TestOpenAnEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	initialise(t, open(t, path, sqlstore.Options{}))
}

func TestOpenAnotherProgramsDatabase(t *testing.T) {
	for what, statement := range map[string]string{
		"tables": `CREATE TABLE cookies (name TEXT)`, "application id": `PRAGMA application_id = 7; CREATE TABLE cookies (name TEXT)`,
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cookies.db")
			execute(t, path, statement)
			refused(t, path, impatient, sqlstore.ReasonNotDatabase)
		})
	}
}

func TestOpenADamagedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(content[100:], bytes.Repeat([]byte{0xff}, 8000)) // the schema's own table
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, path, impatient, sqlstore.ReasonDamaged)
}

func TestOpenANewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	refused(t, path, impatient, sqlstore.ReasonNewer)
}

func TestOpenAFolder(t *testing.T) {
	refused(t, t.TempDir(), impatient, sqlstore.ReasonNotFile)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, filepath.Join(file, "organization.db"), impatient, sqlstore.ReasonNotFile)
}

func TestOpenALockedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`PRAGMA locking_mode = EXCLUSIVE`, `BEGIN EXCLUSIVE`} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	_, err = sqlstore.Open(t.Context(), "sqlite:"+path, impatient)
	var failure *sqlstore.FileError
	if !errors.As(err, &failure) || failure.Reason != sqlstore.ReasonLocked {
		t.Errorf("%v, want that it is locked", err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenWhileAnotherWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	err := store.Write(t.Context(), func(server.Tx) (server.Event, error) {
		other := open(t, path, impatient)
		if _, err := other.Organization(t.Context()); err != nil {
			t.Error(err)
		}
		err := other.Write(t.Context(), func(server.Tx) (server.Event, error) { return server.Event{ID: "other"}, nil })
		var failure *sqlstore.FileError
		if !errors.As(err, &failure) || failure.Reason != sqlstore.ReasonLocked {
			t.Errorf("two writers at once: %v, want that it is locked", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := other.Touch(ctx, []server.KeyUse{{KeyID: "k"}}); !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &failure) {
			t.Errorf("a write that has no more time: %v", err)
		}
		return server.Event{ID: "first"}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWriteWaitsAsLongAsItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	other := open(t, path, impatient)
	written := make(chan error, 1)
	err := store.Write(t.Context(), func(server.Tx) (server.Event, error) {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			written <- other.Write(ctx, func(server.Tx) (server.Event, error) { return server.Event{ID: "second"}, nil })
		}()
		// Much longer than the other store would wait without a deadline.
		select {
		case err := <-written:
			t.Errorf("the other store did not wait: %v", err)
			written <- nil
		case <-time.After(10 * impatient.LockWait):
		}
		return server.Event{ID: "first"}, nil
	})
	if err := errors.Join(err, <-written); err != nil {
		t.Error(err)
	}
	chain(t, path, 3)
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.db")
	refusedFull := func(err error) {
		t.Helper()
		var failure *sqlstore.FileError
		if !errors.As(err, &failure) || failure.Reason != sqlstore.ReasonFull || !strings.Contains(err.Error(), path) {
			t.Fatalf("%v, want that the disk is full", err)
		}
	}
	_, err := sqlstore.Open(t.Context(), "sqlite:"+path, sqlstore.WithMaxPages(impatient, 4))
	refusedFull(err)
	// What could not be made whole is made whole when there is room.
	store := open(t, path, sqlstore.Options{})
	team := initialise(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = open(t, path, sqlstore.WithMaxPages(sqlstore.Options{}, 60))
	before := fill(t, store, team, refusedFull)
	chain(t, path, before+1)
}

// fill creates service accounts until the store refuses one, and returns how
// many it took.
func fill(t *testing.T, store server.Store, team api.Team, refused func(error)) int {
	t.Helper()
	for i := range 10_000 {
		if err := create(t.Context(), store, team, i); err != nil {
			refused(err)
			page, err := store.ServiceAccounts(t.Context(), server.ServiceAccountQuery{PageQuery: server.PageQuery{Limit: 1, Total: true}})
			if err != nil || page.Total != i {
				t.Errorf("%d service accounts are there, %v; want %d", page.Total, err, i)
			}
			return i
		}
	}
	t.Fatal("a full disk took 10,000 service accounts")
	return 0
}

func create(ctx context.Context, store server.Store, team api.Team, i int) error {
	return store.Write(ctx, func(tx server.Tx) (server.Event, error) { return insert(ctx, tx, team, i) })
}

// insert makes the account with a number.
func insert(ctx context.Context, tx server.Tx, team api.Team, i int) (server.Event, error) {
	name := fmt.Sprintf("bot-%06d", i)
	at := time.Date(2030, 1, 1, 0, 0, i, 0, time.UTC)
	return server.Event{ID: name, Time: at, Action: server.ActionServiceAccountCreate, ResourceID: name, Metadata: map[string]string{"n": name}},
		tx.InsertServiceAccount(ctx, api.ServiceAccount{
			ID: name, Name: name, Team: api.Ref{ID: team.ID}, CreatedAt: at, CreatedBy: api.Actor{Type: api.IdentityUser, ID: "ada"},
		}, server.KeyRecord{ID: name, Hash: api.HashKey(name), Hint: "ps-0000…0000", CreatedAt: at})
}
