//! Exchange of records: keys of the others, messages seen, use records taken, refusals.

use alloy_primitives::{Address, B256};
use sqlx::{AnyConnection, Row};

use super::group::{Write, Written};
use super::outbox::delete_reverted;
use super::{Store, StoreError, hex, int, read, unsigned};
use crate::app::project::Ask;

/// The most refusals that are kept; older ones go first.
pub const MAX_ATTEMPTS_KEPT: i64 = 10_000;

/// A request for a record, as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRow {
    /// SHA-256 of its content.
    pub digest: B256,
    /// The use record's counter and tag, once it has one.
    pub taken: Option<(u32, B256)>,
    /// What was answered, once it was; empty again when it is too old to be asked for.
    pub answer: String,
    /// When it came, unix milliseconds.
    pub made_ms: u64,
}

/// What is written down of a request before its use record is sent, all at once.
#[derive(Clone)]
pub struct FirstUse {
    /// Who asks.
    pub consumer: String,
    /// The nonce of the message, and when it may be forgotten, unix seconds.
    pub nonce: (String, u64),
    /// The request's id.
    pub id: B256,
    /// SHA-256 of its content.
    pub digest: B256,
    /// The case.
    pub case_id: B256,
    /// When it came, unix milliseconds.
    pub made_ms: u64,
}

/// A consent as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// Its id.
    pub id: B256,
    /// To whom.
    pub provider: B256,
    /// For which service.
    pub service: B256,
    /// The first second at which it no longer holds.
    pub until_s: u64,
    /// Whether the first use uses it up.
    pub once: bool,
    /// Whether it was withdrawn.
    pub revoked: bool,
}

impl ConsentRow {
    /// Whether it was given for this, and is neither withdrawn nor over. Whether it is used up is another question.
    pub fn holds(&self, provider: B256, service: B256, now_s: u64) -> bool {
        !self.revoked && now_s < self.until_s && self.provider == provider && self.service == service
    }
}

/// Which way a refused message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This gateway refused it.
    In,
    /// Another gateway, or this one before it asked.
    Out,
}

impl Direction {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// A refusal. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// `in` or `out`.
    pub direction: String,
    /// The other organisation as it called itself; empty if it did not.
    pub peer: String,
    /// The case it was about; empty if that is not known.
    pub case_id: String,
    /// The request's id; empty if that is not known.
    pub request: String,
    /// The word of the reason.
    pub reason: String,
}

