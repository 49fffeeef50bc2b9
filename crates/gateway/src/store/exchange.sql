-- Exchange of records between gateways (docs/exchange.md). No personal data: answers rest here sealed to the one who asked,
-- and only until a message about them would be too old.

-- Keys and addresses of the organisations, from verified blocks.
CREATE TABLE IF NOT EXISTS organisation_keys (
  id TEXT NOT NULL PRIMARY KEY, encryption TEXT NOT NULL, gateway TEXT NOT NULL);

-- Nonces of signed messages that were received, until they expire.
CREATE TABLE IF NOT EXISTS exchange_nonces (
  consumer TEXT NOT NULL, nonce TEXT NOT NULL, expires_s BIGINT NOT NULL, PRIMARY KEY (consumer, nonce));
CREATE INDEX IF NOT EXISTS exchange_nonces_expiry ON exchange_nonces (expires_s);

-- Requests received: which use record each took, and what was answered. n is -1 and tag empty before the use record.
CREATE TABLE IF NOT EXISTS exchanges (
  consumer TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, case_id TEXT NOT NULL, n BIGINT NOT NULL,
  tag TEXT NOT NULL, answer TEXT NOT NULL, made_ms BIGINT NOT NULL, PRIMARY KEY (consumer, id));
CREATE INDEX IF NOT EXISTS exchanges_made ON exchanges (made_ms);
CREATE INDEX IF NOT EXISTS exchanges_case ON exchanges (case_id);

-- Refusals, given ('in') and received ('out'), for the operator.
CREATE TABLE IF NOT EXISTS exchange_attempts (
  id TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, direction TEXT NOT NULL, peer TEXT NOT NULL,
  case_id TEXT NOT NULL, request TEXT NOT NULL, reason TEXT NOT NULL, claimed TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS exchange_attempts_sender ON exchange_attempts (direction, peer, id);
