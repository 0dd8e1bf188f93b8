-- What the audit log is filtered by, each in the order of the sequence: behind
-- its columns an index of SQLite has the table's own key, which sequence is.

-- +goose Up

CREATE INDEX audit_events_actor ON audit_events (actor_id);
CREATE INDEX audit_events_resource ON audit_events (resource_id);
CREATE INDEX audit_events_action ON audit_events (action);
CREATE INDEX audit_events_time ON audit_events (time);
