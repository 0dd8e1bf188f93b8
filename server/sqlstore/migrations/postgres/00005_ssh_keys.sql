-- The public keys that users sign in with over SSH. One that is taken away, or
-- whose user is deleted, is gone, so that another user may have it.

-- +goose Up

CREATE TABLE ssh_keys (
    fingerprint BYTEA            NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 32), -- SHA-256 of the key in its wire form
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    line        TEXT COLLATE "C" NOT NULL, -- of an authorized_keys file
    created_at  BIGINT           NOT NULL
);
CREATE INDEX ssh_keys_user ON ssh_keys (user_id, line);
