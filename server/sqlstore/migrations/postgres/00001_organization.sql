-- The whole organization. Every time is a whole number of microseconds since
-- 1970-01-01T00:00:00Z. Every id is a UUID as text. What is deleted stays,
-- marked with deleted_at, so that what refers to it keeps its name; where a
-- name must be unique, it is unique among the rows that are not deleted.
--
-- The schema is that of SQLite in the words of PostgreSQL. COLLATE "C" orders
-- and compares texts by their bytes, whatever the database's own locale.

-- +goose Up

CREATE TABLE organization (
    singleton  BIGINT           NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id         TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL
);

CREATE TABLE users (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email        TEXT COLLATE "C" NOT NULL,
    email_folded TEXT COLLATE "C" NOT NULL, -- case-folded: an email is found in any case
    name         TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('created', 'active', 'suspended', 'deleted')),
    created_at   BIGINT           NOT NULL,
    updated_at   BIGINT           NOT NULL,
    deleted_at   BIGINT,
    CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
CREATE UNIQUE INDEX users_email ON users (email_folded) WHERE deleted_at IS NULL;

CREATE TABLE roles (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL CHECK (created_by IN ('system', 'user')),
    created_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX roles_name ON roles (name) WHERE deleted_at IS NULL;

-- One row for each resource that a permission of scope 'specific' names, and
-- one row with an empty resource for a permission that names none.
CREATE TABLE role_permissions (
    role_id  TEXT COLLATE "C" NOT NULL REFERENCES roles (id),
    action   TEXT COLLATE "C" NOT NULL,
    scope    TEXT COLLATE "C" NOT NULL CHECK (scope IN ('all', 'specific')),
    resource TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role_id, action, resource),
    CHECK (scope = 'specific' OR resource = '')
);

CREATE TABLE teams (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    role_id    TEXT COLLATE "C" NOT NULL REFERENCES roles (id),
    created_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX teams_name ON teams (name) WHERE deleted_at IS NULL;
CREATE INDEX teams_role ON teams (role_id);

CREATE TABLE service_accounts (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    team_id         TEXT COLLATE "C" NOT NULL REFERENCES teams (id),
    name            TEXT COLLATE "C" NOT NULL,
    name_folded     TEXT COLLATE "C",   -- case-folded, for search; absent where it is the name itself
    created_by_type TEXT COLLATE "C" NOT NULL,
    created_by_id   TEXT COLLATE "C" NOT NULL,
    created_by_name TEXT COLLATE "C" NOT NULL, -- the name at that time, whatever becomes of the creator
    created_at      BIGINT           NOT NULL,
    deleted_at      BIGINT
);
CREATE UNIQUE INDEX service_accounts_team_name ON service_accounts (team_id, name) WHERE deleted_at IS NULL;
CREATE INDEX service_accounts_name ON service_accounts (name, id) WHERE deleted_at IS NULL;
CREATE INDEX service_accounts_creator ON service_accounts (created_by_id, name, id) WHERE deleted_at IS NULL;

-- An identity is a user or a service account, which live in two tables, so
-- identity_id refers to the one that identity_type names.
CREATE TABLE memberships (
    identity_id   TEXT COLLATE "C" NOT NULL,
    team_id       TEXT COLLATE "C" NOT NULL REFERENCES teams (id),
    identity_type TEXT COLLATE "C" NOT NULL CHECK (identity_type IN ('user', 'service_account')),
    created_at    BIGINT           NOT NULL,
    PRIMARY KEY (identity_id, team_id)
);
CREATE INDEX memberships_users ON memberships (team_id, identity_id) WHERE identity_type = 'user';

CREATE TABLE keys (
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash               BYTEA            NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the whole key
    hint               TEXT COLLATE "C" NOT NULL,
    user_id            TEXT COLLATE "C" REFERENCES users (id),
    service_account_id TEXT COLLATE "C" REFERENCES service_accounts (id),
    created_at         BIGINT           NOT NULL,
    last_used_at       BIGINT,
    last_used_ip       TEXT COLLATE "C",
    deleted_at         BIGINT,
    CHECK ((user_id IS NULL) <> (service_account_id IS NULL))
);
CREATE UNIQUE INDEX keys_hash ON keys (hash);
CREATE INDEX keys_service_account ON keys (service_account_id) WHERE service_account_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_user ON keys (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE idempotent_creates (
    caller_id       TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    body_hash       BYTEA            NOT NULL CHECK (length(body_hash) = 32),
    account_id      TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    PRIMARY KEY (caller_id, idempotency_key)
);
CREATE INDEX idempotent_creates_age ON idempotent_creates (created_at);

CREATE TABLE audit_events (
    sequence      BIGINT           NOT NULL PRIMARY KEY CHECK (sequence > 0),
    id            TEXT COLLATE "C" NOT NULL,
    time          BIGINT           NOT NULL,
    actor_type    TEXT COLLATE "C" NOT NULL,
    actor_id      TEXT COLLATE "C" NOT NULL,
    actor_name    TEXT COLLATE "C" NOT NULL,
    action        TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource_id   TEXT COLLATE "C" NOT NULL,
    resource_name TEXT COLLATE "C" NOT NULL,
    outcome       TEXT COLLATE "C" NOT NULL,
    request_id    TEXT COLLATE "C" NOT NULL,
    ip            TEXT COLLATE "C" NOT NULL,
    user_agent    TEXT COLLATE "C" NOT NULL,
    via           TEXT COLLATE "C" NOT NULL,
    metadata      TEXT COLLATE "C" NOT NULL, -- a JSON object of texts
    hash          BYTEA            NOT NULL CHECK (length(hash) = 32) -- over the previous event's hash, see server.ChainHash
);
