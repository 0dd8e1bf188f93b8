package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// longestTurn is how long a transaction may keep others waiting whose server
// has gone silent.
const longestTurn = time.Minute

// transaction runs statements inside a transaction.
type transaction struct {
	// ctx is what statements run under. The contexts of those who ask for them
	// are looked at before: a statement that is broken off takes the whole
	// transaction with it, and not all in it may be theirs.
	ctx        context.Context
	end        func() // lets go of ctx; of transactions that write
	tx         session
	remote     *remote // the same, where it is far
	statements *statements

	failed error          // of the first statement that failed
	last   *link          // the end of the chain, once it was asked for
	events [][]any        // at that end, not written yet: see flush
	later  []insertion    // rows that wait, see sync
	absent map[place]bool // where there is no row, see lookAhead
	expiry int64          // creates before it are to be forgotten, once for all changes

	// access is what the store knows of teams. version is that of what is kept,
	// 0 until it was asked for; raised, that the transaction itself made another.
	access  *access
	version int64
	raised  bool

	// What undoes the last of several changes alone.
	guarded    guarding
	open       bool  // the savepoint of the one before is still there
	lastThen   *link // the end of the chain before it
	eventsThen int   // how many events were to be written before it
	laterThen  int   // how many rows were to be inserted before it
}

// lookup returns the statement of a query for this transaction, or nil when
// it will be prepared for the next one, or by the driver.
func (t *transaction) lookup(query string) *sql.Stmt {
	if !t.statements.dialect.keeps {
		return nil
	}
	t.statements.mu.Lock()
	defer t.statements.mu.Unlock()
	statement, ok := t.statements.prepared[query]
	if !ok {
		t.statements.wanted[query] = true
	}
	return statement
}

// note keeps what a statement's error means: a change of which a statement
// failed cannot be kept.
func (t *transaction) note(err error) error {
	err = t.statements.failed(err)
	if t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := t.sync(ctx); err != nil {
		return 0, err
	}
	if err := t.guardNow(ctx); err != nil {
		return 0, err
	}
	return t.execute(query, args)
}

func (t *transaction) execute(query string, args []any) (int64, error) {
	var result sql.Result
	var err error
	if statement := t.lookup(query); statement != nil {
		result, err = t.tx.StmtContext(t.ctx, statement).ExecContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	} else {
		result, err = t.tx.ExecContext(t.ctx, t.statements.dialect.bind(query), args...)
	}
	if err != nil {
		return 0, t.note(err)
	}
	return result.RowsAffected()
}

func (t *transaction) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.sync(ctx); err != nil {
		return err
	}
	var rows *sql.Rows
	var err error
	if statement := t.lookup(query); statement != nil {
		rows, err = t.tx.StmtContext(t.ctx, statement).QueryContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	} else {
		rows, err = t.tx.QueryContext(t.ctx, t.statements.dialect.bind(query), args...)
	}
	if err != nil {
		return t.note(err)
	}
	return t.note(each(rows, scan))
}

// run is query, for a text that is worth preparing unless it is varying.
func (t *transaction) run(ctx context.Context, varying bool, scan func(*sql.Rows) error, query string, args ...any) error {
	if !varying {
		return t.query(ctx, scan, query, args...)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.sync(ctx); err != nil {
		return err
	}
	rows, err := t.tx.QueryContext(t.ctx, t.statements.dialect.bind(query), args...)
	if err != nil {
		return t.note(err)
	}
	return t.note(each(rows, scan))
}

// begin begins a transaction that writes, with a turn (see dialect). From then
// on the end of ctx no longer ends it; t.end has to be called.
func (s *Store) begin(ctx context.Context, until time.Time, turn string) (*transaction, error) {
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	hold := context.AfterFunc(ctx, end)
	t, err := s.writer.begin(own)
	if err == nil {
		t.access = &s.access
		if err = t.take(own, until, turn); err != nil {
			err = t.undo(err)
		}
	}
	if !hold() { // ctx has ended
		if err == nil {
			_ = t.tx.Rollback()
		}
		err = ctx.Err()
	}
	if err != nil {
		end()
		return nil, err
	}
	if turn == "" {
		// Nobody is far away. A context that can end costs SQLite a goroutine
		// for each statement.
		t.ctx, t.end = context.WithoutCancel(own), end
		return t, nil
	}
	limit := time.AfterFunc(longestTurn, end)
	t.end = func() { limit.Stop(); end() }
	return t, nil
}

// take waits for the turn, at most until a moment.
func (t *transaction) take(ctx context.Context, until time.Time, turn string) error {
	if turn == "" {
		return nil
	}
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	t.ctx = waiting
	defer func() { t.ctx = ctx }()
	var singleton int
	err := first(waiting, t, turn, nil, &singleton)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return t.statements.dialect.late(t.statements.place, err)
	}
	return err
}

// undo rolls everything back, because of err.
func (t *transaction) undo(err error) error {
	// A context that ended, or a connection that is gone, has rolled back
	// already.
	undo := t.tx.Rollback()
	if undo != nil && !errors.Is(undo, sql.ErrTxDone) && !t.statements.dialect.lost(undo) {
		return errors.Join(err, undo)
	}
	return err
}

// commit keeps everything. When it fails and that is not uncertain, nothing
// was changed.
func (t *transaction) commit() (uncertain bool, err error) {
	err = t.tx.Commit()
	dialect, place := t.statements.dialect, t.statements.place
	if err != nil && dialect.uncertain(err) {
		return true, dialect.unsure(place, err)
	}
	return false, t.statements.failed(err)
}

// transactShared runs work in a transaction that writes what may be written
// at the same time as others of its kind.
func (s *Store) transactShared(ctx context.Context, work func(*transaction) error) error {
	if s.dialect.sharedTurn == "" {
		return s.transact(ctx, work)
	}
	until := s.until(ctx)
	return s.repeat(ctx, until, func() error {
		t, err := s.begin(ctx, until, s.dialect.sharedTurn)
		if err != nil {
			return err
		}
		defer t.end()
		defer func() { _ = t.tx.Rollback() }() // when work panics; else it is done
		if err := (&pending{ctx: ctx, work: work}).run(t); err != nil {
			return t.undo(err)
		}
		_, err = t.commit()
		return err
	})
}

// until is when a write no longer waits for its turn.
func (s *Store) until(ctx context.Context) time.Time {
	if until, limited := ctx.Deadline(); limited {
		return until
	}
	return time.Now().Add(s.lockWait)
}

// repeat calls attempt again when others were in the way or the connection was
// lost before the commit. A commit of which nobody knows whether it was kept is
// not repeated.
func (s *Store) repeat(ctx context.Context, until time.Time, attempt func() error) error {
	for count := 0; ; count++ {
		err := attempt()
		if !s.dialect.again(err) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		if s.dialect.turn != "" { // else beginning has waited
			if err := pause(ctx, count); err != nil {
				return err
			}
		}
	}
}