impl Store {
    /// Keeps where an organisation is reached, and its encryption key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_organisation_keys(
        &self,
        id: B256,
        encryption: B256,
        gateway: &str,
    ) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        put_organisation_keys(&mut connection, id, encryption, gateway).await?;
        self.known.forget();
        Ok(())
    }

    /// The encryption key and the gateway's address of an organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organisation_keys(&self, id: B256) -> Result<Option<(B256, String)>, StoreError> {
        let since = match self.known.get(|facts| &mut facts.keys, &id) {
            Ok(known) => return Ok(Some(known)),
            Err(since) => since,
        };
        let row = sqlx::query("SELECT encryption, gateway FROM organisation_keys WHERE id = $1")
            .bind(hex(id))
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let encryption: String = row.try_get(0)?;
        let found: (B256, String) = (read("encryption key", &encryption)?, row.try_get(1)?);
        self.known.put(|facts| &mut facts.keys, since, id, found.clone());
        Ok(Some(found))
    }

    /// How many organisations' keys are known.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organisation_key_count(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM organisation_keys")
            .fetch_one(&self.reads)
            .await?)
    }

    /// Whether a nonce was used before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_exchange_nonce_used(&self, consumer: &str, nonce: &str) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT expires_s FROM exchange_nonces WHERE consumer = $1 AND nonce = $2")
                .bind(consumer.to_owned())
                .bind(nonce.to_owned())
                .fetch_optional(&self.reads)
                .await?;
        Ok(found.is_some())
    }

    /// Uses a nonce up; `false` if it was used before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_exchange_nonce(
        &self,
        consumer: &str,
        nonce: &str,
        expires_s: u64,
    ) -> Result<bool, StoreError> {
        let (consumer, nonce) = (consumer.to_owned(), nonce.to_owned());
        match self
            .group
            .write(Write::Nonce {
                consumer,
                nonce,
                expires_s,
            })
            .await?
        {
            Written::Nonce(is_new) => Ok(is_new),
            _ => Err(StoreError::Malformed("nonce")),
        }
    }

    /// The request with this id; made if it is new.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begin_exchange(
        &self,
        consumer: &str,
        id: B256,
        digest: B256,
        case_id: B256,
        now_ms: u64,
    ) -> Result<ExchangeRow, StoreError> {
        let consumer = consumer.to_owned();
        match self
            .group
            .write(Write::Begin {
                consumer,
                id,
                digest,
                case_id,
                now_ms,
            })
            .await?
        {
            Written::Begun(row) => Ok(row),
            _ => Err(StoreError::Malformed("exchange")),
        }
    }

    /// The request with this id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn exchange(&self, consumer: &str, id: B256) -> Result<Option<ExchangeRow>, StoreError> {
        let mut connection = self.reads.acquire().await?;
        find(&mut connection, consumer, id).await
    }

    /// The counter and tag of the use record for a request: the ones it has, or the first that are free.
    ///
    /// Uses of a case share one counter, whatever they are for. Those for a record stand in `uses` under a negative mask,
    /// which no answer to predicates has.
    ///
    /// # Errors
    /// The database fails.
    pub async fn exchange_use(
        &self,
        consumer: &str,
        id: B256,
        case_id: B256,
        tag_of: impl Fn(u32) -> B256 + Send + Sync + 'static,
    ) -> Result<(u32, B256), StoreError> {
        let (consumer, tag_of) = (consumer.to_owned(), std::sync::Arc::new(tag_of));
        match self
            .group
            .write(Write::Use {
                consumer,
                id,
                case_id,
                tag_of,
            })
            .await?
        {
            Written::Use(n, tag) => Ok((n, tag)),
            _ => Err(StoreError::Malformed("use")),
        }
    }

    /// Keeps what was answered, sealed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn answer_exchange(&self, consumer: &str, id: B256, answer: &str) -> Result<(), StoreError> {
        let (consumer, answer) = (consumer.to_owned(), answer.to_owned());
        self.group
            .write(Write::Answer { consumer, id, answer })
            .await
            .map(drop)
    }

    /// Takes note that a transaction is final when there is time: should that be lost, it is found out again.
    pub fn settled(&self, id: &str, state: super::OutboxState) {
        self.group.write_later(Write::Settled {
            id: id.to_owned(),
            state,
        });
    }

    /// Frees the counter of a use record that the contract refused, and forgets its transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_exchange_use(
        &self,
        consumer: &str,
        id: B256,
        tag: B256,
        transaction_id: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("DELETE FROM uses WHERE tag = $1")
            .bind(hex(tag))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE exchanges SET n = -1, tag = '' WHERE consumer = $1 AND id = $2")
            .bind(consumer.to_owned())
            .bind(hex(id))
            .execute(&mut *transaction)
            .await?;
        delete_reverted(&mut transaction, transaction_id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets nonces that expired, answers of requests made before `answers_ms`, and the oldest refusals.
    ///
    /// # Errors
    /// The database fails.
    pub async fn clean_exchanges(&self, now_s: u64, answers_ms: u64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM exchange_nonces WHERE expires_s < $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        sqlx::query("UPDATE exchanges SET answer = '' WHERE made_ms < $1 AND answer <> ''")
            .bind(int(answers_ms))
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "DELETE FROM exchange_attempts WHERE id NOT IN \
             (SELECT id FROM exchange_attempts ORDER BY id DESC LIMIT $1)",
        )
        .bind(MAX_ATTEMPTS_KEPT)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Keeps a refusal. `unique` tells those of one millisecond apart.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_attempt(&self, attempt: &AttemptRow, unique: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO exchange_attempts (id, at_ms, direction, peer, case_id, request, reason) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(format!("{:015}-{unique}", attempt.at_ms))
        .bind(int(attempt.at_ms))
        .bind(attempt.direction.clone())
        .bind(attempt.peer.clone())
        .bind(attempt.case_id.clone())
        .bind(attempt.request.clone())
        .bind(attempt.reason.clone())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The last refusals, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempts(&self, limit: usize) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, direction, peer, case_id, request, reason FROM exchange_attempts ORDER BY id DESC LIMIT $1",
        )
        .bind(int(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AttemptRow {
                    at_ms: unsigned("at_ms", row.try_get(0)?)?,
                    direction: row.try_get(1)?,
                    peer: row.try_get(2)?,
                    case_id: row.try_get(3)?,
                    request: row.try_get(4)?,
                    reason: row.try_get(5)?,
                })
            })
            .collect()
    }

    /// What this organisation was asked for in a case.
    ///
    /// # Errors
    /// The database fails.
    pub async fn asks(&self, case_id: B256) -> Result<Vec<Ask>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM jobs WHERE case_id = $1 AND kind = 'ask' ORDER BY seq")
            .bind(hex(case_id))
            .fetch_all(&self.reads)
            .await?;
        rows.iter()
            .map(|row| {
                let (seq, body): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
                Ask::from_body(case_id, unsigned("seq", seq)?, &body).ok_or(StoreError::Malformed("ask"))
            })
            .collect()
    }

    /// A consent of a case's key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consent(&self, id: B256, grantor: Address) -> Result<Option<ConsentRow>, StoreError> {
        let found = self.consents_of(grantor).await?;
        Ok(found.into_iter().find(|consent| consent.id == id))
    }

    /// Every consent of a case's key, the one that holds longest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consents_of(&self, grantor: Address) -> Result<Vec<ConsentRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, provider, service, until_s, once, revoked FROM consents WHERE grantor = $1 ORDER BY until_s DESC LIMIT 64",
        )
        .bind(hex(grantor))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let text = |index: usize| row.try_get::<String, _>(index);
                Ok(ConsentRow {
                    id: read("consent", &text(0)?)?,
                    provider: read("provider", &text(1)?)?,
                    service: read("service", &text(2)?)?,
                    until_s: unsigned("until_s", row.try_get(3)?)?,
                    once: row.try_get::<i64, _>(4)? != 0,
                    revoked: row.try_get::<i64, _>(5)? != 0,
                })
            })
            .collect()
    }

    /// Whether a use of a case that rests on this basis is on record, other than the one under this tag.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_used(
        &self,
        case_id: B256,
        basis: B256,
        except: Option<B256>,
    ) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM recorded WHERE case_id = $1 AND basis = $2 AND tag <> $3 LIMIT 1",
        )
        .bind(hex(case_id))
        .bind(hex(basis))
        .bind(except.map(hex).unwrap_or_default())
        .fetch_optional(&self.reads)
        .await?;
        Ok(found.is_some())
    }
}

