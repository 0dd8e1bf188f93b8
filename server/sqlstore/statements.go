package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements is a pool of connections that keeps its prepared statements:
// parsing a query costs more than running a short one. Its errors say what is
// wrong with the database, see [FileError] and [ServerError].
type statements struct {
	db      *sql.DB
	place   string // names the database to a person
	dialect *dialect
	options *sql.TxOptions // of the transactions of begin

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
	wanted   map[string]bool // met inside a transaction, to be prepared before the next
}

func newStatements(db *sql.DB, place string, dialect *dialect, options *sql.TxOptions) *statements {
	return &statements{
		db: db, place: place, dialect: dialect, options: options,
		prepared: map[string]*sql.Stmt{}, wanted: map[string]bool{},
	}
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, statement := range s.prepared {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}

// prepare has a query's statement ready.
func (s *statements) prepare(ctx context.Context, query string) error {
	if !s.dialect.keeps {
		return nil
	}
	_, err := s.get(ctx, query) //nolint:sqlclosecheck // kept until the pool closes
	return err
}

// get returns the prepared statement of a query. Queries come from a fixed,
// small set: texts that vary with their arguments are not to be given here.
func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	statement, ok := s.prepared[query]
	s.mu.Unlock()
	if ok {
		return statement, nil
	}
	// Not under the lock: a transaction that holds the only connection needs
	// the lock to go on.
	statement, err := s.db.PrepareContext(ctx, s.dialect.bind(query))
	if err != nil {
		return nil, s.failed(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if earlier, ok := s.prepared[query]; ok {
		return earlier, statement.Close() //nolint:sqlclosecheck // another was kept, this one ends here
	}
	s.prepared[query] = statement
	return statement, nil
}

// failed says what an error of the driver means for the database.
func (s *statements) failed(err error) error { return s.dialect.failed(s.place, err) }

// query runs a query and calls scan for each row.
func (s *statements) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if !s.dialect.keeps {
		return s.run(ctx, true, scan, query, args...)
	}
	statement, err := s.get(ctx, query) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return s.failed(err)
	}
	return s.failed(each(rows, scan))
}

// lookUp is query for what takes microseconds and is asked for all the time.
// On a file it is not broken off when ctx ends: to be able to costs more than
// the lookup.
func (s *statements) lookUp(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.dialect.keeps {
		ctx = context.WithoutCancel(ctx)
	}
	return s.query(ctx, scan, query, args...)
}

// run is query, for a text that is worth preparing unless it is varying. When
// a server was started again, every connection of the pool is lost, and that
// shows one by one: the query then goes to the next.
func (s *statements) run(ctx context.Context, varying bool, scan func(*sql.Rows) error, query string, args ...any) error {
	if !varying {
		return s.query(ctx, scan, query, args...)
	}
	bound := s.dialect.bind(query)
	rows, err := s.db.QueryContext(ctx, bound, args...)
	for stale := 0; s.dialect.lost(err) && stale < connections; stale++ {
		rows, err = s.db.QueryContext(ctx, bound, args...)
	}
	if err != nil {
		return s.failed(err)
	}
	return s.failed(each(rows, scan))
}

// begin starts a transaction for which everything that earlier ones wanted is
// prepared: inside it, the one connection of a writer is taken.
func (s *statements) begin(ctx context.Context) (*transaction, error) {
	s.mu.Lock()
	var wanted map[string]bool
	if len(s.wanted) > 0 { // else the map stays the transactions' own
		wanted, s.wanted = s.wanted, map[string]bool{}
	}
	s.mu.Unlock()
	for query := range wanted {
		if err := s.prepare(ctx, query); err != nil {
			return nil, err
		}
	}
	t := &transaction{ctx: ctx, statements: s}
	err := s.open(ctx, t)
	for stale := 0; s.dialect.lost(err) && stale < connections; stale++ {
		err = s.open(ctx, t)
	}
	if err != nil {
		return nil, s.failed(err)
	}
	return t, nil
}

func (s *statements) open(ctx context.Context, t *transaction) error {
	if s.dialect.turn == "" {
		tx, err := s.db.BeginTx(ctx, s.options)
		t.tx = tx
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, s.options)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	t.remote = &remote{Tx: tx, conn: conn}
	t.tx = t.remote
	return nil
}

// each calls scan for each row and closes the rows.
func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	if err := rows.Err(); err != nil {
		return errors.Join(err, rows.Close())
	}
	return rows.Close()
}

// querier is what reads rows: a pool, or a transaction.
type querier interface {
	query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error
}

// first runs a query of one row and scans it into dest, or returns
// sql.ErrNoRows.
func first(ctx context.Context, from querier, query string, args []any, dest ...any) error {
	found := false
	err := from.query(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}
