-- The public keys that users sign in with over SSH. One that is taken away, or
-- whose user is deleted, is gone, so that another user may have it.

-- +goose Up

CREATE TABLE ssh_keys (
    fingerprint BLOB    NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 32), -- SHA-256 of the key in its wire form
    user_id     TEXT    NOT NULL REFERENCES users (id),
    line        TEXT    NOT NULL, -- of an authorized_keys file
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ssh_keys_user ON ssh_keys (user_id, line);
