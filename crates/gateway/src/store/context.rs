//! What the store knows when a record is asked for, on both sides: each read in one statement, and so at one moment; those
//! that ask at the same time, in the same.

use alloy_primitives::{Address, B256};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row};
use zhengtong_vault::Subject;
use zhengtong_vault::batch::Together;
use zhengtong_vault::sql::{numbered, padded};

use super::exchange::{consent_at, exchange_at, uses_on};
use super::links::link_at;
use super::{ConsentRow, ExchangeRow, LinkRow, Store, StoreError, hex, unsigned};
use crate::app::project::Ask;

/// The most consents of a case's key that are looked at.
const MAX_CONSENTS: u32 = 64;

/// Which request a message brings.
pub struct RequestKey {
    /// Who asks.
    pub consumer: String,
    /// The message's nonce.
    pub nonce: String,
    /// The request's id.
    pub id: B256,
    /// The case that it names.
    pub case_id: B256,
    /// The consent that it names, if it names one.
    pub consent: Option<B256>,
}

/// What is known of a request that came.
pub struct RequestContext {
    /// Whether this very message came before.
    pub is_replayed: bool,
    /// The request, if it came before.
    pub kept: Option<ExchangeRow>,
    /// What this organisation was asked for in the case.
    pub asks: Vec<Ask>,
    /// Who is linked to the case.
    pub link: Option<LinkRow>,
    /// The consent, if the case's key gave it.
    pub consent: Option<ConsentRow>,
    /// Whether the consent is for one use, and another request's is on record.
    pub is_used_up: bool,
    /// Whether no use of data can be recorded in the case now.
    pub is_resting: bool,
}

/// In which case a record is wanted.
pub struct WishKey {
    /// The case.
    pub case_id: B256,
    /// Its key.
    pub applicant: Address,
}

/// What is known of a case in which a record is wanted.
pub struct WishContext {
    /// Whose records belong to the case, if it is linked.
    pub subject: Option<Subject>,
    /// Consents of the case's key, the one that holds longest first, and whether each is for one use that is on record.
    pub consents: Vec<(ConsentRow, bool)>,
}

impl Store {
    /// What is known of a request that came.
    ///
    /// # Errors
    /// The database fails.
    pub async fn request_context(&self, key: RequestKey) -> Result<RequestContext, StoreError> {
        self.asked.requests.ask(key).await
    }

    /// What is known of a case in which a record is wanted.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wish_context(&self, key: WishKey) -> Result<WishContext, StoreError> {
        self.asked.wishes.ask(key).await
    }
}

/// What is known of requests that came.
pub(super) fn requests_of(reads: AnyPool, keys: &[RequestKey]) -> Together<'_, RequestContext, StoreError> {
    Box::pin(async move {
        let query = format!(
            "WITH asked (number, consumer, nonce, id, case_id, consent) AS (VALUES {}) SELECT a.number, \
             (SELECT COUNT(*) FROM exchange_nonces x WHERE x.consumer = a.consumer AND x.nonce = a.nonce), \
             CASE WHEN c.once = 1 THEN {} ELSE 0 END, j.seq, j.body, \
             e.digest, e.n, e.tag, e.answer, e.made_ms, l.subject, l.applicant, l.provider, l.owner, l.form, \
             c.id, c.provider, c.service, c.until_s, c.once, c.revoked, \
             (SELECT COUNT(*) FROM resting_cases s WHERE s.case_id = a.case_id) FROM asked a \
             LEFT JOIN exchanges e ON e.consumer = a.consumer AND e.id = a.id \
             LEFT JOIN links l ON l.case_id = a.case_id \
             LEFT JOIN consents c ON c.id = a.consent AND c.grantor = l.applicant \
             LEFT JOIN jobs j ON j.case_id = a.case_id AND j.kind = 'ask' ORDER BY j.seq",
            numbered(keys.len(), 5),
            uses_on("a.case_id", "a.consent", "COALESCE(e.tag, '')")
        );
        let mut query = sqlx::query(AssertSqlSafe(query));
        for key in padded(keys) {
            query = query
                .bind(key.consumer.clone())
                .bind(key.nonce.clone())
                .bind(hex(key.id))
                .bind(hex(key.case_id))
                .bind(key.consent.map(hex).unwrap_or_default());
        }
        let found = of_each(query.fetch_all(&reads).await?, keys.len())?;
        let contexts = keys.iter().zip(&found).map(|(key, rows)| request(key, rows));
        contexts.collect()
    })
}

