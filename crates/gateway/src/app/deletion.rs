//! Deleting a person: every key that opens something about them is destroyed, and a record says so that names nobody.
//!
//! What an organisation keeps about a person is in the vault, under keys of that person or of their cases: links (and in
//! them the number and the secrets that open use records on the chain), forms, statements, credentials, records received
//! from other organisations, the share of a backup key; and, each under a key of its own, what they presented from a wallet
//! and the organisation can tell to be theirs. Destroying these keys makes all of it dark, on the chain and off, while
//! commitments, tags and proofs stay as they are. The store then loses the person's pseudonym, so that their cases cannot be
//! found together again either, and what others could open: sealed answers, a hosted backup.

pub mod record;

use std::path::PathBuf;

use alloy_primitives::B256;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zhengtong_vault::{Destroyed, ResidentNumber, Subject, Vault, VaultError};

use super::access::{OwnPermit, SeeOwnData};
use super::link::recover;
use super::records::remove_guardianship;
use super::{App, AppError, inner};
use crate::store::{DeletionRow, HoldRow, Store, StoreError};

/// The most characters of who orders a hold, and of its reference.
pub const MAX_HOLD_CHARS: usize = 200;
/// What the word for a request is a digest of, together with the request's id.
const CAUSE_LABEL: &str = "zhengtong/deletion/v1";
/// Bytes of an id.
const ID_BYTES: usize = 16;

/// Why somebody is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// No decision ordered it: the operator did it.
    Operator,
    /// It takes what came in while a deletion was carried out.
    Late,
    /// It grants the request with this id.
    Request(&'a str),
}

impl Cause<'_> {
    /// As the record has it, which is public. Whoever has a request's id gets its sealed answer, so the record has a digest
    /// of it: the person can tell that it is theirs, and nobody else learns the id.
    pub fn word(self) -> String {
        match self {
            Self::Operator => "operator".to_owned(),
            Self::Late => "late".to_owned(),
            Self::Request(id) => id_from(CAUSE_LABEL, id.as_bytes()),
        }
    }
}

/// Why nothing was deleted, or no order kept.
#[derive(Debug, Error)]
pub enum DeletionError {
    /// An order forbids it.
    #[error(
        "an order to keep these records stands: {authority}, {reference}, hold {id}; release it first, or wait until it ends"
    )]
    Held {
        /// Its id.
        id: String,
        /// Who ordered it.
        authority: String,
        /// Under which reference.
        reference: String,
    },
    /// An order without who or why.
    #[error("`{0}` must have 1 to {MAX_HOLD_CHARS} characters")]
    Text(&'static str),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row of a record of deletions that this organisation did not sign.
    #[error("deletion {id} is not signed by this organisation; the record was changed or is another one's")]
    Foreign {
        /// Its id.
        id: String,
    },
    /// The record's copy.
    #[error(
        "what was to be deleted is deleted, but the record of it could not be copied to {path}: {source}; mend that and run `zhengtong gateway deletions`"
    )]
    NotCopied {
        /// Where it is to be.
        path: PathBuf,
        /// Why it is not.
        source: std::io::Error,
    },
    /// The record could not be signed.
    #[error("the record of the deletion could not be signed")]
    Sign,
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
}

impl From<DeletionError> for AppError {
    fn from(error: DeletionError) -> Self {
        match error {
            DeletionError::Vault(error) => error.into(),
            DeletionError::Store(error) => error.into(),
            DeletionError::Randomness(error) => Self::Randomness(error),
            DeletionError::Held { .. }
            | DeletionError::Text(_)
            | DeletionError::Foreign { .. }
            | DeletionError::NotCopied { .. }
            | DeletionError::Sign => Self::Record("deletion"),
        }
    }
}

/// An organisation's books: enough to delete and to keep, without a chain.
pub struct Books<'a> {
    /// Who.
    pub organisation: &'a str,
    /// The store.
    pub store: &'a Store,
    /// The vault.
    pub vault: &'a Vault,
    /// Signs the record.
    pub attester: &'a PrivateKeySigner,
    /// Unix milliseconds.
    pub now_ms: u64,
}

