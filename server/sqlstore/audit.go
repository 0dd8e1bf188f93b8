package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/server"
)

// errFullPage ends the reading of a page that has all the bytes that it may.
var errFullPage = errors.New("the page is full")

// AuditEvents implements [server.AuditStore].
func (s *Store) AuditEvents(ctx context.Context, query server.AuditQuery) (server.AuditPage, error) {
	page := server.AuditPage{Events: []api.AuditEvent{}, Total: -1}
	text, where, counted := auditText(query)
	bytes := 0
	scan := func(rows *sql.Rows) error {
		if query.Bytes > 0 && bytes >= query.Bytes {
			return errFullPage
		}
		event, size, err := scanEvent(rows)
		page.Events, bytes = append(page.Events, event), bytes+size
		return err
	}
	t, err := s.readers.begin(ctx)
	if err != nil {
		return server.AuditPage{}, err
	}
	defer func() { _ = t.tx.Rollback() }() // it has only read
	err = t.run(ctx, where.varying, scan, text, where.args...)
	if page.More = errors.Is(err, errFullPage); err != nil && !page.More {
		return server.AuditPage{}, err
	}
	if query.Total {
		count := func(rows *sql.Rows) error { return rows.Scan(&page.Total) }
		if err := t.run(ctx, true, count, `SELECT count(*) FROM audit_events`+counted.text(), counted.args...); err != nil {
			return server.AuditPage{}, err
		}
	}
	if len(page.Events) > query.Limit {
		page.Events, page.More = page.Events[:query.Limit], true
	}
	return page, nil
}

// auditText is the query of a page, with its conditions and arguments, and the
// conditions of all pages together.
func auditText(query server.AuditQuery) (text string, where, counted conditions) {
	where, counted = auditConditions(query.AuditFilter), auditConditions(query.AuditFilter)
	order := ` ORDER BY sequence`
	if query.NewestFirst {
		order += ` DESC`
	}
	switch {
	case query.From > 0 && query.NewestFirst:
		where.add(`sequence < ?`, query.From)
	case query.From > 0:
		where.add(`sequence > ?`, query.From)
	}
	text = `SELECT ` + eventColumns + ` FROM audit_events` + where.text() + order + ` LIMIT ? OFFSET ?`
	where.args = append(where.args, query.Limit+1, query.Offset)
	return text, where, counted
}

// LastAuditEvent implements [server.AuditStore].
func (s *Store) LastAuditEvent(ctx context.Context) (int64, error) {
	last, err := lastEvent(ctx, s.readers)
	return last.sequence, err
}

// AppendEvents implements [server.AuditStore].
func (s *Store) AppendEvents(ctx context.Context, events []server.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.transact(ctx, func(t *transaction) error { return t.append(ctx, events) })
}

func auditConditions(filter api.AuditFilter) conditions {
	var where conditions
	where.add(`sequence > ?`, filter.After)
	where.varying = filter != api.AuditFilter{After: filter.After, NewestFirst: filter.NewestFirst}
	// The most telling one comes first and is found by its index. The others are
	// made expressions, so that no index is chosen that finds more.
	indexed := false
	for _, equal := range [...]struct {
		column, value string
		index         bool
	}{
		{`resource_id`, filter.ResourceID, true}, {`actor_id`, filter.ActorID, true}, {`action`, filter.Action, true},
		{`resource_type`, filter.ResourceType, false}, {`actor_type`, string(filter.ActorType), false},
	} {
		switch {
		case equal.value == "":
		case equal.index && !indexed:
			indexed = true
			where.add(equal.column+` = ?`, equal.value)
		default:
			where.add(equal.column+` || '' = ?`, equal.value)
		}
	}
	// Events are in the order of their sequence, and of their time only nearly:
	// clocks differ. So the first and last sequence within the time are looked
	// up, in the index of the time alone, and bound what is read. A sum is not
	// looked for in any index: what would find it there reads from one end.
	if !filter.Since.IsZero() {
		where.add(`time + 0 >= ?`, micros(filter.Since))
		if !indexed {
			where.add(`sequence >= (SELECT min(sequence + 0) FROM audit_events WHERE time >= ?)`, micros(filter.Since))
		}
	}
	if !filter.Until.IsZero() {
		where.add(`time + 0 < ?`, micros(filter.Until))
		if !indexed {
			where.add(`sequence <= (SELECT max(sequence + 0) FROM audit_events WHERE time < ?)`, micros(filter.Until))
		}
	}
	return where
}

// scanEvent reads what is there, whatever was done to it: an event that was
// edited must be shown, so that its hash can tell. The size is that of its
// metadata, in bytes; all else is short.
func scanEvent(rows *sql.Rows) (e api.AuditEvent, size int, err error) {
	var at any
	var metadata string
	var hash []byte
	err = rows.Scan(&e.Sequence, &e.ID, &at, &e.Actor.Type, &e.Actor.ID, &e.Actor.Name, &e.Action,
		&e.Resource.Type, &e.Resource.ID, &e.Resource.Name, &e.Outcome, &e.RequestID, &e.IP, &e.UserAgent, &e.Via, &metadata, &hash)
	if err != nil {
		return e, 0, err
	}
	// A time that JSON cannot carry was not written by this program.
	if number, ok := at.(int64); ok && timeOf(number).Year() > 0 && timeOf(number).Year() < 10_000 {
		e.Time = timeOf(number)
	}
	e.Hash = hex.EncodeToString(hash)
	if e.Metadata, err = decodeMetadata(metadata); err != nil {
		e.Metadata = map[string]string{"unreadable metadata": metadata}
	}
	return e, len(metadata), nil
}

var errMetadata = errors.New("the metadata is not as it was written")

// decodeMetadata takes only what encoding would give again: a second value
// under one name would be seen by one reader of the database and not by another.
func decodeMetadata(text string) (map[string]string, error) {
	metadata := map[string]string{}
	if err := json.Unmarshal([]byte(text), &metadata); err != nil {
		return nil, err
	}
	again, err := encodeMetadata(metadata)
	if err == nil && string(again) != text {
		err = errMetadata
	}
	return metadata, err
}

// encodeMetadata writes metadata as one JSON object, the names in order.
func encodeMetadata(metadata map[string]string) ([]byte, error) {
	if len(metadata) == 0 {
		return []byte("{}"), nil
	}
	return json.Marshal(metadata)
}
