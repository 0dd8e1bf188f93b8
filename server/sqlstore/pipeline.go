package sqlstore

import (
	"context"
	"database/sql"
	"math/bits"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A database on a server costs a way there and back for each statement, and
// while one change waits for its statements all those behind it wait too. In a
// file each statement costs less, and still more than its row. So the rows that
// the changes of a group insert are written together, many a statement, before
// something else is asked for or when all is kept; and what changes are known to
// look up first is looked up before (see lookahead.go), so that nothing else is.
//
// A row that is refused, for a name that is taken, say, then fails the whole
// group, and its changes are run one by one. They look before they insert.

// session is a transaction of a database.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	StmtContext(ctx context.Context, statement *sql.Stmt) *sql.Stmt
	Commit() error
	Rollback() error
}

// remote is a session on a server, with its connection.
type remote struct {
	*sql.Tx
	conn *sql.Conn
}

func (r *remote) Commit() error {
	defer r.let()
	return r.Tx.Commit()
}

func (r *remote) Rollback() error {
	defer r.let()
	return r.Tx.Rollback()
}

// let gives the connection back, which may have ended.
func (r *remote) let() { _ = r.conn.Close() }

// send sends all statements at once and then reads what they answer. The error
// of one ends the transaction.
func (r *remote) send(ctx context.Context, statements *pgx.Batch) error {
	var failed error
	err := r.conn.Raw(func(connection any) error {
		failed = connection.(*stdlib.Conn).Conn().SendBatch(ctx, statements).Close()
		return nil // another error would have the connection closed within its transaction
	})
	if failed == nil {
		failed = err
	}
	return failed
}

// insertion is a row that waits to be inserted.
type insertion struct {
	table int // in inserts
	row   []any
}

// inserts are the tables whose rows may wait, in the order that foreign keys
// ask for.
var inserts = []bulkInsert{
	{`service_accounts (` + accountColumns + `)`, 8, ``},
	{`memberships (identity_id, team_id, identity_type, created_at)`, 4, ``},
	{`keys (` + accountKeyColumns + `)`, 8, ``},
	{`idempotent_creates (caller_id, idempotency_key, body_hash, account_id, created_at, replica, issued_at)`, 7,
		` ON CONFLICT (caller_id, idempotency_key) DO UPDATE SET
			body_hash = excluded.body_hash, account_id = excluded.account_id, created_at = excluded.created_at,
			replica = excluded.replica, issued_at = excluded.issued_at`},
	{`audit_events (` + eventColumns + `)`, 17, ``},
}

const (
	intoAccounts = iota
	intoMemberships
	intoKeys
	intoCreates
	intoEvents
)

// insert has rows wait until something else is asked for, or until the commit.
// When they are refused, that fails.
func (t *transaction) insert(ctx context.Context, rows ...insertion) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.later = append(t.later, rows...)
	return nil
}

// sync sends the rows that wait, so that what is asked for next sees them.
func (t *transaction) sync(ctx context.Context) error {
	if len(t.later) == 0 {
		return nil
	}
	before, own := t.later[:t.laterThen], t.later[t.laterThen:]
	t.later, t.laterThen = nil, 0
	if t.guarded == toGuard && len(own) > 0 {
		// Those of the changes before are not undone with it.
		if err := t.deliver(before, nil); err != nil {
			return err
		}
		if err := t.guardNow(ctx); err != nil {
			return err
		}
		before = nil
	}
	return t.deliver(slices.Concat(before, own), nil)
}

// deliver sends rows, and behind them what else the batch holds, in one way. To
// a file there is only one statement at a time, and no batch.
func (t *transaction) deliver(rows []insertion, behind *pgx.Batch) error {
	batch, texts := &pgx.Batch{}, boundInserts()
	if t.remote == nil {
		texts = insertStatements()
	}
	for table := range inserts {
		var args [][]any
		for _, r := range rows {
			if r.table == table {
				args = append(args, r.row)
			}
		}
		for len(args) > 0 {
			size := doublings(len(args))
			text, values := texts[table][size], slices.Concat(args[:1<<size]...)
			if t.remote != nil {
				batch.Queue(text, values...)
			} else if _, err := t.execute(text, values); err != nil {
				return err
			}
			args = args[1<<size:]
		}
	}
	if behind != nil {
		batch.QueuedQueries = append(batch.QueuedQueries, behind.QueuedQueries...)
	}
	if batch.Len() == 0 {
		return nil
	}
	return t.note(t.remote.send(t.ctx, batch))
}

// mostDoublings is how many rows one statement inserts at most, as a power of
// two. What is between is made of several, so that there are few to prepare.
const mostDoublings = 6

// doublings is how many of n the next statement takes, as a power of two.
func doublings(n int) int { return min(bits.Len(uint(n))-1, mostDoublings) } //nolint:gosec // n is positive

// insertStatements are the statements that insert 1, 2, 4 … rows into each of
// the tables.
var insertStatements = sync.OnceValue(func() [][]string { return insertTexts(func(query string) string { return query }) })

// boundInserts are the same as PostgreSQL takes them.
var boundInserts = sync.OnceValue(func() [][]string { return insertTexts(numbered) })

func insertTexts(bind func(string) string) [][]string {
	texts := make([][]string, len(inserts))
	for table, insert := range inserts {
		for doubling := range mostDoublings + 1 {
			texts[table] = append(texts[table], bind(insert.rows(`INSERT INTO `, 1<<doubling)))
		}
	}
	return texts
}
