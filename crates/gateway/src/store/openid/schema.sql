-- Credentials by open standards. Digests of codes and tokens, never the values; holders' keys are of one credential each.

-- Certificate authorities that the chain trusts for an organisation's credential keys.
CREATE TABLE IF NOT EXISTS anchors (
  issuer TEXT NOT NULL, fingerprint TEXT NOT NULL, certificate TEXT NOT NULL, trusted BIGINT NOT NULL,
  PRIMARY KEY (issuer, fingerprint));

-- Pre-authorized codes of offers; `tx_code` is the digest of what the resident types in, empty if nothing.
CREATE TABLE IF NOT EXISTS openid_offers (
  code TEXT NOT NULL PRIMARY KEY, case_id TEXT NOT NULL, tx_code TEXT NOT NULL, attempts BIGINT NOT NULL,
  expires_s BIGINT NOT NULL);

-- Access tokens; `dpop` is the thumbprint of the key they are bound to, empty if none.
CREATE TABLE IF NOT EXISTS openid_tokens (
  token TEXT NOT NULL PRIMARY KEY, case_id TEXT NOT NULL, dpop TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- Credentials that were asked for before they were there.
CREATE TABLE IF NOT EXISTS openid_deferred (
  id TEXT NOT NULL PRIMARY KEY, token TEXT NOT NULL, holder TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- What wallets said became of credentials.
CREATE TABLE IF NOT EXISTS openid_notifications (
  id TEXT NOT NULL PRIMARY KEY, case_id TEXT NOT NULL, event TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- Nonces and proofs that were used, until they are too old anyway.
CREATE TABLE IF NOT EXISTS openid_used (value TEXT NOT NULL PRIMARY KEY, expires_s BIGINT NOT NULL);

-- Requests for presentations; what was presented is in the vault. `subject` is the pseudonym of whose it is, empty if unknown.
CREATE TABLE IF NOT EXISTS openid_requests (
  id TEXT NOT NULL PRIMARY KEY, officer TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  response_code TEXT NOT NULL, subject TEXT NOT NULL, expires_s BIGINT NOT NULL);
