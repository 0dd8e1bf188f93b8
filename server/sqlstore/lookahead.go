package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

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
type place struct {
	table         int // in inserts
	first, second string
}

func namePlace(teamID, name string) place    { return place{intoAccounts, teamID, name} }
func createPlace(callerID, key string) place { return place{intoCreates, callerID, key} }

// place is where the row will be, if others look there.
func (i insertion) place() place {
	switch i.table {
	case intoAccounts:
		return place{i.table, i.row[1].(string), i.row[2].(string)}
	case intoCreates:
		return place{i.table, i.row[0].(string), i.row[1].(string)}
	}
	return place{}
}

// lookAhead looks up what changes will ask for first, all of it together. It
// keeps only what is not there: that is what a create hopes for, and it stays
// true until the transaction itself inserts it.
func (s *Store) lookAhead(t *transaction, changes []*pending) error {
	wanted := wantedOf(t, changes)
	if len(wanted) == 0 {
		return nil
	}
	if t.absent == nil {
		t.absent = map[place]bool{}
	}
	var err error
	if t.remote != nil {
		err = t.note(t.remote.send(t.ctx, t.searches(wanted)))
	} else {
		err = t.search(wanted)
	}
	for _, row := range t.later { // which the database does not know yet
		delete(t.absent, row.place())
	}
	return err
}

// wantedOf returns where changes are known to look. Each is told of once a
// transaction.
func wantedOf(t *transaction, changes []*pending) (wanted []place) {
	for _, p := range changes {
		if p.ahead == t {
			continue
		}
		p.ahead = t
		lookups, _ := server.ExpectedOf(p.ctx)
		if lookups.Name != "" {
			wanted = append(wanted, namePlace(lookups.TeamID, lookups.Name))
		}
		if lookups.IdempotencyKey != "" {
			wanted = append(wanted, createPlace(lookups.CallerID, lookups.IdempotencyKey))
		}
	}
	return wanted
}

// search looks at places in a file, at many with one statement, and asks what
// every change asks for.
func (t *transaction) search(wanted []place) error {
	later := t.later
	t.later = nil // they need not be there for that
	defer func() { t.later = later }()
	if _, err := t.lastEvent(t.ctx); err != nil {
		return err
	}
	args := map[int][]any{}
	for _, at := range wanted {
		t.absent[at] = true
		args[at.table] = append(args[at.table], at.first, at.second)
	}
	for table, texts := range searchTexts() {
		for left := args[table]; len(left) > 0; {
			size := doublings(len(left) / 2)
			found := place{table: table}
			err := t.query(t.ctx, func(rows *sql.Rows) error {
				err := rows.Scan(&found.first, &found.second)
				delete(t.absent, found)
				return err
			}, texts[size], left[:2<<size]...)
			if err != nil {
				return err
			}
			left = left[2<<size:]
		}
	}
	return nil
}

// searchTexts are the queries that look at 1, 2, 4 … places in each table.
var searchTexts = sync.OnceValue(func() map[int][]string {
	texts := map[int][]string{}
	for table, from := range map[int]string{
		intoAccounts: `service_accounts f ON f.team_id = w.first AND f.name = w.second AND f.deleted_at IS NULL`,
		intoCreates:  `idempotent_creates f ON f.caller_id = w.first AND f.idempotency_key = w.second`,
	} {
		for doubling := range mostDoublings + 1 {
			texts[table] = append(texts[table], `WITH wanted (first, second) AS (VALUES (?, ?)`+
				strings.Repeat(`, (?, ?)`, 1<<doubling-1)+`) SELECT w.first, w.second FROM wanted w CROSS JOIN `+from)
		}
	}
	return texts
})

// searches are the queries for places, with what every change asks for.
func (t *transaction) searches(wanted []place) *pgx.Batch {
	batch, bind := &pgx.Batch{}, t.statements.dialect.bind
	for _, at := range wanted {
		text := bind(selectAccountName)
		if at.table == intoCreates {
			text = bind(selectCreate)
		}
		batch.Queue(text, at.first, at.second).Query(func(rows pgx.Rows) error {
			t.absent[at] = !rows.Next() && rows.Err() == nil
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
