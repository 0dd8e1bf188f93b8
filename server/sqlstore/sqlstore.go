// Package sqlstore keeps an organization in a SQL database: it implements
// [server.Store] over database/sql. The engine is SQLite, in one file, which
// several processes may use at once, or PostgreSQL, which servers on several
// machines may use at once. What they differ in is a dialect; everything else
// is written once.
//
// Names are ordered by their bytes, which for UTF-8 is the order of code
// points: A before a, a before ä. Times are kept as whole microseconds in UTC;
// what is finer is cut off.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lifeguard-keys/lifeguard/server"
)

// DefaultLockWait is how long a store waits for another process to let go of
// the database when neither [Options] nor the context says otherwise.
const DefaultLockWait = 5 * time.Second

// Options changes how a store is opened. The zero value is right for an
// organization's database.
type Options struct {
	// LockWait is how long to wait for another process that holds the
	// database, or for a write's turn; 0 means DefaultLockWait. A write whose
	// context has a deadline waits until that instead.
	LockWait time.Duration
	// Volatile gives up durability: commits are not forced to the disk, and a
	// crash of the machine may damage the database. It is for temporary
	// databases, whose content can be made again.
	Volatile bool

	maxPages int // limits the file's size, in pages; 0 does not
}

// Store is a [server.Store] in a SQL database.
type Store struct {
	place    string // names the database to a person
	dialect  *dialect
	lockWait time.Duration
	volatile bool // a temporary file, see setIndexesAside
	readers  *statements
	writer   *statements
	line     line
	access   access
	closed   sync.Once
	closeErr error
}

var _ server.Store = (*Store)(nil)

// Open opens the database that dsn names and brings its schema up to date.
//
// sqlite:PATH is a file, which is made when there is none; a relative path is
// relative to the working directory. postgres://USER@HOST:PORT/DATABASE is a
// database on a server, which must be there; the options of libpq may follow,
// such as ?sslmode=verify-full, and pool_max_conns, which is how many
// connections are opened at most (16). A password is better left to PGPASSWORD
// or to the file .pgpass than written into dsn.
//
// When the database cannot be used the error is a [*FileError] or a
// [*ServerError], which says in one sentence what is wrong and what to do, and
// never a password. Nothing that is already there is overwritten.
func Open(ctx context.Context, dsn string, options Options) (*Store, error) {
	if options.LockWait == 0 {
		options.LockWait = DefaultLockWait
	}
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, dsn, options)
	case !found || scheme != "sqlite":
		return nil, errors.New("a database is named as sqlite:PATH, such as sqlite:/var/lib/lifeguard/lifeguard.db, " +
			"or as postgres://USER@HOST/DATABASE")
	case rest == "":
		return nil, errors.New("the database has no path: name it as sqlite:PATH")
	}
	return openSQLite(ctx, rest, options)
}

// Close finishes what the store has in hand and closes the database. Further
// calls do nothing and return what the first one did.
func (s *Store) Close() error {
	s.closed.Do(func() {
		// The writer is last: its close folds the write-ahead log into the file.
		err := errors.Join(s.readers.close(), s.writer.close())
		if err != nil {
			s.closeErr = fmt.Errorf("close the database %s: %w", s.place, err)
		}
	})
	return s.closeErr
}
