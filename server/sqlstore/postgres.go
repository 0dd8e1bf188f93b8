package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// connections is how many connections a store opens at most, unless
	// pool_max_conns in its name says otherwise. PostgreSQL takes 100 of all
	// its clients together by default.
	connections = 16
	// fewestConnections: one to read and one to write.
	fewestConnections = 2
	// maxWriters is how many of them write. Writes take turns anyway; with more
	// than one the next is ready when the one before commits.
	maxWriters = 4

	// connectTimeout is how long to wait for a server that does not answer,
	// unless connect_timeout in the name says otherwise.
	connectTimeout = 5 * time.Second
	// idleTime is how long a connection stays open without use.
	idleTime = 5 * time.Minute
)

// postgresVersions is where the migrator keeps what it has applied, and
// postgresTurn is the table whose one row is locked by whoever writes. It is
// made before the first migration: migrations take turns as well.
const (
	postgresVersions = "lifeguard_schema"
	postgresTurn     = "lifeguard_turn"
)

// postgresDialect: the transactions that write take turns, on all replicas
// together. Each locks the row of lifeguard_turn first and holds it until it
// has committed. So the audit events, each of which is chained to the one
// before it, get their numbers without gaps and become visible in this order,
// and what a change has read stays true until it commits.
//
// The isolation is READ COMMITTED because there a statement after the lock sees
// what was committed before it was given. SERIALIZABLE would be right too, but
// all writes touch the end of the chain: all but one of those that run at once
// would be rolled back and tried again, over and over. Engines that know only
// SERIALIZABLE may do so nevertheless: what they refuse is tried again.
var postgresDialect = dialect{
	goose: goose.DialectPostgres, migrations: "migrations/postgres",
	versions: postgresVersions,
	bind:     numbered,
	keeps:    false, // pgx prepares and keeps the statements of each connection
	insert:   `INSERT INTO `,
	reading:  &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	writing:  &sql.TxOptions{Isolation: sql.LevelReadCommitted},
	turn:     `SELECT singleton FROM ` + postgresTurn + ` WHERE singleton = 1 FOR UPDATE`,
	// Uses of keys need not wait for one another, only for a change, which may
	// rely on a key being unused.
	sharedTurn: `SELECT singleton FROM ` + postgresTurn + ` WHERE singleton = 1 FOR SHARE`,
	failed:     postgresFailure,
	unsure:     because(ReasonUncertain),
	late:       because(ReasonLocked),
	again:      postgresAgain,
	uncertain:  postgresUncertain,
	lost:       postgresLost,
}

// numbered writes the first ? of a query as $1, the second as $2. There are
// no other question marks in this package's queries.
func numbered(query string) string {
	var text strings.Builder
	text.Grow(len(query) + strings.Count(query, "?"))
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		text.WriteString(before)
		if !found {
			return text.String()
		}
		text.WriteByte('$')
		text.WriteString(strconv.Itoa(n))
		query = after
	}
}

// postgresName is what a person is shown of a PostgreSQL database's name: the
// database and its host, and nothing that could be secret.
func postgresName(config *pgx.ConnConfig) string {
	host := config.Host
	if !strings.HasPrefix(host, "/") { // a folder with a socket
		host = net.JoinHostPort(host, strconv.Itoa(int(config.Port)))
	}
	return fmt.Sprintf("%s on %s", config.Database, host)
}

// postgresConfig reads the name of a database. Its errors tell nothing of it:
// what cannot be read may be a password.
func postgresConfig(dsn string, options Options) (config *pgx.ConnConfig, limit int, err error) {
	const form = "a PostgreSQL database is named as postgres://USER@HOST:PORT/DATABASE, with options such as ?sslmode=verify-full behind"
	parsed, err := url.Parse(dsn)
	if err != nil {
		return nil, 0, fmt.Errorf("the database's name is not a URL: %s; characters with a meaning in a URL are written as %%40 for @", form)
	}
	config, err = pgx.ParseConfig(dsn)
	if err != nil {
		return nil, 0, fmt.Errorf("the database's name has an option or a part that is wrong: %s", form)
	}
	if config.Database == "" || config.Host == "" {
		return nil, 0, fmt.Errorf("the database's name leaves out the host or the database: %s", form)
	}
	limit = connections
	const limitOption = "pool_max_conns"
	if text, given := config.RuntimeParams[limitOption]; given {
		delete(config.RuntimeParams, limitOption)
		if limit, err = strconv.Atoi(text); err != nil || limit < fewestConnections {
			return nil, 0, fmt.Errorf("the option %s must be a number from %d", limitOption, fewestConnections)
		}
	}
	if !parsed.Query().Has("connect_timeout") {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "lifeguard"
	}
	if options.Volatile {
		config.RuntimeParams["synchronous_commit"] = "off"
	}
	return config, limit, nil
}

func openPostgres(ctx context.Context, dsn string, options Options) (*Store, error) {
	config, limit, err := postgresConfig(dsn, options)
	if err != nil {
		return nil, err
	}
	writers := min(maxWriters, limit/fewestConnections)
	place := postgresName(config)
	pool := func(size int) *sql.DB {
		db := stdlib.OpenDB(*config)
		db.SetMaxOpenConns(size)
		db.SetMaxIdleConns(size)
		db.SetConnMaxIdleTime(idleTime)
		return db
	}
	store := &Store{place: place, dialect: &postgresDialect, lockWait: options.LockWait}
	store.readers = newStatements(pool(limit-writers), place, &postgresDialect, postgresDialect.reading)
	store.writer = newStatements(pool(writers), place, &postgresDialect, postgresDialect.writing)
	if err := preparePostgres(ctx, store); err != nil {
		_ = store.Close() // what matters is why it cannot be used
		return nil, err
	}
	return store, nil
}