pub(super) async fn take_nonce(
    db: &mut AnyConnection,
    consumer: &str,
    nonce: &str,
    expires_s: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO exchange_nonces (consumer, nonce, expires_s) VALUES ($1, $2, $3) \
         ON CONFLICT (consumer, nonce) DO NOTHING",
    )
    .bind(consumer.to_owned())
    .bind(nonce.to_owned())
    .bind(int(expires_s))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn begin(
    db: &mut AnyConnection,
    consumer: &str,
    id: B256,
    digest: B256,
    case_id: B256,
    now_ms: u64,
) -> Result<ExchangeRow, StoreError> {
    sqlx::query(
        "INSERT INTO exchanges (consumer, id, digest, case_id, n, tag, answer, made_ms) \
         VALUES ($1, $2, $3, $4, -1, '', '', $5) ON CONFLICT (consumer, id) DO NOTHING",
    )
    .bind(consumer.to_owned())
    .bind(hex(id))
    .bind(hex(digest))
    .bind(hex(case_id))
    .bind(int(now_ms))
    .execute(&mut *db)
    .await?;
    find(db, consumer, id)
        .await?
        .ok_or(StoreError::Malformed("exchange"))
}

async fn find(db: &mut AnyConnection, consumer: &str, id: B256) -> Result<Option<ExchangeRow>, StoreError> {
    let row =
        sqlx::query("SELECT digest, n, tag, answer, made_ms FROM exchanges WHERE consumer = $1 AND id = $2")
            .bind(consumer.to_owned())
            .bind(hex(id))
            .fetch_optional(db)
            .await?;
    row.map(|row| {
        let (digest, n, tag): (String, i64, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let taken = match n {
            -1 => None,
            n => Some((unsigned("n", n)?, read("tag", &tag)?)),
        };
        Ok(ExchangeRow {
            digest: read("digest", &digest)?,
            taken,
            answer: row.try_get(3)?,
            made_ms: unsigned("made_ms", row.try_get(4)?)?,
        })
    })
    .transpose()
}

/// Takes nonce, request and counter of a first use at once. `None` if the nonce was used; the counter is `None` if the
/// request is known already.
pub(super) async fn begin_first(
    db: &mut AnyConnection,
    first: &FirstUse,
) -> Result<Option<Option<u32>>, StoreError> {
    let (nonce, expires_s) = &first.nonce;
    if !take_nonce(db, &first.consumer, nonce, *expires_s).await? {
        return Ok(None);
    }
    let known: Option<String> =
        sqlx::query_scalar("SELECT digest FROM exchanges WHERE consumer = $1 AND id = $2")
            .bind(first.consumer.clone())
            .bind(hex(first.id))
            .fetch_optional(&mut *db)
            .await?;
    if known.is_some() {
        return Ok(Some(None));
    }
    Ok(Some(Some(first_free(db, first.case_id).await?)))
}

/// Writes down the counter and tag of a first use.
pub(super) async fn put_first(
    db: &mut AnyConnection,
    first: &FirstUse,
    n: u32,
    tag: B256,
) -> Result<(), StoreError> {
    put_use(db, first.case_id, n, tag).await?;
    sqlx::query(
        "INSERT INTO exchanges (consumer, id, digest, case_id, n, tag, answer, made_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, '', $7)",
    )
    .bind(first.consumer.clone())
    .bind(hex(first.id))
    .bind(hex(first.digest))
    .bind(hex(first.case_id))
    .bind(i64::from(n))
    .bind(hex(tag))
    .bind(int(first.made_ms))
    .execute(db)
    .await?;
    Ok(())
}

async fn put_use(db: &mut AnyConnection, case_id: B256, n: u32, tag: B256) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO uses (case_id, mask, n, tag) VALUES ($1, $2, $3, $4)")
        .bind(hex(case_id))
        .bind(-1 - i64::from(n))
        .bind(i64::from(n))
        .bind(hex(tag))
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn take_use(
    db: &mut AnyConnection,
    consumer: &str,
    id: B256,
    case_id: B256,
    tag_of: &(dyn Fn(u32) -> B256 + Send + Sync),
) -> Result<(u32, B256), StoreError> {
    let kept = find(db, consumer, id)
        .await?
        .ok_or(StoreError::Malformed("exchange"))?;
    if let Some(taken) = kept.taken {
        return Ok(taken);
    }
    let n = first_free(db, case_id).await?;
    let tag = tag_of(n);
    put_use(db, case_id, n, tag).await?;
    sqlx::query("UPDATE exchanges SET n = $3, tag = $4 WHERE consumer = $1 AND id = $2")
        .bind(consumer.to_owned())
        .bind(hex(id))
        .bind(i64::from(n))
        .bind(hex(tag))
        .execute(db)
        .await?;
    Ok((n, tag))
}

pub(super) async fn answer(
    db: &mut AnyConnection,
    consumer: &str,
    id: B256,
    answer: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE exchanges SET answer = $3 WHERE consumer = $1 AND id = $2")
        .bind(consumer.to_owned())
        .bind(hex(id))
        .bind(answer.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn put_organisation_keys(
    db: &mut AnyConnection,
    id: B256,
    encryption: B256,
    gateway: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO organisation_keys (id, encryption, gateway) VALUES ($1, $2, $3) ON CONFLICT (id) \
         DO UPDATE SET encryption = excluded.encryption, gateway = excluded.gateway",
    )
    .bind(hex(id))
    .bind(hex(encryption))
    .bind(gateway.to_owned())
    .execute(db)
    .await?;
    Ok(())
}

/// The smallest counter of a case that no use has: the person walks them without a gap.
pub(super) async fn first_free(db: &mut AnyConnection, case_id: B256) -> Result<u32, StoreError> {
    let taken: Vec<i64> = sqlx::query_scalar("SELECT n FROM uses WHERE case_id = $1 ORDER BY n")
        .bind(hex(case_id))
        .fetch_all(db)
        .await?;
    let free = taken.iter().enumerate().find(|(place, n)| int(*place) != **n);
    unsigned("n", int(free.map_or(taken.len(), |(place, _)| place)))
}
