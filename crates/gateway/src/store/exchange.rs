//! Exchange of records: keys of the others, messages seen, use records taken, refusals.

use std::collections::HashSet;

use alloy_primitives::{Address, B256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use zhengtong_vault::Subject;
use zhengtong_vault::sql::{self, about, rows};

use super::counters::counters;
use super::group::{Write, Written};
use super::outbox::{Begun, delete_reverted};
use super::{Store, StoreError, hex, int, read, unsigned};

/// The most refusals of one sender and direction that are kept; its older ones go first. All senders that are not known for
/// sure are one, so that nobody can push out what others did.
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
    /// The other organisation; empty if it is not known for sure.
    pub peer: String,
    /// The organisation that the sender called itself, where that is not known for sure. It counts for nobody.
    pub claimed: String,
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
            .ask(Write::Nonce {
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
            .ask(Write::Begin {
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
            .ask(Write::Use {
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

    /// Keeps what was answered, sealed, unless the case is no longer linked to whom it was answered about: whoever was
    /// deleted meanwhile leaves nothing here.
    ///
    /// # Errors
    /// The database fails.
    pub async fn answer_exchange(
        &self,
        consumer: &str,
        id: B256,
        subject: Option<Subject>,
        answer: &str,
    ) -> Result<(), StoreError> {
        let write = Write::Answer {
            consumer: consumer.to_owned(),
            id,
            subject: subject.map_or_else(String::new, |subject| subject.to_hex()),
            answer: answer.to_owned(),
        };
        self.group.ask(write).await.map(drop)
    }

    /// Takes note that a transaction is final when there is time: should that be lost, it is found out again.
    pub fn settled(&self, id: &str) {
        self.group.ask_later(Write::Settled { id: id.to_owned() });
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
        let mut transaction = sql::begin(&self.pool).await?;
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
        self.clean_attempts(MAX_ATTEMPTS_KEPT).await
    }

    /// Forgets each sender's oldest refusals, beyond as many as are kept of each.
    async fn clean_attempts(&self, keep: i64) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM exchange_attempts WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER \
             (PARTITION BY direction, peer ORDER BY id DESC) AS place FROM exchange_attempts) AS ranked \
             WHERE place > $1)",
        )
        .bind(keep)
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
            "INSERT INTO exchange_attempts (id, at_ms, direction, peer, case_id, request, reason, claimed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(format!("{:015}-{unique}", attempt.at_ms))
        .bind(int(attempt.at_ms))
        .bind(attempt.direction.clone())
        .bind(attempt.peer.clone())
        .bind(attempt.case_id.clone())
        .bind(attempt.request.clone())
        .bind(attempt.reason.clone())
        .bind(attempt.claimed.clone())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The last refusals of each sender and direction, newest first; all senders that are not known for sure are one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempts(&self, limit: usize) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, direction, peer, case_id, request, reason, claimed FROM (SELECT id, at_ms, direction, peer, \
             case_id, request, reason, claimed, ROW_NUMBER() OVER (PARTITION BY direction, peer ORDER BY id DESC) AS place \
             FROM exchange_attempts) AS ranked WHERE place <= $1 ORDER BY id DESC",
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
                    claimed: row.try_get(6)?,
                })
            })
            .collect()
    }

    /// A consent of a case's key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consent(&self, id: B256, grantor: Address) -> Result<Option<ConsentRow>, StoreError> {
        let row = sqlx::query(
            "SELECT id, provider, service, until_s, once, revoked FROM consents WHERE id = $1 AND grantor = $2",
        )
        .bind(hex(id))
        .bind(hex(grantor))
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| consent_at(&row, 0)).transpose()
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
        let query = format!("SELECT {}", uses_on("$1", "$2", "$3"));
        let uses: i64 = sqlx::query_scalar(AssertSqlSafe(query))
            .bind(hex(case_id))
            .bind(hex(basis))
            .bind(except.map(hex).unwrap_or_default())
            .fetch_one(&self.reads)
            .await?;
        Ok(uses > 0)
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
    row.map(|row| exchange_at(&row, 0)).transpose()
}

