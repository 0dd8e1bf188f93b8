-- A key is found with one page of the file: its row is placed by the number that
-- its hash begins with, and has what a lookup tells of a service account. That
-- never changes, and ends with the key.

-- +goose Up

CREATE TABLE keys_by_slot (
    -- The first 63 bits of the hash. Of a deleted key the complement, which is
    -- negative, so that it is found no sooner and no later than one that never was.
    slot               INTEGER NOT NULL PRIMARY KEY,
    id                 TEXT    NOT NULL UNIQUE,
    hash               BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the whole key
    user_id            TEXT    REFERENCES users (id),
    service_account_id TEXT    REFERENCES service_accounts (id),
    account_name       TEXT    NOT NULL, -- of the service account; empty for a user's key
    team_id            TEXT    NOT NULL, -- the same
    created_at         INTEGER NOT NULL,
    last_used_at       INTEGER,
    deleted_at         INTEGER,
    last_used_ip       TEXT,
    hint               TEXT    NOT NULL,
    CHECK ((user_id IS NULL) <> (service_account_id IS NULL))
);

-- SQLite makes no number of bytes: this adds up the hexadecimal digits.
INSERT INTO keys_by_slot (slot, id, hash, user_id, service_account_id, account_name, team_id, created_at, last_used_at, deleted_at,
    last_used_ip, hint)
SELECT CASE WHEN k.deleted_at IS NULL THEN k.slot ELSE ~k.slot END, k.id, k.hash, k.user_id, k.service_account_id,
    coalesce(a.name, ''), coalesce(a.team_id, ''), k.created_at, k.last_used_at, k.deleted_at, k.last_used_ip, k.hint
FROM (
    SELECT *,
        (instr('123456789ABCDEF', substr(hex(hash), 1, 1)) << 59) | (instr('123456789ABCDEF', substr(hex(hash), 2, 1)) << 55) |
        (instr('123456789ABCDEF', substr(hex(hash), 3, 1)) << 51) | (instr('123456789ABCDEF', substr(hex(hash), 4, 1)) << 47) |
        (instr('123456789ABCDEF', substr(hex(hash), 5, 1)) << 43) | (instr('123456789ABCDEF', substr(hex(hash), 6, 1)) << 39) |
        (instr('123456789ABCDEF', substr(hex(hash), 7, 1)) << 35) | (instr('123456789ABCDEF', substr(hex(hash), 8, 1)) << 31) |
        (instr('123456789ABCDEF', substr(hex(hash), 9, 1)) << 27) | (instr('123456789ABCDEF', substr(hex(hash), 10, 1)) << 23) |
        (instr('123456789ABCDEF', substr(hex(hash), 11, 1)) << 19) | (instr('123456789ABCDEF', substr(hex(hash), 12, 1)) << 15) |
        (instr('123456789ABCDEF', substr(hex(hash), 13, 1)) << 11) | (instr('123456789ABCDEF', substr(hex(hash), 14, 1)) << 7) |
        (instr('123456789ABCDEF', substr(hex(hash), 15, 1)) << 3) | (instr('123456789ABCDEF', substr(hex(hash), 16, 1)) >> 1) AS slot
    FROM keys
) k LEFT JOIN service_accounts a ON a.id = k.service_account_id
ORDER BY 1;

DROP TABLE keys;
ALTER TABLE keys_by_slot RENAME TO keys;

-- Covers what a list of service accounts shows of their keys.
CREATE INDEX keys_service_account ON keys (
    service_account_id, hint, created_at, last_used_at, last_used_ip, deleted_at
) WHERE service_account_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_user ON keys (user_id) WHERE user_id IS NOT NULL;
