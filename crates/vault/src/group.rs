//! Group commit: records that wait at the same time share one transaction, and one sync of the disk.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool, Row as _};
use zeroize::Zeroizing;

use crate::batch::Batch;
use crate::keys::Keys;
use crate::sql::{self, about, among, rows};
use crate::store::{MAX_RECORDS_PER_SUBJECT, Record, Subject};
use crate::{VaultError, padding, seal};

/// A record to be kept.
pub(crate) struct Put {
    pub subject: Subject,
    pub kind: &'static str,
    pub name: String,
    pub message: Zeroizing<Vec<u8>>,
    /// Whether somebody without a key gets one.
    pub makes_key: bool,
}

/// The one task that writes records; each is kept, and durable, when it answers.
pub(crate) type Group = Batch<Put, (), VaultError>;

pub(crate) fn start(pool: AnyPool, keys: Arc<Keys>) -> Group {
    Batch::over((pool, keys), |(pool, keys), puts| {
        Box::pin(async move { together(&pool, &keys, puts).await })
    })
}

async fn together(pool: &AnyPool, keys: &Keys, puts: &[Put]) -> Result<Vec<()>, VaultError> {
    let mut transaction = sql::begin(pool).await?;
    let subjects: HashSet<_> = puts.iter().map(|put| put.subject).collect();
    let subjects: Vec<_> = subjects.into_iter().collect();
    let new = puts.iter().filter(|put| put.makes_key);
    let new: HashSet<_> = new.map(|put| put.subject).collect();
    let held = if sql::is_postgres(pool) { HELD } else { "" };
    let opened = keys_of(&mut transaction, keys, &subjects, &new, held).await?;
    let mut counts = counts_of(&mut transaction, &subjects).await?;
    let query = format!(
        "INSERT INTO vault_records (subject, kind, name, key_id, sealed) VALUES {} \
         ON CONFLICT (subject, kind, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
        rows(puts.len(), 5)
    );
    let mut insert = about(puts.len(), query);
    for put in puts {
        let count = counts.entry(put.subject).or_default();
        if *count >= MAX_RECORDS_PER_SUBJECT {
            return Err(VaultError::TooMany {
                limit: MAX_RECORDS_PER_SUBJECT,
            });
        }
        *count += 1;
        let (key_id, key) = opened.get(&put.subject).ok_or(VaultError::Destroyed)?;
        let record = Record {
            kind: put.kind,
            name: &put.name,
        };
        let sealed = padding::seal(key, &record.context(put.subject, key_id), &put.message)?;
        insert = insert
            .bind(put.subject.to_hex())
            .bind(put.kind)
            .bind(put.name.clone())
            .bind(key_id.clone())
            .bind(hex::encode(sealed));
    }
    insert.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(vec![(); puts.len()])
}

type Opened = HashMap<Subject, (String, seal::Key)>;

/// Nobody destroys these keys before the records under them are committed: then whoever destroys them sees the records too.
/// SQLite has one writer at a time.
const HELD: &str = "FOR SHARE";

/// The keys of people; whoever of `new` has none gets one.
async fn keys_of(
    db: &mut AnyConnection,
    keys: &Keys,
    subjects: &[Subject],
    new: &HashSet<Subject>,
    held: &str,
) -> Result<Opened, VaultError> {
    let mut opened = kept_keys(db, keys, subjects, held).await?;
    let missing: Vec<_> = subjects
        .iter()
        .copied()
        .filter(|subject| new.contains(subject) && !opened.contains_key(subject))
        .collect();
    if missing.is_empty() {
        return Ok(opened);
    }
    let query = format!(
        "INSERT INTO vault_keys (subject, key_id, wrapped) VALUES {} ON CONFLICT (subject) DO NOTHING",
        rows(missing.len(), 3)
    );
    let mut insert = about(missing.len(), query);
    for subject in &missing {
        let (id, wrapped) = keys.fresh(*subject)?;
        insert = insert.bind(subject.to_hex()).bind(id).bind(wrapped);
    }
    insert.execute(&mut *db).await?;
    // Another process may have been faster.
    opened.extend(kept_keys(db, keys, &missing, held).await?);
    Ok(opened)
}

async fn kept_keys(
    db: &mut AnyConnection,
    keys: &Keys,
    subjects: &[Subject],
    held: &str,
) -> Result<Opened, VaultError> {
    let select = "SELECT subject, key_id, wrapped FROM vault_keys WHERE subject";
    let found = among(select, &hexes(subjects), held).fetch_all(db).await?;
    let opened = found.iter().map(|row| {
        let (subject, id, wrapped): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let subject = Subject::from_hex(&subject).ok_or(VaultError::Sealed { what: "person's key" })?;
        let key = keys.unwrap(subject, &id, &wrapped)?;
        Ok((subject, (id, key)))
    });
    opened.collect()
}

fn hexes(subjects: &[Subject]) -> Vec<String> {
    subjects.iter().map(|subject| subject.to_hex()).collect()
}

/// How many records are kept about each of them; nothing about who has none.
async fn counts_of(
    db: &mut AnyConnection,
    subjects: &[Subject],
) -> Result<HashMap<Subject, i64>, VaultError> {
    let select = "SELECT subject, COUNT(*) FROM vault_records WHERE subject";
    let found = among(select, &hexes(subjects), "GROUP BY subject");
    let found = found.fetch_all(db).await?;
    let counts = found.iter().map(|row| {
        let subject = Subject::from_hex(&row.try_get::<String, _>(0)?);
        let subject = subject.ok_or(VaultError::Sealed { what: "record" })?;
        Ok((subject, row.try_get(1)?))
    });
    counts.collect()
}
