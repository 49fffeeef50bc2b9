-- Accounts of residents, from verified blocks: who may fetch a backup, which recoveries are over.
CREATE TABLE IF NOT EXISTS accounts (
  id TEXT NOT NULL PRIMARY KEY, guarded BIGINT NOT NULL, recovered TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account_signers (
  account TEXT NOT NULL, signer TEXT NOT NULL, kind BIGINT NOT NULL, x TEXT NOT NULL, y TEXT NOT NULL,
  PRIMARY KEY (account, signer));

-- Backups hosted here: ciphertext that only the resident can read.
CREATE TABLE IF NOT EXISTS backups (
  account TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, content TEXT NOT NULL);

-- Recoveries asked for here. The ticket is a digest; account, recovery and officer are empty until approved.
CREATE TABLE IF NOT EXISTS recoveries (
  ticket TEXT NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE, request TEXT NOT NULL, expires_s BIGINT NOT NULL,
  account TEXT NOT NULL, recovery TEXT NOT NULL, subject TEXT NOT NULL, officer TEXT NOT NULL);