/// The request in the columns digest, n, tag, answer and made_ms of a row, from `first` on.
pub(super) fn exchange_at(row: &AnyRow, first: usize) -> Result<ExchangeRow, StoreError> {
    let (digest, n, tag): (String, i64, String) = (
        row.try_get(first)?,
        row.try_get(first + 1)?,
        row.try_get(first + 2)?,
    );
    let taken = match n {
        -1 => None,
        n => Some((unsigned("n", n)?, read("tag", &tag)?)),
    };
    Ok(ExchangeRow {
        digest: read("digest", &digest)?,
        taken,
        answer: row.try_get(first + 3)?,
        made_ms: unsigned("made_ms", row.try_get(first + 4)?)?,
    })
}

/// The consent in the columns id, provider, service, until_s, once and revoked of a row, from `first` on.
pub(super) fn consent_at(row: &AnyRow, first: usize) -> Result<ConsentRow, StoreError> {
    let text = |index: usize| row.try_get::<String, _>(first + index);
    Ok(ConsentRow {
        id: read("consent", &text(0)?)?,
        provider: read("provider", &text(1)?)?,
        service: read("service", &text(2)?)?,
        until_s: unsigned("until_s", row.try_get(first + 3)?)?,
        once: row.try_get::<i64, _>(first + 4)? != 0,
        revoked: row.try_get::<i64, _>(first + 5)? != 0,
    })
}

/// How many uses of a case rest on a basis, but for the one under a tag; each is a place or a column.
pub(super) fn uses_on(case_id: &str, basis: &str, except: &str) -> String {
    format!(
        "(SELECT COUNT(*) FROM recorded r WHERE r.case_id = {case_id} AND r.basis = {basis} AND r.tag <> {except})"
    )
}

/// Uses up the nonces of messages, and says how the first uses of their requests begin.
pub(super) async fn begin_first(
    db: &mut AnyConnection,
    firsts: &[&FirstUse],
) -> Result<Vec<Begun>, StoreError> {
    if firsts.is_empty() {
        return Ok(Vec::new());
    }
    let places = rows(firsts.len(), 3);
    let mut nonces = about(
        firsts.len(),
        format!(
            "INSERT INTO exchange_nonces (consumer, nonce, expires_s) VALUES {places} \
             ON CONFLICT (consumer, nonce) DO NOTHING RETURNING consumer, nonce"
        ),
    );
    let places = rows(firsts.len(), 2);
    let mut requests = about(
        firsts.len(),
        format!(
            "WITH asked (consumer, id) AS (VALUES {places}) SELECT e.consumer, e.id FROM asked \
             JOIN exchanges e ON e.consumer = asked.consumer AND e.id = asked.id"
        ),
    );
    for first in firsts {
        let (nonce, expires_s) = &first.nonce;
        nonces = nonces
            .bind(first.consumer.clone())
            .bind(nonce.clone())
            .bind(int(*expires_s));
        requests = requests.bind(first.consumer.clone()).bind(hex(first.id));
    }
    let pair = |row: &AnyRow| Ok::<(String, String), StoreError>((row.try_get(0)?, row.try_get(1)?));
    let new = nonces.fetch_all(&mut *db).await?;
    let mut new: HashSet<_> = new.iter().map(pair).collect::<Result<_, _>>()?;
    let known = requests.fetch_all(&mut *db).await?;
    let mut known: HashSet<_> = known.iter().map(pair).collect::<Result<_, _>>()?;
    let begun = firsts.iter().map(|first| {
        if !new.remove(&(first.consumer.clone(), first.nonce.0.clone())) {
            Begun::Replayed
        } else if !known.insert((first.consumer.clone(), hex(first.id))) {
            Begun::Known
        } else {
            Begun::New
        }
    });
    Ok(begun.collect())
}

