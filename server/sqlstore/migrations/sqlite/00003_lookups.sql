-- What makes lookups quick.

-- +goose Up

-- Rises with every change of teams, roles and their permissions, so that what
-- was read of them is known to be still true.
CREATE TABLE access_version (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    version   INTEGER NOT NULL
);
INSERT INTO access_version (singleton, version) VALUES (1, 1);

-- A deleted key is found no sooner and no later than one that never was.
DROP INDEX keys_hash;
CREATE UNIQUE INDEX keys_hash ON keys (hash) WHERE deleted_at IS NULL;
