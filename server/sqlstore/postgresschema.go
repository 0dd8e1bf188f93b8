package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// preparePostgres makes the schema what this program needs, or says why not.
func preparePostgres(ctx context.Context, store *Store) error {
	deadline := time.Now().Add(store.lockWait)
	for attempt := 0; ; attempt++ {
		ready, err := inspectPostgres(ctx, store.readers)
		if ready || err != nil {
			return err
		}
		err = migratePostgres(ctx, store)
		// Of two that begin with an empty database one fails on what the other
		// has just made. What counts is what is there now.
		if err != nil && (!madeMeanwhile(err) || time.Now().After(deadline)) {
			return store.writer.failed(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// inspectPostgres reads what the database holds and changes nothing. It
// reports whether the schema is up to date.
func inspectPostgres(ctx context.Context, pool *statements) (ready bool, err error) {
	newest, err := pool.dialect.newestVersion()
	if err != nil {
		return false, err
	}
	var encoding, readOnly string
	var strangers, versioned int
	const look = `SELECT current_setting('server_encoding'), current_setting('transaction_read_only'),
		(SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename NOT IN (?, ?)),
		(SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = ?)`
	err = first(ctx, pool, look, []any{postgresVersions, postgresTurn, postgresVersions}, &encoding, &readOnly, &strangers, &versioned)
	var version int64
	if err == nil && versioned > 0 {
		err = first(ctx, pool, `SELECT coalesce(max(version_id), 0) FROM `+postgresVersions+` WHERE is_applied`, nil, &version)
	}
	switch {
	case err != nil:
		return false, err
	case encoding != "UTF8":
		return false, serverError(pool.place, ReasonEncoding, nil)
	case readOnly == "on":
		return false, serverError(pool.place, ReasonReadOnly, nil)
	case version == 0 && strangers > 0:
		return false, serverError(pool.place, ReasonNotDatabase, nil)
	case version > newest:
		return false, serverError(pool.place, ReasonNewer, fmt.Errorf("schema %d, and the newest known is %d", version, newest))
	}
	return version == newest, nil
}

// migratePostgres brings the schema up to date while it has the turn to write,
// which it holds on a connection of its own.
func migratePostgres(ctx context.Context, store *Store) error {
	// One at a time: several statements at once would be one transaction, which
	// not every engine allows for what makes tables.
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS ` + postgresTurn + ` (singleton BIGINT NOT NULL PRIMARY KEY CHECK (singleton = 1))`,
		`INSERT INTO ` + postgresTurn + ` (singleton) VALUES (1) ON CONFLICT (singleton) DO NOTHING`,
	} {
		if _, err := store.writer.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	turn, err := store.readers.db.BeginTx(ctx, store.dialect.writing)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Rollback() }() // it has changed nothing
	if _, err := turn.ExecContext(ctx, store.dialect.turn); err != nil {
		return err
	}
	return store.dialect.migrate(ctx, store.writer.db)
}

// madeMeanwhile reports that something is there already which was to be made,
// or another reason to look again.
func madeMeanwhile(err error) bool {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Code {
	case "23505", "42P06", "42P07", "42701", "42710": // unique violation; duplicate schema, table, column, object
		return true
	}
	return postgresAgain(err)
}