/// Writes down counters and tags of first uses, with their requests.
pub(super) async fn put_first(
    db: &mut AnyConnection,
    taken: &[(&FirstUse, u32, B256)],
) -> Result<(), StoreError> {
    if taken.is_empty() {
        return Ok(());
    }
    let (uses, requests) = (rows(taken.len(), 4), rows(taken.len(), 8));
    let mut uses = about(
        taken.len(),
        format!("INSERT INTO uses (case_id, mask, n, tag) VALUES {uses}"),
    );
    let mut requests = about(
        taken.len(),
        format!(
            "INSERT INTO exchanges (consumer, id, digest, case_id, n, tag, answer, made_ms) VALUES {requests}"
        ),
    );
    for (first, n, tag) in taken {
        uses = uses
            .bind(hex(first.case_id))
            .bind(mask_of(*n))
            .bind(i64::from(*n))
            .bind(hex(tag));
        requests = requests
            .bind(first.consumer.clone())
            .bind(hex(first.id))
            .bind(hex(first.digest))
            .bind(hex(first.case_id))
            .bind(i64::from(*n))
            .bind(hex(tag))
            .bind("")
            .bind(int(first.made_ms));
    }
    uses.execute(&mut *db).await?;
    requests.execute(db).await?;
    Ok(())
}

/// What stands in `uses` in place of a mask where a use is for a record: no answer to predicates has it.
fn mask_of(n: u32) -> i64 {
    -1 - i64::from(n)
}

async fn put_use(db: &mut AnyConnection, case_id: B256, n: u32, tag: B256) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO uses (case_id, mask, n, tag) VALUES ($1, $2, $3, $4)")
        .bind(hex(case_id))
        .bind(mask_of(n))
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
    let n = counters(db, &[case_id]).await?.first_free(case_id);
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

/// What was answered to a request.
pub(super) struct Answer<'a> {
    pub consumer: &'a str,
    pub id: B256,
    pub subject: &'a str,
    pub answer: &'a str,
}

/// Whoever is deleted at this moment is so before an answer about them is written, or after: not in between, where the
/// statement still sees who is linked, and the deletion not yet what is written. In the order of cases, as a deletion goes
/// through them. SQLite has one writer at a time.
const HELD: &str = "ORDER BY l.case_id FOR SHARE OF l";

