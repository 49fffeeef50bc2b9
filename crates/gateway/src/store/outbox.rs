//! Transactions, and which counter each use record took: written before anything is sent.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use zhengtong_vault::sql::{self, about, rows};

use super::counters::{Counters, counters};
use super::exchange::{begin_first, put_first};
use super::{FirstUse, Store, StoreError, hex, int, read, unsigned};

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Wanted, not signed.
    Wanted,
    /// Signed; perhaps sent.
    Signed,
    /// Final, and did what it should.
    Final,
    /// Final, and reverted.
    Reverted,
}

impl OutboxState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Signed => "signed",
            Self::Final => "final",
            Self::Reverted => "reverted",
        }
    }
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its name.
    pub id: String,
    /// The contract called.
    pub target: Address,
    /// The call.
    pub data: Bytes,
    /// Nonce, signed bytes and hash, once signed.
    pub signed: Option<(u64, Bytes, B256)>,
    /// How far it is.
    pub state: OutboxState,
}

/// A transaction that is signed, before it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRow {
    /// Its name.
    pub id: String,
    /// The contract called.
    pub target: Address,
    /// The call.
    pub data: Bytes,
    /// Its nonce.
    pub nonce: u64,
    /// The signed bytes; of those that share a transaction, the first alone has them.
    pub raw: Option<Bytes>,
    /// Their hash.
    pub hash: B256,
}

/// Those that share a transaction have its nonce and hash; its bytes are with one of them.
const COLUMNS: &str = "SELECT o.id, o.target, o.data, o.nonce, COALESCE(o.raw, (SELECT s.raw FROM outbox s \
     WHERE s.state IN ('signed', 'final', 'reverted') AND s.nonce = o.nonce AND s.hash = o.hash AND s.raw IS NOT NULL \
     LIMIT 1)), o.hash, o.state FROM outbox o";

