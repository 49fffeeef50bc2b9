-- Passkeys of officers, by the credential's id: whose, for which account at the provider, and the public key.
CREATE TABLE IF NOT EXISTS passkeys (
  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, subject TEXT NOT NULL, label TEXT NOT NULL, algorithm BIGINT NOT NULL,
  key TEXT NOT NULL, count BIGINT NOT NULL, may_sync BIGINT NOT NULL, made_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS passkeys_name ON passkeys (name);

-- Challenges handed out: `session` is the digest of the session that makes a passkey, empty for a sign-in.
CREATE TABLE IF NOT EXISTS passkey_challenges (
  challenge TEXT NOT NULL PRIMARY KEY, session TEXT NOT NULL, expires_s BIGINT NOT NULL);

-- What the provider said last of an account whose officer may have passkeys: which entries of the configuration give roles.
CREATE TABLE IF NOT EXISTS passkey_vouches (
  subject TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, grants TEXT NOT NULL, at_s BIGINT NOT NULL);

-- Sessions that were opened by a passkey.
CREATE TABLE IF NOT EXISTS passkey_sessions (token TEXT NOT NULL PRIMARY KEY, passkey TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passkey_sessions_passkey ON passkey_sessions (passkey);
