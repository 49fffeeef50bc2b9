-- Whether the first use of a consent uses it up.
ALTER TABLE consents ADD COLUMN once BIGINT NOT NULL DEFAULT 0;
