-- Which server handed the key of a create out last, and when: until it has
-- answered, no other one repeats the create.

-- +goose Up

ALTER TABLE idempotent_creates ADD COLUMN replica TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE idempotent_creates ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