fn request(key: &RequestKey, rows: &[AnyRow]) -> Result<RequestContext, StoreError> {
    let row = rows.first().ok_or(StoreError::Malformed("request"))?;
    // What is joined and not there is null in each of its columns.
    let is_there = |column: usize| Ok::<_, StoreError>(row.try_get::<Option<String>, _>(column)?.is_some());
    let mut asks = Vec::with_capacity(rows.len());
    for row in rows {
        let (seq, body): (Option<i64>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);
        if let (Some(seq), Some(body)) = (seq, body) {
            let ask = Ask::from_body(key.case_id, unsigned("seq", seq)?, &body);
            asks.push(ask.ok_or(StoreError::Malformed("ask"))?);
        }
    }
    Ok(RequestContext {
        is_replayed: row.try_get::<i64, _>(1)? > 0,
        is_used_up: row.try_get::<i64, _>(2)? > 0,
        is_resting: row.try_get::<i64, _>(21)? > 0,
        kept: is_there(5)?.then(|| exchange_at(row, 5)).transpose()?,
        link: is_there(10)?.then(|| link_at(row, 10, key.case_id)).transpose()?,
        consent: is_there(15)?.then(|| consent_at(row, 15)).transpose()?,
        asks,
    })
}

/// What is known of cases in which records are wanted.
pub(super) fn wishes_of(reads: AnyPool, keys: &[WishKey]) -> Together<'_, WishContext, StoreError> {
    Box::pin(async move {
        let query = format!(
            "WITH asked (number, case_id, applicant) AS (VALUES {}), ranked AS (SELECT id, grantor, provider, service, \
             until_s, once, revoked, ROW_NUMBER() OVER (PARTITION BY grantor ORDER BY until_s DESC) AS place \
             FROM consents WHERE grantor IN (SELECT applicant FROM asked)) \
             SELECT a.number, l.subject, CASE WHEN c.once = 1 THEN {} ELSE 0 END, \
             c.id, c.provider, c.service, c.until_s, c.once, c.revoked FROM asked a \
             LEFT JOIN links l ON l.case_id = a.case_id \
             LEFT JOIN (SELECT * FROM ranked WHERE place <= {MAX_CONSENTS}) c ON c.grantor = a.applicant \
             ORDER BY c.place",
            numbered(keys.len(), 2),
            uses_on("a.case_id", "c.id", "''")
        );
        let mut query = sqlx::query(AssertSqlSafe(query));
        for key in padded(keys) {
            query = query.bind(hex(key.case_id)).bind(hex(key.applicant));
        }
        let found = of_each(query.fetch_all(&reads).await?, keys.len())?;
        found.iter().map(|rows| wish(rows)).collect()
    })
}

fn wish(rows: &[AnyRow]) -> Result<WishContext, StoreError> {
    let row = rows.first().ok_or(StoreError::Malformed("case"))?;
    let subject = row.try_get::<Option<String>, _>(1)?;
    let subject = subject
        .map(|subject| Subject::from_hex(&subject).ok_or(StoreError::Malformed("subject")))
        .transpose()?;
    let mut consents = Vec::with_capacity(rows.len());
    for row in rows {
        if row.try_get::<Option<String>, _>(3)?.is_some() {
            consents.push((consent_at(row, 3)?, row.try_get::<i64, _>(2)? > 0));
        }
    }
    Ok(WishContext { subject, consents })
}

