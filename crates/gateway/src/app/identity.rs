//! Proving who somebody is: number and code for a credential in their wallet.

use alloy_primitives::B256;
use serde_json::{Map, json};
use thiserror::Error;
use zhengtong_credentials::{CredentialText, Jwk, NewCredential};
use zhengtong_vault::{NumberError, ResidentNumber};

use super::source::AnswerError;
use super::{App, AppError, IDENTITY_VCT, inner, people};

/// How often one number may be tried within [`ATTEMPTS_WINDOW_S`].
pub const MAX_ATTEMPTS: i64 = 10;
/// Seconds over which attempts are counted.
pub const ATTEMPTS_WINDOW_S: u64 = 3600;
/// The most characters of a code.
pub const MAX_CODE_CHARS: usize = 32;
/// How long an identity credential is valid, in seconds: a year.
pub const VALID_S: u64 = 365 * 24 * 3600;

/// Why no identity credential was issued.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// Another agency proves identities.
    #[error("this organisation does not prove identities")]
    NotHere,
    /// The number is none.
    #[error("`number`: {0}")]
    Number(#[from] NumberError),
    /// The code has the wrong form.
    #[error("`code` must have 1 to {MAX_CODE_CHARS} letters and digits")]
    CodeForm,
    /// The commitment is none.
    #[error(
        "`commitment` must be a Semaphore identity commitment: 32 bytes in hex, not zero and below the order of BN254"
    )]
    Commitment,
    /// Somebody else's, or one that was given up.
    #[error("`commitment` is or was in the register of people already; make another")]
    CommitmentUsed,
    /// What was being kept of them may be from before it.
    #[error(
        "everything about the person was deleted here while this was asked: if it is still meant, ask again"
    )]
    Deleted,
    /// The holder's key is none.
    #[error("`holder` must be a public P-256 key (JWK)")]
    Holder,
    /// Number and code do not belong together. Says no more, so that numbers cannot be found by trying.
    #[error("number and code do not belong together")]
    NotProven,
    /// Tried too often.
    #[error("too many attempts with this number; try again in an hour")]
    TooManyAttempts,
    /// The database gave no answer.
    #[error("identities cannot be proven right now")]
    Unavailable,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What somebody gets who proved who they are.
pub struct Proven {
    /// The identity credential.
    pub credential: CredentialText,
    /// Their seat in the register of people, if they gave a commitment and this organisation enters people.
    pub seat: Option<B256>,
}

impl App {
    /// Issues an identity credential to the holder of `holder`, for whoever knows number and code, and puts their commitment
    /// into the register of people, in place of any other of theirs.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub async fn prove_identity(
        &self,
        number: &str,
        code: &str,
        holder: &serde_json::Value,
        commitment: Option<&str>,
    ) -> Result<Proven, IdentityError> {
        if !self.source.proves_identity() {
            return Err(IdentityError::NotHere);
        }
        let number = ResidentNumber::parse(number)?;
        if code.is_empty() || code.len() > MAX_CODE_CHARS || !code.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(IdentityError::CodeForm);
        }
        let holder = Jwk::parse(holder, "holder").map_err(|_| IdentityError::Holder)?;
        let leaf = commitment.map(people::parse_leaf).transpose()?;
        let (person, now_s) = (self.vault.resident(&number), self.clock.now_s());
        let deleted_at_s = self.store.forgotten_at(person).await.map_err(inner)?;
        let subject = person.to_hex();
        if self
            .store
            .count_attempt(&subject, now_s, ATTEMPTS_WINDOW_S)
            .await
            .map_err(inner)?
            > MAX_ATTEMPTS
        {
            return Err(IdentityError::TooManyAttempts);
        }
        let found = self
            .source
            .identity(&number, code)
            .await
            .map_err(|error: AnswerError| {
                tracing::error!(%error, "identity query failed");
                IdentityError::Unavailable
            })?;
        let identity = found.ok_or(IdentityError::NotProven)?;
        let seat = match leaf {
            Some(leaf) => self.take_commitment(person, leaf, deleted_at_s).await?,
            None => None,
        };
        let mut disclosable = Map::new();
        disclosable.insert("number".into(), number.expose().into());
        disclosable.insert("name".into(), identity.name.into());
        disclosable.insert("birth_date".into(), json!(identity.birth_date));
        let new = NewCredential {
            vct: IDENTITY_VCT.into(),
            issued_at_s: now_s,
            expires_at_s: now_s + VALID_S,
            holder,
            open: Map::new(),
            disclosable,
            status: None,
        };
        tracing::info!("identity credential issued");
        let credential = self.issuer.issue(new).map_err(inner)?;
        Ok(Proven { credential, seat })
    }
}
