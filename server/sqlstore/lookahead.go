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
// first, in one way to the server and back. It keeps only what is not there:
// that is what a create hopes for, and it stays true until the transaction
// itself inserts it.
func (s *Store) lookAhead(t *transaction, p *pending) error {
	if t.remote == nil || p.ahead == t {
		return nil
	}
	wanted := &pgx.Batch{}
	bind := s.dialect.bind
	for _, lookups := range s.line.expecting(t, p) {
		if lookups.Name != "" {
			t.seek(wanted, namePlace(lookups.TeamID, lookups.Name), bind(selectAccountName))
		}
		if lookups.IdempotencyKey != "" {
			t.seek(wanted, createPlace(lookups.CallerID, lookups.IdempotencyKey), bind(selectCreate))
		}
	}
	if wanted.Len() == 0 {
		return nil
	}
	if t.version == 0 {
		wanted.Queue(selectVersion).QueryRow(func(row pgx.Row) error { return row.Scan(&t.version) })
	}
	if t.last == nil {
		var last link
		var hash []byte
		wanted.Queue(selectLastEvent).QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&last.sequence, &hash); err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			copy(last.hash[:], hash)
			t.last = &last
			return nil
		})
	}
	rows := t.later
	t.later, t.laterThen = nil, 0
	return t.deliver(rows, wanted)
}

// seek has it noted when there is no row at a place.
func (t *transaction) seek(in *pgx.Batch, at place, query string) {
	in.Queue(query, at.first, at.second).Query(func(rows pgx.Rows) error {
		if !rows.Next() && rows.Err() == nil {
			if t.absent == nil {
				t.absent = map[place]bool{}
			}
			t.absent[at] = true
		}
		return rows.Err()
	})
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
