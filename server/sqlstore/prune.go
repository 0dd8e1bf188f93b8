package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// errNothingOld rolls a transaction back that found nothing to prune.
var errNothingOld = errors.New("no audit event is old enough")

// PruneAuditEvents implements [server.AuditStore].
func (s *Store) PruneAuditEvents(
	ctx context.Context, before time.Time, limit int, made func(last api.Anchor, count int64) server.Event,
) (count int64, err error) {
	err = s.Write(ctx, func(change server.Tx) (server.Event, error) {
		t := change.(tx).transaction
		last, err := lastOld(ctx, t, before, limit)
		if err != nil {
			return server.Event{}, err
		}
		if count, err = t.exec(ctx, `DELETE FROM audit_events WHERE sequence <= ?`, last.Sequence); err != nil {
			return server.Event{}, err
		}
		return made(last, count), nil
	})
	if err != nil {
		count = 0
	}
	if errors.Is(err, errNothingOld) {
		err = nil
	}
	return count, err
}

// lastOld finds the last event that may go. The very last one never may: the
// next event follows its hash.
func lastOld(ctx context.Context, from querier, before time.Time, limit int) (api.Anchor, error) {
	// In the order of sequence, so that it ends at the first that is not old.
	var last api.Anchor
	err := from.query(ctx, func(rows *sql.Rows) error { return rows.Scan(&last.Sequence) },
		`SELECT coalesce(min(sequence) - 1, 0) FROM (
			SELECT sequence FROM audit_events WHERE time >= ? OR sequence = (SELECT max(sequence) FROM audit_events)
			ORDER BY sequence LIMIT 1) kept`, micros(before))
	if err != nil {
		return last, err
	}
	var hash []byte
	err = first(ctx, from, `SELECT sequence, hash FROM (
			SELECT sequence, hash FROM audit_events WHERE sequence <= ? ORDER BY sequence LIMIT ?) old
		ORDER BY sequence DESC LIMIT 1`, []any{last.Sequence, limit}, &last.Sequence, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return last, errNothingOld
	}
	if err == nil && copy(last.Hash[:], hash) != len(last.Hash) {
		err = fmt.Errorf("the audit event %d has no hash to go on from: verify the audit log", last.Sequence)
	}
	return last, err
}
