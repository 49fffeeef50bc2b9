use std::path::Path;
use std::sync::Arc;

use futures::TryStreamExt as _;
use sqlx::AnyPool;
use sqlx::Row;
use zeroize::Zeroizing;

use crate::group::{self, Group, Put};
use crate::keys::Keys;
use crate::padding;
use crate::sealed::{self, Place};
use crate::sql::{self, Access};
use crate::{ResidentNumber, Secret, VaultError, keyfile};

/// The most bytes a record may have.
pub const MAX_RECORD_BYTES: usize = 128 * 1024;
/// The most bytes a record's name may have.
pub const MAX_NAME_BYTES: usize = 128;
/// The most records a vault keeps about one person.
pub const MAX_RECORDS_PER_SUBJECT: i64 = 4096;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS vault_keys (
  subject TEXT NOT NULL PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, wrapped TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vault_records (
  subject TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL,
  sealed TEXT NOT NULL, PRIMARY KEY (subject, kind, name));
";
/// What [`Vault::scrub`] takes off the disk.
const TABLES: [&str; 2] = ["vault_keys", "vault_records"];
/// Columns that a database must keep no samples of.
const PRIVATE: [(&str, &str); 4] = [
    ("vault_keys", "subject"),
    ("vault_keys", "wrapped"),
    ("vault_records", "subject"),
    ("vault_records", "sealed"),
];

/// The key that wraps every person's key: 32 bytes from a key file.
pub struct VaultKey(Secret<[u8; 32]>);

impl VaultKey {
    /// Reads the key file (mode 0600), or makes one with a random key.
    ///
    /// # Errors
    /// See [`keyfile::read_or_create`].
    pub fn read_or_create(path: &Path) -> Result<Self, VaultError> {
        keyfile::read_or_create(path, keyfile::random).map(Self)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// A key from bytes, for tests and key ceremonies.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }
}

/// Whom records are about: a pseudonym that only this vault's key can compute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Subject([u8; 32]);

impl Subject {
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// 64 hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// From [`Self::to_hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// Which record of a person: a kind, and a name within the kind (never personal data).
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// e.g. `"link"`.
    pub kind: &'static str,
    /// e.g. a case id in hex.
    pub name: &'a str,
}

/// What [`Vault::destroy`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// Random name of the key that is no more; `None` if the person had none.
    pub key_id: Option<String>,
    /// Records that can never be read again.
    pub records: u64,
}

/// Encrypted personal records in SQL. Cheap to clone is not needed: share it in an `Arc`.
pub struct Vault {
    pool: AnyPool,
    reads: AnyPool,
    keys: Arc<Keys>,
    group: Group,
    sealed: sealed::Reads,
}

impl Vault {
    /// Opens the vault at a `sqlite:` or `postgres:` URL, making its tables if they are missing.
    ///
    /// # Errors
    /// The database does not open.
    pub async fn open(url: &str, key: &VaultKey) -> Result<Self, VaultError> {
        let pool = sql::connect(url, Access::ReadWrite).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        sql::keep_out_of_statistics(&pool, &PRIVATE).await?;
        let (reads, keys) = (sql::readers(url, &pool).await?, Arc::new(Keys::of(key)));
        Ok(Self {
            group: group::start(pool.clone(), keys.clone()),
            sealed: sealed::start(reads.clone()),
            pool,
            reads,
            keys,
        })
    }

    /// The pseudonym of a resident in this vault.
    pub fn resident(&self, number: &ResidentNumber) -> Subject {
        self.keys.name("resident", number.expose().as_bytes())
    }

    /// The pseudonym of an applicant who is known by a case alone.
    pub fn applicant(&self, case: &[u8; 32]) -> Subject {
        self.keys.name("applicant", case)
    }

    /// Encrypts and stores a record, replacing one of the same kind and name.
    ///
    /// # Errors
    /// The record or its name is too large, or the person has too many.
    pub async fn put(&self, subject: Subject, record: Record<'_>, message: &[u8]) -> Result<(), VaultError> {
        self.keep(subject, record, message, true).await
    }

    /// As [`Self::put`], for somebody who has records here already: whoever was deleted in the meantime gets no new key.
    ///
    /// # Errors
    /// As there; [`VaultError::Destroyed`] if the person has no key.
    pub async fn add(&self, subject: Subject, record: Record<'_>, message: &[u8]) -> Result<(), VaultError> {
        self.keep(subject, record, message, false).await
    }

    async fn keep(
        &self,
        subject: Subject,
        record: Record<'_>,
        message: &[u8],
        makes_key: bool,
    ) -> Result<(), VaultError> {
        if message.len() > MAX_RECORD_BYTES {
            return Err(VaultError::TooLarge {
                bytes: message.len(),
                limit: MAX_RECORD_BYTES,
            });
        }
        if record.name.is_empty() || record.name.len() > MAX_NAME_BYTES {
            return Err(VaultError::Name {
                bytes: record.name.len(),
                limit: MAX_NAME_BYTES,
            });
        }
        let put = Put {
            subject,
            kind: record.kind,
            name: record.name.to_owned(),
            message: Zeroizing::new(message.to_vec()),
            makes_key,
        };
        self.group.ask(put).await
    }

    /// Decrypts a record; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] after [`Self::destroy`]; [`VaultError::Sealed`] if it was changed.
    pub async fn get(
        &self,
        subject: Subject,
        record: Record<'_>,
    ) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        let place = Place {
            subject,
            kind: record.kind,
            name: record.name.to_owned(),
        };
        let Some(kept) = self.sealed.ask(place).await? else {
            return Ok(None);
        };
        let wrapped = kept.wrapped.ok_or(VaultError::Destroyed)?;
        let key = self.keys.unwrap(subject, &kept.key_id, &wrapped)?;
        let sealed = hex::decode(kept.sealed).map_err(|_| VaultError::Sealed { what: "record" })?;
        let context = record.context(subject, &kept.key_id);
        let mut message = padding::open(&key, &context, &sealed)?;
        Ok(Some(Secret::new(std::mem::take(&mut *message))))
    }

    /// Removes one record; nothing happens if there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn remove(&self, subject: Subject, record: Record<'_>) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM vault_records WHERE subject = $1 AND kind = $2 AND name = $3")
            .bind(subject.to_hex())
            .bind(record.kind)
            .bind(record.name)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Destroys the person's key: every record about them can never be read again. [`Self::scrub`] afterwards takes the
    /// key's bytes off the disk.
    ///
    /// # Errors
    /// The database failed.
    pub async fn destroy(&self, subject: Subject) -> Result<Destroyed, VaultError> {
        let key_id = sqlx::query_scalar("DELETE FROM vault_keys WHERE subject = $1 RETURNING key_id")
            .bind(subject.to_hex())
            .fetch_optional(&self.pool)
            .await?;
        let records: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM vault_records WHERE subject = $1")
            .bind(subject.to_hex())
            .fetch_one(&self.pool)
            .await?;
        Ok(Destroyed {
            key_id,
            records: u64::try_from(records).unwrap_or(0),
        })
    }

    /// Removes every record of one kind whose name begins so; answers how many. [`Self::scrub`] afterwards.
    ///
    /// # Errors
    /// The database fails, or the beginning is not of letters and digits.
    pub async fn remove_all(
        &self,
        subject: Subject,
        kind: &'static str,
        beginning: &str,
    ) -> Result<u64, VaultError> {
        if beginning.is_empty() || !beginning.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(VaultError::Name {
                bytes: beginning.len(),
                limit: MAX_NAME_BYTES,
            });
        }
        let done = sqlx::query("DELETE FROM vault_records WHERE subject = $1 AND kind = $2 AND name LIKE $3")
            .bind(subject.to_hex())
            .bind(kind)
            .bind(format!("{beginning}%"))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }

    /// Destroys a key and removes its records, if there are any. [`Self::scrub`] afterwards.
    ///
    /// # Errors
    /// The database fails.
    pub async fn discard(&self, subject: Subject) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM vault_keys WHERE subject = $1")
            .bind(subject.to_hex())
            .execute(&self.pool)
            .await?;
        self.purge(subject).await
    }

    /// Removes every record of a person whose key was destroyed, and with them the pseudonym. [`Self::scrub`] afterwards.
    ///
    /// # Errors
    /// The database fails.
    pub async fn purge(&self, subject: Subject) -> Result<(), VaultError> {
        sqlx::query("DELETE FROM vault_records WHERE subject = $1")
            .bind(subject.to_hex())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Whose key has this random name; `None` if nobody's has.
    ///
    /// # Errors
    /// The database fails.
    pub async fn whose(&self, key_id: &str) -> Result<Option<Subject>, VaultError> {
        let subject: Option<String> = sqlx::query_scalar("SELECT subject FROM vault_keys WHERE key_id = $1")
            .bind(key_id.to_owned())
            .fetch_optional(&self.pool)
            .await?;
        Ok(subject.as_deref().and_then(Subject::from_hex))
    }

    /// Opens every person's key with the vault's, and answers how many there are.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] if one does not open.
    pub async fn check_keys(&self) -> Result<u64, VaultError> {
        let mut rows = sqlx::query("SELECT subject, key_id, wrapped FROM vault_keys").fetch(&self.reads);
        let mut keys = 0;
        while let Some(row) = rows.try_next().await? {
            let (subject, key_id, wrapped): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let subject = Subject::from_hex(&subject).ok_or(VaultError::Sealed { what: "person's key" })?;
            self.keys.unwrap(subject, &key_id, &wrapped)?;
            keys += 1;
        }
        Ok(keys)
    }

    /// Ends every connection, so that the files can be moved.
    pub async fn close(self) {
        self.reads.close().await;
        self.pool.close().await;
    }

    /// Takes keys and records that were removed off the disk: see [`sql::scrub`].
    ///
    /// # Errors
    /// Something reads the database all the time: then their bytes may still be on the disk; try again.
    pub async fn scrub(&self) -> Result<(), VaultError> {
        sql::scrub(&self.pool, &TABLES).await
    }
}

impl Record<'_> {
    /// What ties a sealed record to its place.
    pub(crate) fn context(&self, subject: Subject, key_id: &str) -> Vec<u8> {
        let mut out = [b"zhengtong/vault/record/v1".as_slice(), subject.bytes()].concat();
        for part in [self.kind, self.name, key_id] {
            out.extend_from_slice(&(part.len() as u32).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}
