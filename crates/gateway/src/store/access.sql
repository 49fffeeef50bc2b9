-- Officers who are signed in: digest of the token, who they are, and until when. `key` is empty without a key.
DROP TABLE IF EXISTS sessions;
CREATE TABLE IF NOT EXISTS desk_sessions (
  token TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, agency TEXT NOT NULL, roles TEXT NOT NULL, key TEXT NOT NULL,
  expires_s BIGINT NOT NULL);

-- Who was refused what. Nothing personal: officers by their code, residents not at all, things by their id.
CREATE TABLE IF NOT EXISTS access_refusals (
  id TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, who TEXT NOT NULL, agency TEXT NOT NULL, action TEXT NOT NULL,
  resource TEXT NOT NULL, purpose TEXT NOT NULL, policies TEXT NOT NULL, result TEXT NOT NULL);

-- When which policies came into force, by their hash.
CREATE TABLE IF NOT EXISTS policy_changes (at_ms BIGINT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (at_ms, hash));
