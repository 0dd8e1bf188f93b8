-- The whole organization. Every time is a whole number of microseconds since
-- 1970-01-01T00:00:00Z. Every id is a UUID as text. What is deleted stays,
-- marked with deleted_at, so that what refers to it keeps its name; where a
-- name must be unique, it is unique among the rows that are not deleted.

-- +goose Up

-- "LFGD": tells this file from another program's SQLite database.
PRAGMA application_id = 1279674180;

CREATE TABLE organization (
    singleton  INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    email        TEXT    NOT NULL,
    email_folded TEXT    NOT NULL, -- case-folded: an email is found in any case
    name         TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('created', 'active', 'suspended', 'deleted')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_email ON users (email_folded) WHERE deleted_at IS NULL;

CREATE TABLE roles (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    created_by TEXT    NOT NULL CHECK (created_by IN ('system', 'user')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX roles_name ON roles (name) WHERE deleted_at IS NULL;

-- One row for each resource that a permission of scope 'specific' names, and
-- one row with an empty resource for a permission that names none.
CREATE TABLE role_permissions (
    role_id  TEXT NOT NULL REFERENCES roles (id),
    action   TEXT NOT NULL,
    scope    TEXT NOT NULL CHECK (scope IN ('all', 'specific')),
    resource TEXT NOT NULL,
    PRIMARY KEY (role_id, action, resource),
    CHECK (scope = 'specific' OR resource = '')
) WITHOUT ROWID;

CREATE TABLE teams (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    role_id    TEXT    NOT NULL REFERENCES roles (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX teams_name ON teams (name) WHERE deleted_at IS NULL;
CREATE INDEX teams_role ON teams (role_id);

CREATE TABLE service_accounts (
    id              TEXT    NOT NULL PRIMARY KEY,
    team_id         TEXT    NOT NULL REFERENCES teams (id),
    name            TEXT    NOT NULL,
    name_folded     TEXT,   -- case-folded, for search; absent where it is the name itself
    created_by_type TEXT    NOT NULL,
    created_by_id   TEXT    NOT NULL,
    created_by_name TEXT    NOT NULL, -- the name at that time, whatever becomes of the creator
    created_at      INTEGER NOT NULL,
    deleted_at      INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX service_accounts_team_name ON service_accounts (team_id, name) WHERE deleted_at IS NULL;
-- Covers the list by name and id with the search in it: a page of it is read
-- from this index alone, in order. The column deleted_at is always null here;
-- without it SQLite would look the rows up only to see that.
CREATE INDEX service_accounts_name ON service_accounts (
    name, id, name_folded, team_id, created_by_type, created_by_id, created_by_name, created_at, deleted_at
) WHERE deleted_at IS NULL;
CREATE INDEX service_accounts_creator ON service_accounts (created_by_id, name, id, deleted_at) WHERE deleted_at IS NULL;

-- An identity is a user or a service account, which live in two tables, so
-- identity_id refers to the one that identity_type names.
CREATE TABLE memberships (
    identity_id   TEXT    NOT NULL,
    team_id       TEXT    NOT NULL REFERENCES teams (id),
    identity_type TEXT    NOT NULL CHECK (identity_type IN ('user', 'service_account')),
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (identity_id, team_id)
) WITHOUT ROWID;
CREATE INDEX memberships_users ON memberships (team_id, identity_id) WHERE identity_type = 'user';

CREATE TABLE keys (
    id                 TEXT    NOT NULL PRIMARY KEY,
    hash               BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the whole key
    hint               TEXT    NOT NULL,
    user_id            TEXT    REFERENCES users (id),
    service_account_id TEXT    REFERENCES service_accounts (id),
    created_at         INTEGER NOT NULL,
    last_used_at       INTEGER,
    last_used_ip       TEXT,
    deleted_at         INTEGER,
    CHECK ((user_id IS NULL) <> (service_account_id IS NULL))
);
CREATE UNIQUE INDEX keys_hash ON keys (hash);
-- Covers what a list of service accounts shows of their keys.
CREATE INDEX keys_service_account ON keys (
    service_account_id, hint, created_at, last_used_at, last_used_ip, deleted_at
) WHERE service_account_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_user ON keys (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE idempotent_creates (
    caller_id       TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    body_hash       BLOB    NOT NULL CHECK (length(body_hash) = 32),
    account_id      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (caller_id, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX idempotent_creates_age ON idempotent_creates (created_at);

CREATE TABLE audit_events (
    sequence      INTEGER NOT NULL PRIMARY KEY CHECK (sequence > 0),
    id            TEXT    NOT NULL,
    time          INTEGER NOT NULL,
    actor_type    TEXT    NOT NULL,
    actor_id      TEXT    NOT NULL,
    actor_name    TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    resource_id   TEXT    NOT NULL,
    resource_name TEXT    NOT NULL,
    outcome       TEXT    NOT NULL,
    request_id    TEXT    NOT NULL,
    ip            TEXT    NOT NULL,
    user_agent    TEXT    NOT NULL,
    via           TEXT    NOT NULL,
    metadata      TEXT    NOT NULL, -- a JSON object of texts
    hash          BLOB    NOT NULL CHECK (length(hash) = 32) -- over the previous event's hash, see server.ChainHash
);