pub(super) async fn answer(
    db: &mut AnyConnection,
    answers: &[Answer<'_>],
    is_postgres: bool,
) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    let places = rows(answers.len(), 4);
    let held = if is_postgres { HELD } else { "" };
    let mut query = about(
        answers.len(),
        format!(
            "WITH given (consumer, id, subject, answer) AS (VALUES {places}), \
             linked AS (SELECT e.consumer, e.id, g.answer FROM given g \
             JOIN exchanges e ON e.consumer = g.consumer AND e.id = g.id \
             JOIN links l ON l.case_id = e.case_id AND l.subject = g.subject {held}) \
             UPDATE exchanges SET answer = linked.answer FROM linked \
             WHERE exchanges.consumer = linked.consumer AND exchanges.id = linked.id"
        ),
    );
    for one in answers {
        query = query
            .bind(one.consumer.to_owned())
            .bind(hex(one.id))
            .bind(one.subject.to_owned())
            .bind(one.answer.to_owned());
    }
    query.execute(db).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn first(id: u8, nonce: &str) -> FirstUse {
        FirstUse {
            consumer: "civil-affairs".to_owned(),
            nonce: (nonce.to_owned(), 1_000),
            id: B256::repeat_byte(id),
            digest: B256::repeat_byte(id),
            case_id: B256::repeat_byte(9),
            made_ms: 1,
        }
    }

    #[tokio::test]
    async fn what_strangers_send_pushes_nobody_elses_refusal_out() {
        let folder = tempfile::tempdir().unwrap();
        let url = zhengtong_vault::sql::sqlite_url(&folder.path().join("store.db"));
        let store = Store::open(&url).await.unwrap();
        // Whoever a stranger calls itself is not who it is.
        for (at_ms, peer) in [
            (1, "civil-affairs"),
            (2, ""),
            (3, ""),
            (4, "health"),
            (5, "health"),
            (6, ""),
        ] {
            let attempt = super::AttemptRow {
                at_ms,
                direction: "in".into(),
                peer: peer.into(),
                claimed: if peer.is_empty() { "civil-affairs" } else { "" }.into(),
                case_id: String::new(),
                request: String::new(),
                reason: "too-many-fields".into(),
            };
            store.put_attempt(&attempt, "one").await.unwrap();
        }
        let listed = async |limit| -> Vec<_> {
            let attempts = store.attempts(limit).await.unwrap();
            attempts.into_iter().map(|attempt| attempt.at_ms).collect()
        };
        assert_eq!(listed(1).await, [6, 5, 1]);
        assert_eq!(listed(2).await, [6, 5, 4, 3, 1]);
        store.clean_attempts(1).await.unwrap();
        assert_eq!(listed(10).await, [6, 5, 1]);
    }

    #[tokio::test]
    async fn messages_that_wait_together_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let url = zhengtong_vault::sql::sqlite_url(&folder.path().join("store.db"));
        let store = Store::open(&url).await.unwrap();
        let (kept, case_id) = (first(1, "one"), B256::repeat_byte(9));
        let mut batch = store.batch().await.unwrap();
        assert_eq!(batch.begin_first(&[&kept]).await.unwrap(), [Begun::New]);
        batch
            .put_first(&[(&kept, 0, B256::repeat_byte(1))])
            .await
            .unwrap();
        batch.commit().await.unwrap();

        // The same message again, its request in another message, a new one, and another with the nonce of the new one.
        let all = [
            first(1, "one"),
            first(1, "two"),
            first(3, "three"),
            first(4, "three"),
        ];
        let mut batch = store.batch().await.unwrap();
        let begun = batch.begin_first(&all.iter().collect::<Vec<_>>()).await.unwrap();
        assert_eq!(
            begun,
            [Begun::Replayed, Begun::Known, Begun::New, Begun::Replayed]
        );
        let counters = batch.counters(&[case_id]).await.unwrap();
        assert_eq!(counters.first_free(case_id), 1);
        batch
            .put_first(&[(&all[2], 1, B256::repeat_byte(3))])
            .await
            .unwrap();
        batch.commit().await.unwrap();

        let [person, alone] = ["ab", "cd"].map(|byte| Subject::from_hex(&byte.repeat(32)).unwrap());
        let link = super::super::LinkRow {
            case_id,
            subject: person,
            applicant: Address::repeat_byte(8),
            provider: true,
            owner: false,
            form: B256::repeat_byte(3),
        };
        store.put_link(&link, 1).await.unwrap();
        let answer = async |id: u8, answer: &str| {
            let id = B256::repeat_byte(id);
            store
                .answer_exchange("civil-affairs", id, Some(person), answer)
                .await
        };
        let (one, three) = tokio::join!(answer(1, "first"), answer(3, "third"));
        one.and(three).unwrap();
        for (id, n, answer) in [(1, 0, "first"), (3, 1, "third")] {
            let id = B256::repeat_byte(id);
            let row = store.exchange("civil-affairs", id).await.unwrap().unwrap();
            assert_eq!((row.taken, row.answer.as_str()), (Some((n, id)), answer));
        }

        store.unlink(person, &[(case_id, alone)]).await.unwrap();
        answer(1, "late").await.unwrap();
        let row = store.exchange("civil-affairs", B256::repeat_byte(1)).await;
        assert_eq!(
            row.unwrap().unwrap().answer,
            "",
            "an answer about somebody deleted"
        );
    }
}