/// The rows of each of `count` questions, whose number is in the first column. Those of the padding are nobody's.
fn of_each(found: Vec<AnyRow>, count: usize) -> Result<Vec<Vec<AnyRow>>, StoreError> {
    let mut each: Vec<_> = (0..count).map(|_| Vec::new()).collect();
    for row in found {
        let number: usize = unsigned("number", row.try_get(0)?)?;
        if let Some(rows) = each.get_mut(number) {
            rows.push(row);
        }
    }
    Ok(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::project::Change;
    use zhengtong_client::Checkpoint;

    const ME: B256 = B256::repeat_byte(7);
    const GRANTOR: Address = Address::repeat_byte(8);

    fn word(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    fn granted(id: u8, until_s: u64, once: bool) -> Change {
        Change::Granted {
            id: word(id),
            grantor: GRANTOR,
            provider: ME,
            service: word(6),
            until_s,
            once,
        }
    }

    #[tokio::test]
    async fn what_is_known_is_known_of_this_request_and_this_case_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = zhengtong_vault::sql::sqlite_url(&folder.path().join("store.db"));
        let store = Store::open(&url).await.unwrap();
        let (case_id, other_case) = (word(1), word(2));
        let key = |case_id, id, nonce| RequestKey {
            consumer: "civil-affairs".into(),
            nonce: String::from(nonce),
            id: word(id),
            case_id,
            consent: Some(word(4)),
        };
        let nothing = store.request_context(key(case_id, 5, "n")).await.unwrap();
        assert!(nothing.kept.is_none() && nothing.link.is_none() && nothing.consent.is_none());
        assert!(nothing.asks.is_empty() && !nothing.is_replayed && !nothing.is_used_up);
        let nothing = store
            .wish_context(WishKey {
                case_id,
                applicant: GRANTOR,
            })
            .await
            .unwrap();
        assert!(nothing.subject.is_none() && nothing.consents.is_empty());

        let link = LinkRow {
            case_id,
            subject: Subject::from_hex(&"ab".repeat(32)).unwrap(),
            applicant: GRANTOR,
            provider: true,
            owner: false,
            form: word(3),
        };
        store.put_link(&link, 1).await.unwrap();
        let recorded = Change::Recorded {
            tag: word(9),
            tx_hash: word(10),
            case_id,
            basis: word(4),
        };
        let block = Checkpoint {
            number: 1,
            hash: word(11),
        };
        let changes = [granted(4, 20, true), granted(12, 30, false), recorded];
        store.apply(&changes, block, ME, 1).await.unwrap();
        store.take_exchange_nonce("civil-affairs", "n", 9).await.unwrap();
        store
            .begin_exchange("civil-affairs", word(5), word(13), case_id, 1)
            .await
            .unwrap();

        let known = store.request_context(key(case_id, 5, "n")).await.unwrap();
        assert_eq!(known.link.as_ref(), Some(&link));
        assert_eq!(known.consent.map(|consent| consent.id), Some(word(4)));
        assert_eq!(known.kept.map(|kept| kept.digest), Some(word(13)));
        assert!(known.is_replayed && known.is_used_up);
        let other = store.request_context(key(other_case, 14, "m")).await.unwrap();
        assert!(other.link.is_none() && other.consent.is_none() && other.kept.is_none());
        assert!(!other.is_replayed && !other.is_used_up);

        // Whose own use is the one on record has not used its consent up.
        let own = store
            .exchange_use("civil-affairs", word(5), case_id, |_| word(9))
            .await;
        assert_eq!(own.unwrap(), (0, word(9)));
        let known = store.request_context(key(case_id, 5, "o")).await.unwrap();
        assert!(!known.is_used_up && !known.is_replayed);

        let wish = store
            .wish_context(WishKey {
                case_id,
                applicant: GRANTOR,
            })
            .await
            .unwrap();
        assert_eq!(wish.subject, Some(link.subject));
        let consents = wish
            .consents
            .iter()
            .map(|(consent, is_used)| (consent.id, *is_used));
        assert_eq!(
            consents.collect::<Vec<_>>(),
            [(word(12), false), (word(4), true)],
            "the one that holds longest first"
        );

        // Three at once, so that one more is asked than there are.
        let keys = [
            key(case_id, 5, "n"),
            key(other_case, 14, "m"),
            key(case_id, 5, "o"),
        ];
        let known = requests_of(store.reads.clone(), &keys).await.unwrap();
        let known = known
            .iter()
            .map(|known| (known.link.is_some(), known.kept.is_some(), known.is_replayed));
        assert_eq!(
            known.collect::<Vec<_>>(),
            [(true, true, true), (false, false, false), (true, true, false)]
        );
        let stranger = Address::repeat_byte(9);
        let keys = [(other_case, stranger), (case_id, GRANTOR), (case_id, stranger)];
        let keys = keys.map(|(case_id, applicant)| WishKey { case_id, applicant });
        let wishes = wishes_of(store.reads.clone(), &keys).await.unwrap();
        let wishes = wishes
            .iter()
            .map(|wish| (wish.subject, wish.consents.iter().map(|(consent, _)| consent.id)));
        let wishes: Vec<_> = wishes.map(|(subject, ids)| (subject, ids.collect())).collect();
        let whole = (Some(link.subject), vec![word(12), word(4)]);
        assert_eq!(
            wishes,
            [(None, Vec::new()), whole, (Some(link.subject), Vec::new())]
        );
    }
}
