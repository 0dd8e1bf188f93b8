-- A key is found by the number that its hash begins with, and its row has what a
-- lookup tells of a service account. That never changes, and ends with the key.

-- +goose Up

CREATE TABLE keys_by_slot (
    -- The first 63 bits of the hash; of a deleted key the complement, as in SQLite.
    slot               BIGINT           NOT NULL,
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash               BYTEA            NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the whole key
    user_id            TEXT COLLATE "C" REFERENCES users (id),
    service_account_id TEXT COLLATE "C" REFERENCES service_accounts (id),
    account_name       TEXT COLLATE "C" NOT NULL, -- of the service account; empty for a user's key
    team_id            TEXT COLLATE "C" NOT NULL, -- the same
    created_at         BIGINT           NOT NULL,
    last_used_at       BIGINT,
    deleted_at         BIGINT,
    last_used_ip       TEXT COLLATE "C",
    hint               TEXT COLLATE "C" NOT NULL,
    CHECK ((user_id IS NULL) <> (service_account_id IS NULL))
);

INSERT INTO keys_by_slot (slot, id, hash, user_id, service_account_id, account_name, team_id, created_at, last_used_at, deleted_at,
    last_used_ip, hint)
SELECT CASE WHEN k.deleted_at IS NULL THEN k.slot ELSE ~k.slot END, k.id, k.hash, k.user_id, k.service_account_id,
    coalesce(a.name, ''), coalesce(a.team_id, ''), k.created_at, k.last_used_at, k.deleted_at, k.last_used_ip, k.hint
FROM (
    SELECT *,
        (get_byte(hash, 0)::bigint << 55) | (get_byte(hash, 1)::bigint << 47) | (get_byte(hash, 2)::bigint << 39) |
        (get_byte(hash, 3)::bigint << 31) | (get_byte(hash, 4)::bigint << 23) | (get_byte(hash, 5)::bigint << 15) |
        (get_byte(hash, 6)::bigint << 7) | (get_byte(hash, 7)::bigint >> 1) AS slot
    FROM keys
) k LEFT JOIN service_accounts a ON a.id = k.service_account_id;

DROP TABLE keys;
ALTER TABLE keys_by_slot RENAME TO keys;

CREATE UNIQUE INDEX keys_slot ON keys (slot) WHERE deleted_at IS NULL;
CREATE INDEX keys_service_account ON keys (service_account_id) WHERE service_account_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_user ON keys (user_id) WHERE user_id IS NOT NULL;
