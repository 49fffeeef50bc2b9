-- Residents who look at what is kept about them: digest of the token, and their pseudonym in the vault.
CREATE TABLE IF NOT EXISTS my_sessions (token TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- Orders to keep what is known about a person: while one stands, nothing about them is deleted.
CREATE TABLE IF NOT EXISTS holds (
  id TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, authority TEXT NOT NULL, reference TEXT NOT NULL,
  placed_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, released_ms BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS holds_subject ON holds (subject);

-- Deletions carried out. They name keys that are no more, and nobody.
CREATE TABLE IF NOT EXISTS deletions (
  id TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, cause TEXT NOT NULL, key_ids TEXT NOT NULL,
  records BIGINT NOT NULL, cases BIGINT NOT NULL, signature TEXT NOT NULL);

-- Who was deleted lately, as a digest of their pseudonym, until whatever they showed before is too old to be taken.
CREATE TABLE IF NOT EXISTS forgotten (who TEXT NOT NULL PRIMARY KEY, at_s BIGINT NOT NULL);

-- What retention removed from which case, and when it ran.
CREATE TABLE IF NOT EXISTS retained (
  case_id TEXT NOT NULL, class TEXT NOT NULL, removed_ms BIGINT NOT NULL, PRIMARY KEY (case_id, class));
CREATE TABLE IF NOT EXISTS retention_runs (
  at_ms BIGINT NOT NULL, class TEXT NOT NULL, days BIGINT NOT NULL, cases BIGINT NOT NULL, records BIGINT NOT NULL,
  held BIGINT NOT NULL, PRIMARY KEY (at_ms, class));

-- What people asked by their rights over their data, and until when it has to be answered. The words are in the vault.
CREATE TABLE IF NOT EXISTS my_requests (
  id TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, kind TEXT NOT NULL, received_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL, status TEXT NOT NULL, officer TEXT NOT NULL, answered_ms BIGINT NOT NULL,
  deletion TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS my_requests_subject ON my_requests (subject);

-- Answers to them, sealed to keys of which the person's wallet alone has the other half: one a request, gone once it was used.
CREATE TABLE IF NOT EXISTS request_answers (
  request TEXT NOT NULL PRIMARY KEY, key TEXT NOT NULL, sealed TEXT NOT NULL);