impl Books<'_> {
    /// Deletes a person at the operator's command.
    ///
    /// # Errors
    /// An order stands, or the disk fails: then try again.
    pub async fn forget(&self, number: &ResidentNumber) -> Result<DeletionRow, DeletionError> {
        self.forget_subject(self.vault.resident(number), Cause::Operator)
            .await
    }

    /// Deletes what is kept under a case alone: by an owner that is shown no number, or before a case was linked.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub async fn forget_case(&self, case_id: B256) -> Result<DeletionRow, DeletionError> {
        self.forget_subject(self.vault.applicant(&case_id.0), Cause::Operator)
            .await
    }

    /// Deletes somebody once more about whom something was kept while they were deleted.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub(super) async fn forget_late(&self, subject: Subject) -> Result<DeletionRow, DeletionError> {
        self.forget_subject(subject, Cause::Late).await
    }

    /// Whether somebody was deleted in this second or later: what began then may have been kept behind the deletion's back.
    ///
    /// # Errors
    /// The store fails.
    pub(super) async fn is_deleted_since(&self, subject: Subject, since_s: u64) -> Result<bool, StoreError> {
        let at_s = self.store.forgotten_at(subject).await?;
        Ok(at_s.is_some_and(|at_s| at_s >= since_s))
    }

    /// Deletes whoever stands behind a pseudonym.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub async fn forget_subject(
        &self,
        subject: Subject,
        cause: Cause<'_>,
    ) -> Result<DeletionRow, DeletionError> {
        if let Some(hold) = self.standing_hold(subject).await? {
            return Err(DeletionError::Held {
                id: hold.id,
                authority: hold.authority,
                reference: hold.reference,
            });
        }
        let Erased { destroyed, cases } = self.erase(subject).await?;
        let key_ids: Vec<_> = destroyed.iter().filter_map(|one| one.key_id.clone()).collect();
        let mut row = DeletionRow {
            id: random_id()?,
            at_ms: self.now_ms,
            cause: cause.word(),
            key_ids: key_ids.join(","),
            records: destroyed.iter().map(|one| one.records).sum(),
            cases,
            signature: String::new(),
        };
        row.signature = self.signed(&row)?;
        self.store.put_deletion(&row).await?;
        self.store.scrub().await?;
        record::copy(self.organisation, self.store).await?;
        Ok(row)
    }

    fn signed(&self, row: &DeletionRow) -> Result<String, DeletionError> {
        let text = deletion_text(self.organisation, row);
        let signature = self.attester.sign_message_sync(text.as_bytes());
        Ok(signature.map_err(|_| DeletionError::Sign)?.to_string())
    }

    fn is_own(&self, row: &DeletionRow) -> bool {
        recover(&row.signature, &deletion_text(self.organisation, row)) == Some(self.attester.address())
    }

    /// Deletions of earlier versions name the request itself: they get the digest, and are signed anew.
    ///
    /// # Errors
    /// The disk fails, or the record's copy cannot be written.
    pub async fn hide_requests(&self) -> Result<(), DeletionError> {
        let rows = self.store.deletions_with_request().await?;
        let is_empty = rows.is_empty();
        for mut row in rows {
            if !self.is_own(&row) {
                tracing::error!(
                    deletion = row.id,
                    "the record of a deletion names its request, and is not signed by the present attester: it stays so"
                );
                continue;
            }
            row.cause = Cause::Request(&row.cause).word();
            row.signature = self.signed(&row)?;
            self.store.resign_deletion(&row).await?;
        }
        if is_empty {
            return Ok(());
        }
        record::copy(self.organisation, self.store).await
    }

    /// Carries deletions out again in books that come from a backup: whoever is deleted stays deleted. Answers how many of
    /// them had a key there.
    ///
    /// # Errors
    /// A row is not signed by this organisation, or the disk fails: then try again.
    pub async fn carry_out_again(&self, rows: &[DeletionRow]) -> Result<u64, DeletionError> {
        for row in rows {
            if !self.is_own(row) {
                return Err(DeletionError::Foreign { id: row.id.clone() });
            }
        }
        let mut again = 0;
        for row in rows {
            let mut had_key = false;
            for key_id in row.key_ids.split(',').filter(|key_id| !key_id.is_empty()) {
                if let Some(subject) = self.vault.whose(key_id).await? {
                    self.erase(subject).await?;
                    had_key = true;
                }
            }
            again += u64::from(had_key);
            self.store.put_deletion(row).await?;
        }
        self.vault.scrub().await?;
        self.store.scrub().await?;
        Ok(again)
    }

    /// Destroys keys and takes the pseudonym out of the store.
    async fn erase(&self, subject: Subject) -> Result<Erased, DeletionError> {
        self.store.put_forgotten(subject, self.now_ms / 1000).await?;
        let cases = self.store.cases_of(subject).await?;
        let alone: Vec<_> = cases
            .iter()
            .map(|case_id| (*case_id, self.vault.applicant(&case_id.0)))
            .collect();
        // Only the share kept here tells whose backup it is, so it goes before the share does.
        if let Some(account) = super::recovery::account_of(self.vault, subject).await? {
            self.store.drop_backup(account).await?;
        }
        // Only the seat kept here tells whose leaf it is: it is to be empty before nobody knows.
        let seat = super::people::seat_of(self.vault, subject).await?;
        if let Some(seat) = seat {
            self.store.want_leaf(seat, None).await?;
        }
        // What is kept for a child names their guardian.
        for (child, document) in self.store.confirmed_to(subject).await? {
            remove_guardianship(self.vault, child, document).await?;
        }
        // What was written before a case was linked is under the case's own key.
        let of_cases = alone.iter().map(|(_, of_case)| *of_case);
        let whose: Vec<_> = std::iter::once(subject).chain(of_cases).collect();
        let mut destroyed = Vec::with_capacity(whose.len());
        for subject in &whose {
            destroyed.push(self.vault.destroy(*subject).await?);
        }
        // Whoever was putting a leaf on it meanwhile finds no seat from now on.
        if let Some(seat) = seat {
            self.store.want_leaf(seat, None).await?;
        }
        // What is dark is of no use, and its place still tells that it was one person's.
        for subject in &whose {
            self.vault.purge(*subject).await?;
        }
        for id in self.store.presentations_of(subject).await? {
            destroyed.extend(self.drop_presentation(&id).await?);
        }
        self.vault.scrub().await?;
        self.store.unlink(subject, &alone).await?;
        // What was under way meanwhile may have made a key and written once more. What begins now finds nobody.
        let mut is_late = false;
        for subject in &whose {
            let late = self.vault.destroy(*subject).await?;
            if late.key_id.is_some() {
                self.vault.purge(*subject).await?;
                destroyed.push(late);
                is_late = true;
            }
        }
        if is_late {
            self.vault.scrub().await?;
        }
        Ok(Erased {
            destroyed,
            cases: cases.len() as u64,
        })
    }

    /// Orders that what is known about a person is kept; answers the order.
    ///
    /// # Errors
    /// No authority or reference, or the disk fails.
    pub async fn hold(
        &self,
        number: &ResidentNumber,
        authority: &str,
        reference: &str,
        until_ms: Option<u64>,
    ) -> Result<HoldRow, DeletionError> {
        for (name, text) in [("authority", authority), ("reference", reference)] {
            if text.trim().is_empty() || text.chars().count() > MAX_HOLD_CHARS {
                return Err(DeletionError::Text(name));
            }
        }
        let row = HoldRow {
            id: random_id()?,
            subject: self.vault.resident(number),
            authority: authority.to_owned(),
            reference: reference.to_owned(),
            placed_ms: self.now_ms,
            until_ms: until_ms.unwrap_or(0),
            released_ms: 0,
        };
        self.store.put_hold(&row).await?;
        Ok(row)
    }

    /// Releases an order; `false` if none with this id stands.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn release(&self, id: &str) -> Result<bool, DeletionError> {
        Ok(self.store.release_hold(id, self.now_ms).await?)
    }

    /// The order that forbids deleting a person now.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn standing_hold(&self, subject: Subject) -> Result<Option<HoldRow>, DeletionError> {
        let holds = self.store.holds(Some(subject)).await?;
        Ok(holds.into_iter().find(|hold| hold.stands(self.now_ms)))
    }
}

