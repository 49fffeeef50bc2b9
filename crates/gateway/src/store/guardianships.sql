-- Credentials of guardianship that this organisation issued: pseudonyms of the vault, until when, and who ended them. What
-- they say is in the vault, under the child's key. Their places in the status list are in `credentials`, under `document`.
CREATE TABLE IF NOT EXISTS guardianships (
  document TEXT NOT NULL PRIMARY KEY, child TEXT NOT NULL, guardian TEXT NOT NULL, until_s BIGINT NOT NULL,
  issued_n BIGINT NOT NULL, checked_s BIGINT NOT NULL, ended_s BIGINT NOT NULL, ended_by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS guardianships_child ON guardianships (child);
