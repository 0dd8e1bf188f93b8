package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/lifeguard-keys/lifeguard/server"
)

// Write implements [server.Store]. Writes of one store happen one after the
// other; those that come while one is being written share a commit. While
// another process writes, a write waits as long as its context allows, or
// [Options.LockWait] when that has no deadline.
func (s *Store) Write(ctx context.Context, change func(tx server.Tx) (server.Event, error)) error {
	return s.WriteAll(ctx, func(tx server.Tx) ([]server.Event, error) {
		event, err := change(tx)
		return []server.Event{event}, err
	})
}

// WriteAll implements [server.Store], as Write does.
func (s *Store) WriteAll(ctx context.Context, change func(tx server.Tx) ([]server.Event, error)) error {
	return s.transact(ctx, func(t *transaction) error {
		events, err := change(tx{t})
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return errors.New("a change without an audit event is not kept")
		}
		return t.append(ctx, events)
	})
}

// touched is how many keys' uses one transaction records: others wait for it.
const touched = 500

// Touch implements [server.Store]. The uses are recorded in portions of 500, in
// the order of the keys' ids: two that record the same keys at once then wait
// for each other and never both ways.
func (s *Store) Touch(ctx context.Context, uses []server.KeyUse) error {
	if len(uses) == 0 {
		return nil
	}
	const record = `UPDATE keys SET last_used_at = ?, last_used_ip = ?
		WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`
	ordered := slices.SortedFunc(slices.Values(uses), func(a, b server.KeyUse) int { return strings.Compare(a.KeyID, b.KeyID) })
	for portion := range slices.Chunk(ordered, touched) {
		err := s.transactShared(ctx, func(t *transaction) error {
			for _, use := range portion {
				at := micros(use.At)
				if _, err := t.exec(ctx, record, at, textOrNull(use.IP), use.KeyID, at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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
	err := first(ctx, from, selectLastEvent, nil, &last.sequence, &hash)
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

// append adds events to the end of the chain. They are written by flush.
func (t *transaction) append(ctx context.Context, events []server.Event) error {
	last, err := t.lastEvent(ctx)
	if err != nil {
		return err
	}
	for _, event := range events {
		last = last.next(event)
		columns, err := last.columns()
		if err != nil {
			return err
		}
		t.events, t.last = append(t.events, columns), &link{sequence: last.sequence, hash: last.hash}
	}
	return nil
}

// flush writes the events of the whole transaction, and what else waits. When
// it fails nothing of the transaction is kept, so there is no change without its
// event.
func (t *transaction) flush() error {
	t.guarded = unguarded // if this fails, all is undone
	rows := make([]insertion, 0, len(t.events))
	for _, event := range t.events {
		rows = append(rows, insertion{intoEvents, event})
	}
	t.events = nil
	rows = append(t.later, rows...)
	t.later = nil
	const forget = `DELETE FROM idempotent_creates WHERE created_at < ?`
	behind := &pgx.Batch{}
	switch {
	case t.expiry == 0:
	case t.remote != nil:
		behind.Queue(t.statements.dialect.bind(forget), t.expiry)
	default:
		if _, err := t.exec(t.ctx, forget, t.expiry); err != nil {
			return err
		}
	}
	return t.deliver(rows, behind)
}

// lastEvent returns the end of the chain, which only this transaction moves.
func (t *transaction) lastEvent(ctx context.Context) (link, error) {
	if t.last == nil {
		last, err := lastEvent(ctx, t)
		if err != nil {
			return link{}, err
		}
		t.last = &last
	}
	return *t.last, nil
}