impl Store {
    /// The counter and tag of the use record for a case and mask: the one it has, or the next free one.
    ///
    /// The counter of a case goes up by one from 0 without a gap, so that the person's walk over the tags finds all.
    /// `skip` leaves one number out, for a test of that walk.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_of(
        &self,
        case_id: B256,
        mask: u32,
        skip: Option<u32>,
        tag_of: impl Fn(u32) -> B256 + Send,
    ) -> Result<(u32, B256), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        let row = sqlx::query("SELECT n, tag FROM uses WHERE case_id = $1 AND mask = $2")
            .bind(hex(case_id))
            .bind(int(mask))
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(row) = row {
            let (n, tag): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            return Ok((unsigned("n", n)?, read("tag", &tag)?));
        }
        let n = counters(&mut transaction, &[case_id]).await?.first_free(case_id);
        let n = if skip.is_some_and(|skip| skip <= n) {
            n + 1
        } else {
            n
        };
        let tag = tag_of(n);
        sqlx::query("INSERT INTO uses (case_id, mask, n, tag) VALUES ($1, $2, $3, $4)")
            .bind(hex(case_id))
            .bind(int(mask))
            .bind(i64::from(n))
            .bind(hex(tag))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok((n, tag))
    }

    /// The tag that an ask has taken, if it has one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn taken_tag(&self, case_id: B256, mask: u32) -> Result<Option<B256>, StoreError> {
        let tag: Option<String> = sqlx::query_scalar("SELECT tag FROM uses WHERE case_id = $1 AND mask = $2")
            .bind(hex(case_id))
            .bind(int(mask))
            .fetch_optional(&self.reads)
            .await?;
        tag.map(|tag| read("tag", &tag)).transpose()
    }

    /// The final transaction that put a use of this organisation on record.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recorded(&self, tag: B256) -> Result<Option<B256>, StoreError> {
        let hash: Option<String> = sqlx::query_scalar("SELECT tx_hash FROM recorded WHERE tag = $1")
            .bind(hex(tag))
            .fetch_optional(&self.reads)
            .await?;
        hash.map(|hash| read("transaction hash", &hash)).transpose()
    }

    /// The transaction of that name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn transaction(&self, id: &str) -> Result<Option<OutboxRow>, StoreError> {
        let query = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE o.id = $1"));
        let row = sqlx::query(query)
            .bind(id.to_owned())
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(transaction).transpose()
    }

    /// Signed transactions that are not final, by nonce.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unfinished(&self) -> Result<Vec<OutboxRow>, StoreError> {
        let query = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE o.state = 'signed' ORDER BY o.nonce"));
        sqlx::query(query)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(transaction)
            .collect()
    }

    /// The oldest root of the status list that was begun and is not final.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unfinished_status_root(&self) -> Result<Option<OutboxRow>, StoreError> {
        // Named by their jobs in stores of an earlier version.
        let query = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE (o.id LIKE 'status/%' OR o.id LIKE 'status-root/%') AND o.state <> 'final' \
             ORDER BY o.id LIMIT 1"
        ));
        let row = sqlx::query(query).fetch_optional(&self.reads).await?;
        row.as_ref().map(transaction).transpose()
    }

    /// The number and the call of the last root that is final; 0 and `None` if there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn last_status_root(&self) -> Result<(u64, Option<Bytes>), StoreError> {
        let query = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE o.id LIKE 'status-root/%' AND o.state = 'final' ORDER BY o.id DESC LIMIT 1"
        ));
        let Some(row) = sqlx::query(query).fetch_optional(&self.reads).await? else {
            return Ok((0, None));
        };
        let row = transaction(&row)?;
        let number = row.id.rsplit('/').next().and_then(|number| number.parse().ok());
        Ok((number.ok_or(StoreError::Malformed("outbox"))?, Some(row.data)))
    }

    /// Begins to write down transactions that are sent together. Nothing is kept before [`Batch::commit`].
    ///
    /// # Errors
    /// The database fails.
    pub async fn batch(&self) -> Result<Batch, StoreError> {
        Ok(Batch(sql::begin(&self.pool).await?))
    }

    /// Use records of exchanges that are wanted and not signed, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wanted_exchanges(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let query = sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE o.state = 'wanted' AND o.id LIKE 'exchange/%' ORDER BY o.id LIMIT $1"
        ));
        let rows = sqlx::query(query).bind(int(limit)).fetch_all(&self.reads).await?;
        rows.iter().map(transaction).collect()
    }

    /// Forgets the signed bytes, with those that share them: the chain refused them, or another transaction took the nonce.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unsign(&self, id: &str) -> Result<(), StoreError> {
        let mut db = sql::begin(&self.pool).await?;
        if let Some(shared) = shared(&mut db, id).await? {
            unsign_all(&mut db, &shared).await?;
        }
        sqlx::query(sqlx::AssertSqlSafe(format!("{UNSIGN} WHERE id = $1")))
            .bind(id.to_owned())
            .execute(&mut *db)
            .await?;
        Ok(db.commit().await?)
    }

    /// Takes note that a transaction reverted. Whether it was this one's alone; otherwise nobody knows which of its calls was
    /// refused, and all of them are wanted again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn reverted(&self, id: &str, hash: B256) -> Result<bool, StoreError> {
        let mut db = sql::begin(&self.pool).await?;
        let shared = shared(&mut db, id).await?;
        // Otherwise one that shared it was here before.
        let Some(shared) = shared.filter(|shared| shared.hash == hex(hash)) else {
            return Ok(false);
        };
        let is_alone = shared.calls == 1;
        if is_alone {
            set_state(&mut db, id, OutboxState::Reverted).await?;
        } else {
            unsign_all(&mut db, &shared).await?;
        }
        db.commit().await?;
        Ok(is_alone)
    }

    /// Nonces of signed transactions that are not final.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signed_nonces(&self) -> Result<BTreeSet<u64>, StoreError> {
        let nonces: Vec<i64> = sqlx::query_scalar("SELECT nonce FROM outbox WHERE state = 'signed'")
            .fetch_all(&self.reads)
            .await?;
        nonces.into_iter().map(|nonce| unsigned("nonce", nonce)).collect()
    }

    /// Forgets a use record that the contract refused, so that its counter is free again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_use(
        &self,
        case_id: B256,
        mask: u32,
        transaction_id: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        sqlx::query("DELETE FROM uses WHERE case_id = $1 AND mask = $2")
            .bind(hex(case_id))
            .bind(int(mask))
            .execute(&mut *transaction)
            .await?;
        delete_reverted(&mut transaction, transaction_id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets a transaction that reverted, so that it can be made anew.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_reverted(&self, id: &str) -> Result<(), StoreError> {
        delete_reverted(&mut *self.pool.acquire().await?, id).await
    }

    /// Sets how far it is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_transaction(&self, id: &str, state: OutboxState) -> Result<(), StoreError> {
        set_state(&mut *self.pool.acquire().await?, id, state).await
    }
}

/// A signed transaction, and how many calls it makes.
struct Shared {
    nonce: i64,
    hash: String,
    calls: i64,
}

const UNSIGN: &str = "UPDATE outbox SET nonce = NULL, raw = NULL, hash = NULL, state = 'wanted'";

