//! Offering a decided case's credential (OpenID4VCI 1.0, section 4): by value and by reference.

use serde_json::{Value, json};

use super::metadata::PRE_AUTHORIZED;
use super::{OpenidError, digest, random};
use crate::app::{App, AppError, inner};
use crate::store::{CaseRow, Status};

/// How long an offer may be taken up, in seconds.
pub const OFFER_S: u64 = 900;
/// How often what the resident types in may be wrong.
pub(super) const MAX_TX_CODE_ATTEMPTS: i64 = 5;
const TX_CODE_DIGITS: u32 = 6;

/// An offer. Whoever has it, and the code if there is one, gets the credential.
pub struct Offer {
    /// The offer itself.
    pub offer: Value,
    /// Where it can be fetched.
    pub reference: String,
    /// What the resident types into the wallet; sent another way than the offer.
    pub tx_code: Option<String>,
    /// Until when, unix seconds.
    pub expires_at_s: u64,
}

impl App {
    /// Offers the credential of a case to a wallet of its applicant's choice.
    ///
    /// # Errors
    /// Not configured, not approved, or too many offers wait.
    pub async fn offer(&self, case: &CaseRow, with_tx_code: bool) -> Result<Offer, OpenidError> {
        let url = self.credential_issuer()?;
        if case.status != Status::Approved || case.frozen {
            return Err(OpenidError::NoCredential(case.status.as_str()));
        }
        self.configuration_of(case).await?;
        let now_s = self.clock.now_s();
        self.expire_openid().await?;
        let (reference, expires_at_s) = (random()?, now_s + OFFER_S);
        let code = self.code_of(&reference);
        let tx_code = if with_tx_code { Some(tx_code()?) } else { None };
        let kept = tx_code.as_deref().map(|text| tx_code_digest(&code, text));
        if !self
            .store
            .put_offer(&digest(&code), case.id, &kept.unwrap_or_default(), expires_at_s)
            .await
            .map_err(inner)?
        {
            return Err(OpenidError::Busy);
        }
        Ok(Offer {
            offer: self.offer_of(case, &code, with_tx_code).await?,
            reference: format!("{url}/v1/openid/offers/{reference}"),
            tx_code,
            expires_at_s,
        })
    }

    /// The offer that a reference stands for.
    ///
    /// # Errors
    /// Not configured, or there is none.
    pub async fn offer_by_reference(&self, reference: &str) -> Result<Value, OpenidError> {
        self.credential_issuer()?;
        let code = self.code_of(reference);
        let found = self
            .store
            .offer(&digest(&code), self.clock.now_s())
            .await
            .map_err(inner)?;
        let (case_id, with_tx_code) = found.ok_or(OpenidError::NotFound)?;
        let case = self.store.case(case_id).await.map_err(inner)?;
        self.offer_of(&case.ok_or(OpenidError::NotFound)?, &code, with_tx_code)
            .await
    }

    /// The code of an offer follows from its reference, so that neither is kept.
    fn code_of(&self, reference: &str) -> String {
        hex::encode(self.0.openid.derive("offer", reference).expose())
    }

    async fn offer_of(&self, case: &CaseRow, code: &str, with_tx_code: bool) -> Result<Value, OpenidError> {
        let mut grant = json!({ "pre-authorized_code": code });
        if with_tx_code {
            grant["tx_code"] = json!({ "input_mode": "numeric", "length": TX_CODE_DIGITS });
        }
        Ok(json!({
            "credential_issuer": self.credential_issuer()?,
            "credential_configuration_ids": [self.configuration_of(case).await?],
            "grants": { PRE_AUTHORIZED: grant },
        }))
    }

    /// The credential configuration that a case gives.
    pub(super) async fn configuration_of(&self, case: &CaseRow) -> Result<&str, OpenidError> {
        let package = self.package_of(case).await?;
        Ok(package.credential().kind.as_str())
    }
}

/// Bound to the code of the offer: equal digits of two offers look different in the store.
pub(super) fn tx_code_digest(code: &str, tx_code: &str) -> String {
    digest(&format!("{code}\n{tx_code}"))
}

fn tx_code() -> Result<String, AppError> {
    let modulus = 10u64.pow(TX_CODE_DIGITS);
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(AppError::Randomness)?;
    // 2^64 is so much larger than a million that the remainder is as good as even.
    let number = u64::from_be_bytes(bytes) % modulus;
    Ok(format!("{number:0width$}", width = TX_CODE_DIGITS as usize))
}
