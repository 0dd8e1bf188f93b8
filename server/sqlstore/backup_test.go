package sqlstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
)

// A backup that is made while others write is whole: its chain of events ends
// somewhere, and fits up to there.
func TestBackupOfADatabaseInUse(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "keys.db"), filepath.Join(folder, "file:copy?.db")
	store := open(t, path, sqlstore.Options{})
	initialise(t, store)
	var writer sync.WaitGroup
	stop := make(chan struct{})
	writer.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := store.AppendEvents(t.Context(), []server.Event{{ID: "e", Action: "test"}, {ID: "f", Action: "test"}}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	err := sqlstore.Backup(t.Context(), "sqlite:"+path, copied)
	close(stop)
	writer.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(copied)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	restored := open(t, copied, sqlstore.Options{})
	if _, err := restored.Organization(t.Context()); err != nil {
		t.Error(err)
	}
	page, err := restored.AuditEvents(t.Context(), server.AuditQuery{Limit: 1_000_000})
	if err != nil || len(page.Events)%2 != 1 { // the first and then pairs
		t.Errorf("%d events, %v", len(page.Events), err)
	}
	var verifier api.ChainVerifier
	for _, event := range page.Events {
		if fault := verifier.Check(event); fault != "" {
			t.Fatal(fault)
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.db")
	initialise(t, open(t, path, sqlstore.Options{}))
	there := filepath.Join(folder, "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, "letter")
	if err := os.WriteFile(other, []byte("dear maintainers"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlstore.Backup(t.Context(), "sqlite:"+path, there); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	for _, dsn := range []string{"sqlite:" + other, "sqlite:" + filepath.Join(folder, "none"), "sqlite:" + folder, "sqlite:", "postgres://localhost/x", "keys.db"} {
		if err := sqlstore.Backup(t.Context(), dsn, filepath.Join(folder, "copy")); err == nil {
			t.Errorf("%s was copied", dsn)
		}
	}
	if err := sqlstore.Backup(t.Context(), "sqlite:"+path, filepath.Join(folder, "no", "folder")); err == nil {
		t.Error("it was copied into a folder that is not there")
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	hidden, err2 := filepath.Glob(filepath.Join(folder, ".*"))
	if err := errors.Join(err, err2); err != nil || len(hidden) > 0 {
		t.Errorf("left behind: %v, %v", hidden, err)
	}
	for _, file := range left {
		if filepath.Base(file) == "copy" || filepath.Base(file) == "none" {
			t.Errorf("%s was made", file)
		}
	}
}
