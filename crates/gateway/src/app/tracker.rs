//! What the data tracker tells: the uses of one person's data that this organisation recorded, as it recorded them.
//!
//! The list is read from the organisation's own books, so it is only as complete as they are. The wallet's walk over the
//! tags is the proof; this is the same content for portals that speak Estonia's `findUsage` or GovStack's
//! `MyPersonalDataUsage`. After a deletion the books are dark, and so is this list.

use std::collections::HashMap;

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall as _;
use jiff::Timestamp;
use zhengtong_bindings::registry::Registry::organisationCall;
use zhengtong_bindings::uses::Uses::recordCall;
use zhengtong_vault::Subject;

use super::asking::secret;
use super::project::word;
use super::use_record::{self, Details};
use super::{App, AppError};
use crate::store::{StoreError, UseRow};

/// Uses that one answer holds at most, and when nothing is asked for: as the protocol says.
pub const MAX_USAGES: usize = 1_000;
/// Since when this organisation keeps records, in the store's `meta`.
const SINCE: &str = "tracker_since_ms";

/// Between which times; both ends belong to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Period {
    /// From here on.
    pub start: Option<Timestamp>,
    /// Until here.
    pub end: Option<Timestamp>,
}

impl Period {
    fn contains(&self, at: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at <= end)
    }
}

/// One use.
pub struct Usage {
    /// Its tag on the chain.
    pub tag: B256,
    /// The case it was for.
    pub case_id: B256,
    /// When.
    pub at: Timestamp,
    /// What was done and why, for people.
    pub action: String,
    /// The organisation that learnt the answer.
    pub receiver: String,
    /// Its name.
    pub receiver_name: Option<String>,
    /// Which official or program.
    pub official: String,
}

/// A page of uses, latest first.
pub struct Usages {
    /// How many there are, this page aside.
    pub total: usize,
    /// The page.
    pub items: Vec<Usage>,
}

impl App {
    /// The uses of a person's data within a period.
    ///
    /// # Errors
    /// The store or the vault fails.
    pub async fn usages(
        &self,
        subject: Option<Subject>,
        period: Period,
        offset: usize,
        limit: usize,
    ) -> Result<Usages, AppError> {
        let Some(subject) = subject else {
            return Ok(Usages {
                total: 0,
                items: Vec::new(),
            });
        };
        let (mut items, mut names) = (Vec::new(), HashMap::new());
        for row in self.store.uses_about(subject).await? {
            let Some((consumer, details)) = self.recorded_details(&row).await? else {
                continue;
            };
            let at = Timestamp::from_millisecond(i64::try_from(details.at).unwrap_or(i64::MAX))
                .unwrap_or(Timestamp::MAX);
            if !period.contains(at) {
                continue;
            }
            let receiver_name = match names.get(&consumer) {
                Some(name) => Option::clone(name),
                None => {
                    let name = self.name_of(consumer).await;
                    names.insert(consumer, name.clone());
                    name
                }
            };
            items.push(Usage {
                tag: row.tag,
                case_id: row.case_id,
                at,
                action: action(&details),
                receiver: word(consumer),
                receiver_name,
                official: details.official,
            });
        }
        items.sort_by(|one, other| other.at.cmp(&one.at).then(one.tag.cmp(&other.tag)));
        let total = items.len();
        let items = items
            .into_iter()
            .skip(offset)
            .take(limit.min(MAX_USAGES))
            .collect();
        Ok(Usages { total, items })
    }

    /// Takes note of since when this organisation can tell, before anything can be used: from now on, or, where the books are
    /// older than the note, from their first link on. No use comes before the link of its case.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) async fn note_tracked_since(&self) -> Result<(), StoreError> {
        let kept = self.store.meta(SINCE).await?;
        let kept_ms = kept.and_then(|text| text.parse::<u64>().ok());
        let first_ms = self.store.first_link_ms().await?;
        let now_ms = self.clock.now_ms();
        let since_ms = kept_ms.unwrap_or(now_ms).min(first_ms.unwrap_or(now_ms));
        if kept_ms != Some(since_ms) {
            self.store.set_meta(SINCE, &since_ms.to_string()).await?;
        }
        Ok(())
    }

    /// Since when this organisation can tell.
    ///
    /// # Errors
    /// The store fails.
    pub async fn tracked_since(&self) -> Result<Timestamp, AppError> {
        let kept = self.store.meta(SINCE).await?;
        let since_ms = kept.and_then(|text| text.parse().ok());
        let since_ms = since_ms.ok_or(AppError::Record("note of since when there are books"))?;
        Ok(Timestamp::from_millisecond(since_ms).unwrap_or(Timestamp::MIN))
    }

    /// Who learnt the answer, and what the record says; `None` once the person was forgotten.
    async fn recorded_details(&self, row: &UseRow) -> Result<Option<(B256, Details)>, AppError> {
        let Some(link) = self.store.link(row.case_id).await? else {
            return Ok(None);
        };
        let Some(stored) = self.stored_link(&link).await? else {
            return Ok(None);
        };
        let secret = secret(&stored).ok_or(AppError::Record("link"))?;
        let Some(call) = row
            .call
            .as_ref()
            .and_then(|call| recordCall::abi_decode(call).ok())
        else {
            // The words of this record are on the chain alone; the books know that and when it was asked.
            let details = Details {
                v: 1,
                official: String::new(),
                purpose: String::new(),
                fields: Vec::new(),
                article: String::new(),
                at: row.asked_ms,
                credential: None,
                by: None,
            };
            return Ok(Some((B256::ZERO, details)));
        };
        let details = use_record::open(&secret, row.n, &call.ciphertext).ok_or(AppError::Record("use"))?;
        Ok(Some((call.consumer, details)))
    }

    /// A name from the `Registry`, as the node says it: for people, so without one there is just the code.
    async fn name_of(&self, organisation: B256) -> Option<String> {
        let call = Bytes::from(organisationCall { id: organisation }.abi_encode());
        let output = self.chain.call(self.contracts.registry, call).await.ok()?;
        organisationCall::abi_decode_returns(&output)
            .ok()
            .map(|found| found.name)
    }
}

/// `purpose: field, field (article)`.
fn action(details: &Details) -> String {
    if details.purpose.is_empty() {
        return "记录在链上 recorded on the chain".to_owned();
    }
    format!(
        "{}: {} ({})",
        details.purpose,
        details.fields.join(", "),
        details.article
    )
}
