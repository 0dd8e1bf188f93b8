package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lifeguard-keys/lifeguard/server"
)

// Write implements [server.Store]. Writes of one store happen one after the
// other; while another process writes, a write waits as long as its context
// allows, or [Options.LockWait] when that has no deadline.
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
		return appendEvents(ctx, t, events)
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
		err := s.transactIn(ctx, s.dialect.sharedTurn, func(t *transaction) error {
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

// transact runs work in a transaction that writes, after those before it and
// before those behind it.
func (s *Store) transact(ctx context.Context, work func(*transaction) error) error {
	return s.transactIn(ctx, s.dialect.turn, work)
}

// transactIn runs work in a transaction which begins with a turn (see dialect),
// again when others were in the way or the connection was lost before the
// commit. A commit of which nobody knows whether it was kept is not repeated.
func (s *Store) transactIn(ctx context.Context, turn string, work func(*transaction) error) error {
	until, limited := ctx.Deadline()
	if !limited {
		until = time.Now().Add(s.lockWait)
	}
	for attempt := 0; ; attempt++ {
		err := s.attempt(ctx, until, turn, work)
		if !s.dialect.again(err) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		if s.dialect.turn != "" { // else beginning has waited
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
}

// take waits for the turn, at most until a moment.
func (t *transaction) take(ctx context.Context, until time.Time, turn string) error {
	if turn == "" {
		return nil
	}
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	var singleton int
	err := first(waiting, t, turn, nil, &singleton)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return t.statements.dialect.late(t.statements.place, err)
	}
	return err
}

func (s *Store) attempt(ctx context.Context, until time.Time, turn string, work func(*transaction) error) error {
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
	err = t.take(ctx, until, turn)
	if err == nil {
		err = work(t)
	}
	if err == nil {
		err = ctx.Err() // from here on the end of the context could leave it open
	}
	finished = true
	if err != nil {
		// A context that ended, or a connection that is gone, has rolled back
		// already.
		undo := t.tx.Rollback()
		if undo != nil && !errors.Is(undo, sql.ErrTxDone) && !s.dialect.lost(undo) {
			return errors.Join(err, undo)
		}
		return err
	}
	err = t.tx.Commit()
	if err != nil && s.dialect.uncertain(err) {
		return s.dialect.unsure(s.place, err)
	}
	return s.writer.failed(err)
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

// appendEvents adds events to the end of the chain.
func appendEvents(ctx context.Context, t *transaction, events []server.Event) error {
	last, err := lastEvent(ctx, t)
	for i := 0; err == nil && i < len(events); i++ {
		last = last.next(events[i])
		err = appendEvent(ctx, t, last)
	}
	return err
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
