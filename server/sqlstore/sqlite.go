package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// applicationID marks a SQLite file as this program's ("LFGD"). The first
	// migration writes it.
	applicationID = 0x4c464744

	// logLimit is how large the write-ahead log's file stays, in bytes, after
	// something large was written.
	logLimit = logPages * 4096

	// logPages is how many pages the log takes before it is folded into the
	// file, which forces both to the disk. Pages that change over and over are
	// then written there once: with 4,000 pages a create took a tenth longer.
	logPages = 16_000

	// Memory is bounded by these: each connection keeps at most its cache, in
	// KiB.
	readers       = 3
	readerCache   = 12 << 10
	writerCache   = 2 << 10
	volatileCache = 16 << 10 // of the writer of a volatile database, which is filled in bulk
)

// sqliteDialect: a transaction that writes begins as such (see writerDSN), so
// there is one at a time, and each sees what was committed before it.
var sqliteDialect = dialect{
	goose: goose.DialectSQLite3, migrations: "migrations/sqlite", versions: versionTable,
	bind:  func(query string) string { return query },
	keeps: true,
	// OR ROLLBACK spares SQLite the journal that it would need to undo one
	// statement: a failure undoes the transaction.
	insert: `INSERT OR ROLLBACK INTO `,
	failed: sqliteFailure,
	again:  busy, uncertain: never, lost: never,
}

// openSQLite looks before it touches: the first connection changes nothing,
// and only a database that is this program's, or empty, is opened for use.
func openSQLite(ctx context.Context, path string, options Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	if err := placeFile(path); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(options.LockWait)
	for {
		err = prepareSQLite(ctx, path, options)
		if !busy(err) || time.Now().After(deadline) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, sqliteFailure(path, err)
	}
	store := &Store{place: path, dialect: &sqliteDialect, lockWait: options.LockWait, volatile: options.Volatile}
	store.readers = newStatements(connect(readerDSN(path, options), readers), path, &sqliteDialect, sqliteDialect.reading)
	store.writer = newStatements(connect(writerDSN(path, options), 1), path, &sqliteDialect, sqliteDialect.writing)
	return store, nil
}

// prepareSQLite makes the schema what this program needs, or says why not.
func prepareSQLite(ctx context.Context, path string, options Options) error {
	state, err := inspect(ctx, path, options)
	if err != nil {
		return err
	}
	newest, err := sqliteDialect.newestVersion()
	switch {
	case err != nil:
		return err
	case state.foreign:
		return fileError(path, ReasonNotDatabase, nil)
	case state.version > newest:
		return fileError(path, ReasonNewer, fmt.Errorf("schema %d, and the newest known is %d", state.version, newest))
	case state.version == newest:
		return nil
	}
	db := connect(writerDSN(path, options), 1)
	err = sqliteDialect.migrate(ctx, db)
	if closing := db.Close(); err == nil {
		err = closing
	}
	if err == nil || busy(err) {
		return err
	}
	// Of two processes that migrate at once the second fails on what the first
	// has just made. What counts is what is there now: from there it goes on.
	again, looked := inspect(ctx, path, options)
	switch {
	case looked == nil && again.version > state.version:
		return prepareSQLite(ctx, path, options)
	case busy(looked):
		return looked
	}
	return err
}

// sqliteState is what a file holds before anything is done to it.
type sqliteState struct {
	foreign bool  // another program's tables
	version int64 // of the schema, 0 when there is none
}

// inspect reads what the file holds, through a connection that changes
// nothing, not even the journal mode.
func inspect(ctx context.Context, path string, options Options) (state sqliteState, err error) {
	db := connect(sqliteDSN(path, "immediate", busyTimeout(options)), 1)
	defer func() { err = errors.Join(err, db.Close()) }()

	var application, strangers, versioned int64
	const look = `SELECT (SELECT application_id FROM pragma_application_id),
		count(*) FILTER (WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND tbl_name <> ?),
		count(*) FILTER (WHERE name = ?)
		FROM sqlite_schema`
	if err := db.QueryRowContext(ctx, look, versionTable, versionTable).Scan(&application, &strangers, &versioned); err != nil {
		return state, err
	}
	if application != applicationID && (application != 0 || strangers > 0) {
		return sqliteState{foreign: true}, nil
	}
	if versioned > 0 {
		const latest = `SELECT coalesce(max(version_id), 0) FROM ` + versionTable + ` WHERE is_applied = 1`
		if err := db.QueryRowContext(ctx, latest).Scan(&state.version); err != nil {
			return state, err
		}
	}
	return state, writable(ctx, db)
}

// writable begins to write, and takes it back: a file that cannot be written is
// refused now and not at the first change. That another process is writing is
// no objection.
func writable(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `PRAGMA busy_timeout = 0`); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if busy(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// Beginning is not enough: a file that is read-only quietly begins to read.
	_, err = tx.ExecContext(ctx, `PRAGMA user_version = 0`)
	return errors.Join(err, tx.Rollback())
}

// placing holds back other stores of this process between making a file and
// closing it: closing it drops the locks that SQLite holds on the same file
// anywhere in the process.
var placing sync.Mutex

// placeFile makes the file and its folders, for this user only, when they are
// missing. A file that is there is not opened.
func placeFile(path string) error {
	placing.Lock()
	defer placing.Unlock()
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fileError(path, ReasonNotFile, nil)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return sqliteFailure(path, err)
	}
	switch err := os.MkdirAll(filepath.Dir(path), 0o700); {
	case errors.Is(err, fs.ErrPermission):
		return fileError(path, ReasonReadOnly, err)
	case err != nil:
		return sqliteFailure(path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist): // another process was first
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fileError(path, ReasonReadOnly, err)
	case err != nil:
		return sqliteFailure(path, err)
	}
	if err := file.Close(); err != nil {
		return sqliteFailure(path, err)
	}
	return nil
}

func connect(dsn string, connections int) *sql.DB {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		// Only an unknown driver name fails here, and the import above names it.
		panic(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

func readerDSN(path string, options Options) string {
	return sqliteDSN(path, "deferred", busyTimeout(options), cacheSize(readerCache), "query_only(1)")
}

func writerDSN(path string, options Options) string {
	synchronous, cache := "synchronous(FULL)", writerCache
	if options.Volatile {
		synchronous, cache = "synchronous(OFF)", volatileCache
	}
	pragmas := []string{
		busyTimeout(options), "journal_mode(WAL)", "journal_size_limit(" + strconv.Itoa(logLimit) + ")",
		"wal_autocheckpoint(" + strconv.Itoa(logPages) + ")",
		synchronous, "foreign_keys(1)", cacheSize(cache),
		// What undoes one change of several need not go through a file.
		"temp_store(MEMORY)",
	}
	if options.maxPages > 0 {
		pragmas = append(pragmas, "max_page_count("+strconv.Itoa(options.maxPages)+")")
	}
	return sqliteDSN(path, "immediate", pragmas...)
}

func busyTimeout(options Options) string {
	return "busy_timeout(" + strconv.FormatInt(options.LockWait.Milliseconds(), 10) + ")"
}

func cacheSize(kibibytes int) string { return "cache_size(-" + strconv.Itoa(kibibytes) + ")" }

// sqliteDSN names the file as a URI, which keeps every character of the path.
func sqliteDSN(path, transactions string, pragmas ...string) string {
	query := url.Values{"_txlock": {transactions}, "_pragma": pragmas, "_dqs": {"0"}, "_error_rc": {"1"}}
	path = filepath.ToSlash(path)
	if path[0] != '/' { // a drive letter
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String()
}
