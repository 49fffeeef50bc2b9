-- Sign-ins that wait for the provider to send the officer's browser back: digest of the state.
CREATE TABLE IF NOT EXISTS oidc_logins (
  state TEXT NOT NULL PRIMARY KEY, nonce TEXT NOT NULL, verifier TEXT NOT NULL, browser TEXT NOT NULL,
  redirect_uri TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- What a session of an officer whom a provider vouched for rests on: digest of issuer and subject, the provider's session,
-- and which entries of the configuration gave the roles.
CREATE TABLE IF NOT EXISTS oidc_sessions (
  token TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, grants TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS oidc_sessions_subject ON oidc_sessions (subject);

-- Whose an officer's code is: one account at the provider and one key in the `Registry`, each of one officer alone.
CREATE TABLE IF NOT EXISTS officer_subjects (name TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL UNIQUE, at_ms BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS officer_keys (name TEXT NOT NULL PRIMARY KEY, key TEXT NOT NULL UNIQUE, at_ms BIGINT NOT NULL);
