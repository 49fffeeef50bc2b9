-- The gateway's own store. No personal data: that rests in the vault, under pseudonyms.
-- Hashes, addresses and ids are lower-case hex with 0x; times on chain are unix seconds.

CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

-- What the chain says in public, from verified blocks.
CREATE TABLE IF NOT EXISTS organisations (
  id TEXT NOT NULL PRIMARY KEY, attester TEXT NOT NULL, roles BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS officers (
  address TEXT NOT NULL PRIMARY KEY, organisation TEXT NOT NULL, active BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS statutes (
  id TEXT NOT NULL PRIMARY KEY, law TEXT NOT NULL, article TEXT NOT NULL,
  valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS services (
  id TEXT NOT NULL, version BIGINT NOT NULL, owner TEXT NOT NULL, package TEXT NOT NULL,
  PRIMARY KEY (id, version));
CREATE TABLE IF NOT EXISTS consents (
  id TEXT NOT NULL, grantor TEXT NOT NULL, provider TEXT NOT NULL, service TEXT NOT NULL,
  until_s BIGINT NOT NULL, once BIGINT NOT NULL, revoked BIGINT NOT NULL, PRIMARY KEY (id, grantor));
CREATE INDEX IF NOT EXISTS consents_grantor ON consents (grantor);

-- Delegations on the chain. Between whom each is, nobody reads in this.
CREATE TABLE IF NOT EXISTS delegations (
  key TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, until_s BIGINT NOT NULL, ended BIGINT NOT NULL);

-- Links received: whose case it is, as a pseudonym of the vault.
CREATE TABLE IF NOT EXISTS links (
  case_id TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, applicant TEXT NOT NULL,
  provider BIGINT NOT NULL, owner BIGINT NOT NULL, form TEXT NOT NULL, received_ms BIGINT NOT NULL);

-- Work to do: facts asked for, credentials to issue, statuses to publish.
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, case_id TEXT NOT NULL, seq BIGINT NOT NULL,
  body TEXT NOT NULL, state TEXT NOT NULL, waiting TEXT NOT NULL, attempts BIGINT NOT NULL,
  due_ms BIGINT NOT NULL, created_ms BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (state, due_ms);
CREATE INDEX IF NOT EXISTS jobs_case ON jobs (case_id);

-- Cases in which this organisation was asked something, and no use of data can be recorded now: decided, closed, or waiting
-- for their applicants.
CREATE TABLE IF NOT EXISTS resting_cases (case_id TEXT NOT NULL PRIMARY KEY);

-- Use records: which counter each ask took. Written before the transaction is signed.
CREATE TABLE IF NOT EXISTS uses (
  case_id TEXT NOT NULL, mask BIGINT NOT NULL, n BIGINT NOT NULL, tag TEXT NOT NULL UNIQUE,
  PRIMARY KEY (case_id, mask), UNIQUE (case_id, n));

-- Use records on the chain, by this organisation or for it: which transaction wrote each, in which case, on what basis.
CREATE TABLE IF NOT EXISTS recorded (
  tag TEXT NOT NULL PRIMARY KEY, tx_hash TEXT NOT NULL, case_id TEXT NOT NULL, basis TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS recorded_case ON recorded (case_id, basis);

-- Transactions: written before they are sent, sent again until they are final.
CREATE TABLE IF NOT EXISTS outbox (
  id TEXT NOT NULL PRIMARY KEY, target TEXT NOT NULL, data TEXT NOT NULL,
  nonce BIGINT, raw TEXT, hash TEXT, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_state ON outbox (state, nonce);

-- Cases of this organisation's services.
CREATE TABLE IF NOT EXISTS cases (
  id TEXT NOT NULL PRIMARY KEY, service TEXT NOT NULL, version BIGINT NOT NULL, applicant TEXT NOT NULL,
  rule_set TEXT NOT NULL, form TEXT NOT NULL, status TEXT NOT NULL, cause TEXT NOT NULL,
  row_index BIGINT NOT NULL, opened_at BIGINT NOT NULL, promised_by BIGINT NOT NULL,
  statutory_by BIGINT NOT NULL, appeal_by BIGINT NOT NULL, paused_at BIGINT NOT NULL,
  frozen BIGINT NOT NULL, escalated BIGINT NOT NULL, amount_fen BIGINT NOT NULL, officer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS cases_queue ON cases (status, promised_by, id);
CREATE TABLE IF NOT EXISTS history (
  case_id TEXT NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL, args TEXT NOT NULL,
  statement TEXT NOT NULL, block_number BIGINT NOT NULL, block_time_ms BIGINT NOT NULL,
  tx_hash TEXT NOT NULL, PRIMARY KEY (case_id, seq));

-- Statements by officers and applicants; their texts are in the vault.
CREATE TABLE IF NOT EXISTS statements (
  case_id TEXT NOT NULL, hash TEXT NOT NULL, author TEXT NOT NULL, at_ms BIGINT NOT NULL,
  PRIMARY KEY (case_id, hash));

-- Credentials issued; their texts are in the vault.
CREATE TABLE IF NOT EXISTS credentials (
  case_id TEXT NOT NULL, seq BIGINT NOT NULL, status_index BIGINT NOT NULL UNIQUE, hash TEXT NOT NULL,
  status BIGINT NOT NULL, issued BIGINT NOT NULL, PRIMARY KEY (case_id, seq));

-- Sign-in challenges, and counters of attempts.
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT NOT NULL PRIMARY KEY, expires_s BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (subject TEXT NOT NULL PRIMARY KEY, since_s BIGINT NOT NULL, count BIGINT NOT NULL);