/// The transaction that makes this call; `None` if it is not signed, or done.
async fn shared(db: &mut AnyConnection, id: &str) -> Result<Option<Shared>, StoreError> {
    let row = sqlx::query("SELECT nonce, hash FROM outbox WHERE id = $1 AND state = 'signed'")
        .bind(id.to_owned())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (nonce, hash): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let calls =
        sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state = 'signed' AND nonce = $1 AND hash = $2")
            .bind(nonce)
            .bind(hash.clone())
            .fetch_one(db)
            .await?;
    Ok(Some(Shared { nonce, hash, calls }))
}

async fn unsign_all(db: &mut AnyConnection, shared: &Shared) -> Result<(), StoreError> {
    let query = format!("{UNSIGN} WHERE state = 'signed' AND nonce = $1 AND hash = $2");
    sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(shared.nonce)
        .bind(shared.hash.clone())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes note that transactions are final, and did what they should.
pub(super) async fn set_final(db: &mut AnyConnection, ids: &[&str]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let places = rows(ids.len(), 1);
    let mut query = about(
        ids.len(),
        format!("UPDATE outbox SET state = 'final' WHERE id IN (VALUES {places})"),
    );
    for id in ids {
        query = query.bind((*id).to_owned());
    }
    query.execute(db).await?;
    Ok(())
}

/// Sets how far a transaction is.
async fn set_state(db: &mut AnyConnection, id: &str, state: OutboxState) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET state = $2 WHERE id = $1")
        .bind(id.to_owned())
        .bind(state.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Transactions that are written down together, before any of them is sent.
pub struct Batch(sqlx::Transaction<'static, sqlx::Any>);

/// How the first use of a request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// With a counter.
    New,
    /// Not at all: the message came before.
    Replayed,
    /// Not here: the request is known already. The nonce is used up.
    Known,
}

impl Batch {
    /// Uses up the nonces of messages, and says how the first uses of their requests begin, in the same order.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begin_first(&mut self, firsts: &[&FirstUse]) -> Result<Vec<Begun>, StoreError> {
        begin_first(&mut self.0, firsts).await
    }

    /// Which counters uses of these cases have.
    ///
    /// # Errors
    /// The database fails.
    pub async fn counters(&mut self, cases: &[B256]) -> Result<Counters, StoreError> {
        counters(&mut self.0, cases).await
    }

    /// Keeps counters and tags of first uses, with their requests.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_first(&mut self, taken: &[(&FirstUse, u32, B256)]) -> Result<(), StoreError> {
        put_first(&mut self.0, taken).await
    }

    /// Keeps signed bytes.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_signed(&mut self, signed: &[SignedRow]) -> Result<(), StoreError> {
        if signed.is_empty() {
            return Ok(());
        }
        let mut query = about(
            signed.len(),
            format!(
                "INSERT INTO outbox (id, target, data, nonce, raw, hash, state) VALUES {} ON CONFLICT (id) DO UPDATE \
                 SET nonce = excluded.nonce, raw = excluded.raw, hash = excluded.hash, state = excluded.state \
                 WHERE outbox.state = 'wanted'",
                rows(signed.len(), 7)
            ),
        );
        for row in signed {
            query = query
                .bind(row.id.clone())
                .bind(hex(row.target))
                .bind(hex(&row.data))
                .bind(int(row.nonce))
                .bind(row.raw.as_ref().map(hex))
                .bind(hex(row.hash))
                .bind(OutboxState::Signed.as_str());
        }
        query.execute(&mut *self.0).await?;
        Ok(())
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// The database fails: then nothing was kept.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

/// The name of the transaction that publishes the status list's root for the `number`th time; sorts by it.
pub fn status_root_id(number: u64) -> String {
    format!("status-root/{number:012}")
}

fn transaction(row: &AnyRow) -> Result<OutboxRow, StoreError> {
    let text = |index: usize| row.try_get::<String, _>(index);
    let state = match text(6)?.as_str() {
        "wanted" => OutboxState::Wanted,
        "signed" => OutboxState::Signed,
        "final" => OutboxState::Final,
        "reverted" => OutboxState::Reverted,
        _ => return Err(StoreError::Malformed("outbox")),
    };
    let signed = if state == OutboxState::Wanted {
        None
    } else {
        let nonce = unsigned("nonce", row.try_get(3)?)?;
        Some((
            nonce,
            read("raw transaction", &text(4)?)?,
            read("transaction hash", &text(5)?)?,
        ))
    };
    Ok(OutboxRow {
        id: text(0)?,
        target: read("target", &text(1)?)?,
        data: read("call", &text(2)?)?,
        signed,
        state,
    })
}

/// Deletes a transaction if it reverted.
pub(super) async fn delete_reverted(db: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox WHERE id = $1 AND state = 'reverted'")
        .bind(id.to_owned())
        .execute(db)
        .await?;
    Ok(())
}