/// What was done to one person.
struct Erased {
    destroyed: Vec<Destroyed>,
    cases: u64,
}

/// What the organisation signs (EIP-191) about a deletion.
pub fn deletion_text(organisation: &str, row: &DeletionRow) -> String {
    let keys = hex::encode(Sha256::digest(row.key_ids.as_bytes()));
    format!(
        "zhengtong deletion\n{organisation}\n{}\n{}\n{}\n{keys}\n{}\n{}",
        row.id, row.at_ms, row.cause, row.records, row.cases
    )
}

pub(super) fn random_id() -> Result<String, DeletionError> {
    let mut id = [0; ID_BYTES];
    getrandom::fill(&mut id).map_err(DeletionError::Randomness)?;
    Ok(hex::encode(id))
}

/// The id that follows from something: `label` says what for.
pub(super) fn id_from(label: &str, of: &[u8]) -> String {
    let digest = Sha256::new().chain_update(label).chain_update(of).finalize();
    hex::encode(&digest[..ID_BYTES])
}

impl App {
    /// This organisation's books, now.
    pub fn books(&self) -> Books<'_> {
        Books {
            organisation: &self.organisation,
            store: &self.store,
            vault: &self.vault,
            attester: &self.attester,
            now_ms: self.clock.now_ms(),
        }
    }

    /// Forgets a resident: see [`Books::forget`].
    ///
    /// # Errors
    /// As there.
    pub async fn forget(&self, number: &ResidentNumber) -> Result<DeletionRow, DeletionError> {
        self.books().forget(number).await
    }

    /// The orders about whoever's session this is that stand now.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn my_holds(&self, own: &OwnPermit<SeeOwnData>) -> Result<Vec<HoldRow>, AppError> {
        let now_ms = self.clock.now_ms();
        let holds = self.store.holds(Some(own.subject())).await.map_err(inner)?;
        Ok(holds.into_iter().filter(|hold| hold.stands(now_ms)).collect())
    }

    /// The cases of whoever's session this is that this organisation keeps something about.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn my_cases(&self, own: &OwnPermit<SeeOwnData>) -> Result<Vec<B256>, AppError> {
        Ok(self.store.cases_of(own.subject()).await?)
    }
}
