-- What the audit log is filtered by, each in the order of the sequence.

-- +goose Up

CREATE INDEX audit_events_actor ON audit_events (actor_id, sequence);
CREATE INDEX audit_events_resource ON audit_events (resource_id, sequence);
CREATE INDEX audit_events_action ON audit_events (action, sequence);
CREATE INDEX audit_events_time ON audit_events (time, sequence);

-- Covers what the list by name and id has of the accounts themselves, as the
-- same index of SQLite does.
DROP INDEX service_accounts_name;
CREATE INDEX service_accounts_name ON service_accounts (name, id)
    INCLUDE (name_folded, team_id, created_by_type, created_by_id, created_by_name, created_at)
    WHERE deleted_at IS NULL;
