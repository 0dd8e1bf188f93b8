package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/server"
)

// Write implements [server.Store]. Writes of one store happen one after the
// other; while another process writes, a write waits as long as its context
// allows, or [Options.LockWait] when that has no deadline.
func (s *Store) Write(ctx context.Context, change func(tx server.Tx) (server.Event, error)) error {
	return s.transact(ctx, func(t *transaction) error {
		event, err := change(tx{t})
		if err != nil {
			return err
		}
		last, err := lastEvent(ctx, t)
		if err != nil {
			return err
		}
		return appendEvent(ctx, t, last.next(event))
	})
}

// Touch implements [server.Store].
func (s *Store) Touch(ctx context.Context, uses []server.KeyUse) error {
	if len(uses) == 0 {
		return nil
	}
	const record = `UPDATE keys SET last_used_at = ?, last_used_ip = ?
		WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`
	return s.transact(ctx, func(t *transaction) error {
		for _, use := range uses {
			at := micros(use.At)
			if _, err := t.exec(ctx, record, at, textOrNull(use.IP), use.KeyID, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// transact runs work in a transaction, again when another process was in the
// way.
func (s *Store) transact(ctx context.Context, work func(*transaction) error) error {
	until, limited := ctx.Deadline()
	if !limited {
		until = time.Now().Add(s.lockWait)
	}
	for {
		err := s.attempt(ctx, work)
		if !s.dialect.again(err) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
	}
}

func (s *Store) attempt(ctx context.Context, work func(*transaction) error) error {
	t, err := s.writer.begin(ctx)
	if err != nil {
		return err
	}
	finished := false
	defer func() {
		if !finished { // work panicked: the connection must not keep the lock
			_ = t.tx.Rollback()
		}
	}()
	err = work(t)
	finished = true
	if err != nil {
		// A context that ended has rolled back already.
		if undo := t.tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return s.writer.failed(t.tx.Commit())
}

// link is an event at its place in the chain.
type link struct {
	sequence int64
	hash     [32]byte
	event    server.Event
}

// next returns event at the place after this one.
func (l link) next(event server.Event) link {
	event.Time = timeOf(micros(event.Time))
	sequence := l.sequence + 1
	return link{sequence: sequence, hash: server.ChainHash(l.hash, sequence, event), event: event}
}

// lastEvent returns the end of the chain, the zero link when it is empty.
func lastEvent(ctx context.Context, from querier) (link, error) {
	var last link
	var hash []byte
	err := first(ctx, from, `SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1`, nil, &last.sequence, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return link{}, nil
	}
	copy(last.hash[:], hash)
	return last, err
}

const eventColumns = `sequence, id, time, actor_type, actor_id, actor_name, action, resource_type, resource_id,
	resource_name, outcome, request_id, ip, user_agent, via, metadata, hash`

func (l link) columns() ([]any, error) {
	metadata := []byte("{}")
	if len(l.event.Metadata) > 0 {
		for key, value := range l.event.Metadata {
			// JSON would replace the bytes, and the hash would no longer fit.
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, errors.New("the metadata of an audit event must be valid UTF-8")
			}
		}
		var err error
		if metadata, err = json.Marshal(l.event.Metadata); err != nil {
			return nil, fmt.Errorf("encode an audit event's metadata: %w", err)
		}
	}
	e := &l.event
	return []any{
		l.sequence, e.ID, micros(e.Time), string(e.Actor.Type), e.Actor.ID, e.Actor.Name, e.Action, e.ResourceType, e.ResourceID,
		e.ResourceName, e.Outcome, e.RequestID, e.IP, e.UserAgent, e.Via, string(metadata), l.hash[:],
	}, nil
}

func appendEvent(ctx context.Context, t *transaction, l link) error {
	columns, err := l.columns()
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO audit_events (`+eventColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, columns...)
	return err
}
