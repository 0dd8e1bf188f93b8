package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/lifeguard-keys/lifeguard/server"
)

const (
	selectVersion     = `SELECT version FROM access_version WHERE singleton = 1`
	selectLastEvent   = `SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1`
	selectAccountName = `SELECT id FROM service_accounts WHERE team_id = ? AND name = ? AND deleted_at IS NULL`
	selectCreate      = `SELECT body_hash, account_id, created_at, replica, issued_at FROM idempotent_creates
		WHERE caller_id = ? AND idempotency_key = ?`
)

// place is where a row may be that is found by two texts.
type place struct{ table, first, second string }

func namePlace(teamID, name string) place { return place{"service_accounts", teamID, name} }
func createPlace(callerID, key string) place {
	return place{"idempotent_creates", callerID, key}
}

// lookAhead looks up what a change, and those that wait behind it, will ask for
// first: on a server in one way there and back. It keeps only what is not there:
// that is what a create hopes for, and it stays true until the transaction
// itself inserts it.
func (s *Store) lookAhead(t *transaction, p *pending) error {
	if p.ahead == t {
		return nil
	}
	var wanted []search
	for _, lookups := range s.line.expecting(t, p) {
		if lookups.Name != "" {
			wanted = append(wanted, search{namePlace(lookups.TeamID, lookups.Name), selectAccountName})
		}
		if lookups.IdempotencyKey != "" {
			wanted = append(wanted, search{createPlace(lookups.CallerID, lookups.IdempotencyKey), selectCreate})
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if t.absent == nil {
		t.absent = map[place]bool{}
	}
	rows := t.later
	t.later, t.laterThen = nil, 0
	if t.remote != nil {
		return t.deliver(rows, t.searches(wanted))
	}
	if err := t.deliver(rows, nil); err != nil {
		return err
	}
	for _, w := range wanted {
		found := false
		err := t.query(t.ctx, func(*sql.Rows) error {
			found = true
			return nil
		}, w.query, w.at.first, w.at.second)
		if err != nil {
			return err
		}
		t.absent[w.at] = !found
	}
	return nil
}

// search is a query for what may be at a place.
type search struct {
	at    place
	query string
}

// searches are the queries together, with what every change asks for.
func (t *transaction) searches(wanted []search) *pgx.Batch {
	batch, bind := &pgx.Batch{}, t.statements.dialect.bind
	for _, w := range wanted {
		batch.Queue(bind(w.query), w.at.first, w.at.second).Query(func(rows pgx.Rows) error {
			t.absent[w.at] = !rows.Next() && rows.Err() == nil
			return rows.Err()
		})
	}
	if t.version == 0 {
		batch.Queue(selectVersion).QueryRow(func(row pgx.Row) error { return row.Scan(&t.version) })
	}
	if t.last == nil {
		batch.Queue(selectLastEvent).QueryRow(func(row pgx.Row) error {
			var last link
			var hash []byte
			if err := row.Scan(&last.sequence, &hash); err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			copy(last.hash[:], hash)
			t.last = &last
			return nil
		})
	}
	return batch
}

// sought is first, which spares the way for what is known not to be there.
func (t *transaction) sought(ctx context.Context, at place, query string, dest ...any) error {
	if t.absent[at] {
		if err := ctx.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	return first(ctx, t, query, []any{at.first, at.second}, dest...)
}

// expecting returns what changes are known to look up: p and those that wait and
// may be taken along. For each it is told once a transaction.
func (l *line) expecting(t *transaction, p *pending) []server.Lookups {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []server.Lookups
	for _, p := range append([]*pending{p}, l.waiting[:min(len(l.waiting), maxGroup)]...) {
		if p.ahead == t {
			continue
		}
		p.ahead = t
		if lookups, known := server.ExpectedOf(p.ctx); known {
			all = append(all, lookups)
		}
	}
	return all
}
