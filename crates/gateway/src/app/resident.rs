//! What the applicant of a case may ask for and hand in, authenticated by the case's own key.

use alloy_primitives::B256;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zhengtong_credentials::CredentialText;
use zhengtong_vault::VaultError;

use super::accept::AcceptError;
use super::link::{Form, recover};
use super::records::StatementText;
use super::{App, AppError, inner};
use crate::store::{Author, CaseRow, StatementRow, Status};

/// How far the time of a request may be off, in milliseconds.
pub const MAX_CLOCK_SKEW_MS: u64 = 120_000;
/// The most characters of a statement.
pub const MAX_STATEMENT_CHARS: usize = 4_000;
/// The most statements kept for a case of each author: neither can use up the other's.
pub const MAX_STATEMENTS: usize = 64;

/// Why a resident's request was refused.
#[derive(Debug, Error)]
pub enum ResidentError {
    /// A header is missing or malformed.
    #[error("header `{0}` is missing or malformed")]
    Header(&'static str),
    /// The time is too far off.
    #[error("`x-case-time` is more than {} seconds off", MAX_CLOCK_SKEW_MS / 1000)]
    Time,
    /// Not signed by the case's key.
    #[error("`x-case-signature` is not of this case's key, over this request")]
    Signature,
    /// No such case here.
    #[error("this organisation has no such case")]
    NoCase,
    /// No credential yet.
    #[error("no credential has been issued for this case")]
    NoCredential,
    /// The case is not waiting for that.
    #[error("the case is {status}: {what} is not possible now")]
    Status {
        /// Where the case stands.
        status: &'static str,
        /// What was tried.
        what: &'static str,
    },
    /// Nobody knows whose case it is.
    #[error("this case is not linked yet: send its sealed link to `POST /v1/links` first")]
    NotLinked,
    /// What was known of the case is gone for good.
    #[error(
        "what was kept of this case here was deleted, or has been kept long enough, and nothing can be added to it: whoever \
         still needs it applies again with a new case"
    )]
    Forgotten,
    /// A statement of the wrong length.
    #[error("`text` must have 1 to {MAX_STATEMENT_CHARS} characters")]
    Text,
    /// Too many statements.
    #[error("a case may have {MAX_STATEMENTS} statements of each author")]
    TooMany,
    /// The form is refused.
    #[error(transparent)]
    Form(AcceptError),
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// A request signed by a case's key.
pub struct SignedRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// From `/v1` on, with the query.
    pub path: &'a str,
    /// Header `x-case-time`.
    pub time: Option<&'a str>,
    /// Header `x-case-signature`.
    pub signature: Option<&'a str>,
    /// The exact bytes.
    pub body: &'a [u8],
}

impl App {
    /// Checks that the applicant of a case signed a request, and finds the case.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn authenticate(
        &self,
        case_id: B256,
        request: &SignedRequest<'_>,
    ) -> Result<CaseRow, ResidentError> {
        let time_ms: u64 = request
            .time
            .and_then(|time| time.parse().ok())
            .ok_or(ResidentError::Header("x-case-time"))?;
        let signature = request
            .signature
            .ok_or(ResidentError::Header("x-case-signature"))?;
        if self.clock.now_ms().abs_diff(time_ms) > MAX_CLOCK_SKEW_MS {
            return Err(ResidentError::Time);
        }
        let digest = hex::encode(Sha256::digest(request.body));
        let text = format!(
            "zhengtong request\n{}\n{}\n{time_ms}\n{digest}",
            request.method, request.path
        );
        let signer = recover(signature, &text).ok_or(ResidentError::Signature)?;
        if zhengtong_bindings::case_id(self.chain.chain_id(), self.contracts.cases, signer) != case_id {
            return Err(ResidentError::Signature);
        }
        self.store
            .case(case_id)
            .await
            .map_err(inner)?
            .ok_or(ResidentError::NoCase)
    }

    /// The credential of the case, once the chain has its hash.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn credential(&self, case: &CaseRow) -> Result<CredentialText, ResidentError> {
        let row = self
            .store
            .issued_credential(case.id)
            .await
            .map_err(inner)?
            .ok_or(ResidentError::NoCredential)?;
        let text = self.credential_text(case.id, row.seq).await?;
        text.ok_or(ResidentError::NoCredential)
    }

    /// The statements about the case that are on the chain, and the applicant's own.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn own_statements(
        &self,
        case: &CaseRow,
    ) -> Result<Vec<(StatementRow, StatementText)>, ResidentError> {
        let mut out = Vec::new();
        for row in self.store.statements(case.id).await.map_err(inner)? {
            let visible = row.on_chain || row.author == Author::Applicant.as_str();
            if let Some(text) = self.statement(case.id, row.hash).await?.filter(|_| visible) {
                out.push((row, text));
            }
        }
        Ok(out)
    }

    /// Takes the form that answers a request for more; the applicant then puts its commitment on the chain.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn supplement(
        &self,
        case: &CaseRow,
        answers: Value,
        salt: B256,
    ) -> Result<B256, ResidentError> {
        if case.status != Status::Supplement {
            let (status, what) = (case.status.as_str(), "handing in more");
            return Err(ResidentError::Status { status, what });
        }
        self.validate_form(case.service, case.version, &answers)
            .await
            .map_err(ResidentError::Form)?;
        let row = self.store.link(case.id).await.map_err(inner)?;
        let row = row.ok_or(ResidentError::NotLinked)?;
        let link = self.stored_link(&row).await?.ok_or(ResidentError::Forgotten)?;
        let form = Form { answers, salt };
        // The form is new, the person is not.
        let commitment = link.with_form(form.commitment());
        let kept = self.put_form(&row, commitment, &form.into()).await;
        kept.map_err(forgotten)?;
        Ok(commitment)
    }

    /// Takes the text of an appeal; the applicant then puts its hash on the chain.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn appeal(&self, case: &CaseRow, text: String, salt: B256) -> Result<B256, ResidentError> {
        if !matches!(case.status, Status::Approved | Status::Refused) {
            return Err(ResidentError::Status {
                status: case.status.as_str(),
                what: "an appeal",
            });
        }
        self.keep_statement(case, StatementText { text, salt }, Author::Applicant)
            .await
    }

    pub(super) async fn keep_statement(
        &self,
        case: &CaseRow,
        statement: StatementText,
        author: Author,
    ) -> Result<B256, ResidentError> {
        let length = statement.text.chars().count();
        if statement.text.trim().is_empty() || length > MAX_STATEMENT_CHARS {
            return Err(ResidentError::Text);
        }
        let kept = self.store.statements(case.id).await.map_err(inner)?;
        let own = kept.iter().filter(|row| row.author == author.as_str());
        if own.count() >= MAX_STATEMENTS {
            return Err(ResidentError::TooMany);
        }
        let hash = statement.hash();
        let kept = self.put_statement(case.id, &statement).await;
        kept.map_err(forgotten)?;
        self.store
            .put_statement(case.id, hash, author, self.clock.now_ms())
            .await
            .map_err(inner)?;
        Ok(hash)
    }
}

/// Whoever is linked to a case has a key, until they are deleted.
fn forgotten(error: AppError) -> ResidentError {
    match error {
        AppError::Vault(VaultError::Destroyed) => ResidentError::Forgotten,
        other => other.into(),
    }
}
