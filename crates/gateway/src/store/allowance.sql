-- Tokens of the daily allowance. Windows are days; what was signed is kept as digests of blinded messages, which say
-- nothing of the tokens that came of them. Rows of a window go with it.
CREATE TABLE IF NOT EXISTS allowance_keys (
  day BIGINT NOT NULL PRIMARY KEY, modulus TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS allowance_used (
  day BIGINT NOT NULL, subject TEXT NOT NULL, used BIGINT NOT NULL, PRIMARY KEY (day, subject));
CREATE TABLE IF NOT EXISTS allowance_signed (
  day BIGINT NOT NULL, subject TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (day, subject, digest));
