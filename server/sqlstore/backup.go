package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Backup copies a SQLite database into a new file while others go on using
// it. The copy is of one moment, whole, readable by its owner alone, and
// nothing but that one file. The database is not changed: its schema is not
// brought up to date either.
//
// A destination that exists is an error that is [fs.ErrExist], and stays as it
// is. After any other failure there is no destination.
func Backup(ctx context.Context, dsn, destination string) (err error) {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok || path == "" {
		return errors.New("only a database that is named as sqlite:PATH is a file to be copied: back a PostgreSQL database up with pg_dump")
	}
	if path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s to be copied: name another", path)
	} else if err != nil {
		return sqliteFailure(path, err)
	} else if !info.Mode().IsRegular() {
		return fileError(path, ReasonNotFile, nil)
	}
	options := Options{LockWait: DefaultLockWait}
	state, err := inspect(ctx, path, options)
	switch {
	case err != nil:
		return sqliteFailure(path, err)
	case state.foreign || state.version == 0:
		return fileError(path, ReasonNotDatabase, nil)
	}
	// Made whole under another name and then linked to its own: a link, unlike
	// a rename, fails when the name is taken. The name is absolute, as SQLite
	// would take one that begins with file: for a URI.
	if destination, err = filepath.Abs(destination); err != nil {
		return fmt.Errorf("find the place of the backup: %w", err)
	}
	if _, err := os.Lstat(destination); err == nil {
		return &fs.PathError{Op: "backup", Path: destination, Err: fs.ErrExist}
	}
	partial, err := os.CreateTemp(filepath.Dir(destination), ".lifeguard-backup-*") // mode 0600
	if err != nil {
		return fmt.Errorf("the backup cannot be written to %s: %w", destination, err)
	}
	defer func() {
		if removing := os.Remove(partial.Name()); err == nil {
			err = removing
		}
	}()
	err = vacuumInto(ctx, path, options, partial.Name())
	if err = errors.Join(err, partial.Sync(), partial.Close()); err != nil {
		return err
	}
	if err := os.Link(partial.Name(), destination); err != nil {
		return fmt.Errorf("the backup cannot be given its name: %w", err)
	}
	if err := syncFolder(filepath.Dir(destination)); err != nil {
		return errors.Join(err, os.Remove(destination))
	}
	return nil
}

// syncFolder makes the names in a folder outlast a power failure.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // where a folder cannot be flushed
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func vacuumInto(ctx context.Context, path string, options Options, copied string) error {
	db := connect(sqliteDSN(path, "deferred", busyTimeout(options)), 1)
	_, err := db.ExecContext(ctx, `VACUUM INTO ?`, copied)
	return sqliteFailure(path, errors.Join(err, db.Close()))
}
