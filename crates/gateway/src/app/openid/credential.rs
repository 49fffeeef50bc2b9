//! Handing out credentials (OpenID4VCI 1.0, sections 7 to 11): nonce, credential, deferred credential, notification.

use serde::Deserialize;
use serde_json::Value;
use zhengtong_credentials::{CredentialText, Jwk, Jwt};

use super::{DpopProof, OpenidError, digest, random};
use crate::app::issuing::ForHolder;
use crate::app::{App, inner};
use crate::store::{CaseRow, Status};

/// How long a nonce may be used, in seconds.
pub const NONCE_S: u64 = 300;
/// How long a wallet may come back for a credential that was not there, in seconds: as long as its access token.
const DEFERRED_S: u64 = super::token::TOKEN_S;
/// How long a wallet should wait before it asks again, in seconds.
pub const INTERVAL_S: u64 = 5;
/// How long a wallet may say what became of a credential, in seconds.
const NOTIFICATION_S: u64 = super::token::TOKEN_S;
/// How far the time of a proof may be off, in seconds.
const MAX_PROOF_SKEW_S: u64 = 300;
const PROOF_TYP: &str = "openid4vci-proof+jwt";
const NONCE_PURPOSE: &str = "c_nonce";
/// What a wallet may say became of a credential.
const EVENTS: [&str; 3] = ["credential_accepted", "credential_failure", "credential_deleted"];

/// A credential request; members that are not listed are ignored, as the standard asks.
#[derive(Deserialize, Default)]
pub struct CredentialRequest {
    /// One of the configurations of the metadata.
    pub credential_configuration_id: Option<String>,
    /// Not given out here.
    pub credential_identifier: Option<Value>,
    /// `{ "jwt": ["…"] }`.
    pub proofs: Option<Value>,
    /// Not supported.
    pub credential_response_encryption: Option<Value>,
}

/// What a wallet gets.
pub enum CredentialAnswer {
    /// The credential, and an id to say what became of it.
    Issued {
        /// The credential.
        credential: CredentialText,
        /// For the notification endpoint.
        notification_id: String,
    },
    /// Not there yet: come back.
    Deferred {
        /// For the deferred endpoint.
        transaction_id: String,
    },
}

impl App {
    /// A fresh nonce for a proof.
    ///
    /// # Errors
    /// Not configured.
    pub fn credential_nonce(&self) -> Result<String, OpenidError> {
        self.credential_issuer()?;
        let nonce = self.0.openid.nonce(NONCE_PURPOSE, self.clock.now_s() + NONCE_S);
        Ok(nonce.map_err(crate::app::AppError::Randomness)?)
    }

    /// Hands out the credential that an access token is for, bound to the key of the proof.
    ///
    /// # Errors
    /// In the words of OpenID4VCI, section 8.3.1.
    pub async fn request_credential(
        &self,
        authorization: Option<&str>,
        dpop: Option<DpopProof<'_>>,
        request: Result<CredentialRequest, ()>,
    ) -> Result<CredentialAnswer, OpenidError> {
        let refused = OpenidError::refused;
        let (case, token) = self
            .authorized(authorization, dpop, "/v1/openid/credential")
            .await?;
        let request = request.map_err(|()| {
            refused(
                "invalid_credential_request",
                "the body is not a credential request in JSON",
            )
        })?;
        if request.credential_response_encryption.is_some() {
            let text = "encrypted responses are not offered in the metadata";
            return Err(refused("invalid_encryption_parameters", text));
        }
        match (
            &request.credential_identifier,
            request.credential_configuration_id.as_deref(),
        ) {
            (Some(_), Some(_)) => {
                let text = "`credential_identifier` and `credential_configuration_id` exclude each other";
                return Err(refused("invalid_credential_request", text));
            }
            (Some(_), None) => {
                let text = "no credential identifiers are given out: use `credential_configuration_id`";
                return Err(refused("unknown_credential_identifier", text));
            }
            (None, None) => {
                let text = "`credential_configuration_id` is missing";
                return Err(refused("invalid_credential_request", text));
            }
            (None, Some(id)) if id != self.configuration_of(&case).await? => {
                let text = "`credential_configuration_id` is not the one that was offered";
                return Err(refused("unknown_credential_configuration", text));
            }
            (None, Some(_)) => {}
        }
        let holder = self.proven_holder(request.proofs.as_ref()).await?;
        if let Some(answer) = self.hand_out(&case, &holder).await? {
            return Ok(answer);
        }
        let (transaction_id, now_s) = (random()?, self.clock.now_s());
        self.store
            .put_deferred(
                &digest(&transaction_id),
                &token,
                &holder.to_value().to_string(),
                now_s + DEFERRED_S,
            )
            .await
            .map_err(inner)?;
        Ok(CredentialAnswer::Deferred { transaction_id })
    }

    /// Hands out a credential that was not there when it was asked for.
    ///
    /// # Errors
    /// In the words of OpenID4VCI, section 9.3.
    pub async fn deferred_credential(
        &self,
        authorization: Option<&str>,
        dpop: Option<DpopProof<'_>>,
        transaction_id: Option<&str>,
    ) -> Result<CredentialAnswer, OpenidError> {
        let refused = OpenidError::refused;
        let (case, token) = self
            .authorized(authorization, dpop, "/v1/openid/deferred")
            .await?;
        let transaction_id = transaction_id.ok_or(refused(
            "invalid_credential_request",
            "the body must be JSON with `transaction_id`",
        ))?;
        let kept = digest(transaction_id);
        let holder = self
            .store
            .deferred(&kept, &token, self.clock.now_s())
            .await
            .map_err(inner)?
            .ok_or(refused(
                "invalid_transaction_id",
                "nothing of that id waits for this access token",
            ))?;
        let holder = serde_json::from_str(&holder)
            .ok()
            .and_then(|value| Jwk::parse(&value, "holder").ok())
            .ok_or(crate::app::AppError::Record("holder"))?;
        if let Some(answer) = self.hand_out(&case, &holder).await? {
            self.store.end_deferred(&kept).await.map_err(inner)?;
            return Ok(answer);
        }
        Ok(CredentialAnswer::Deferred {
            transaction_id: transaction_id.to_owned(),
        })
    }

    /// Takes what a wallet says became of a credential.
    ///
    /// # Errors
    /// In the words of OpenID4VCI, section 11.3.
    pub async fn credential_notified(
        &self,
        authorization: Option<&str>,
        dpop: Option<DpopProof<'_>>,
        id: Option<&str>,
        event: Option<&str>,
    ) -> Result<(), OpenidError> {
        let refused = OpenidError::refused;
        let (case, _) = self
            .authorized(authorization, dpop, "/v1/openid/notification")
            .await?;
        let (id, event) = match (id, event.filter(|event| EVENTS.contains(event))) {
            (Some(id), Some(event)) => (id, event),
            _ => {
                let text = "the body must be JSON with `notification_id` and an `event` of the standard";
                return Err(refused("invalid_notification_request", text));
            }
        };
        if !self
            .store
            .notify(&digest(id), case.id, event)
            .await
            .map_err(inner)?
        {
            let text = "nothing of that id went out with this access token";
            return Err(refused("invalid_notification_id", text));
        }
        tracing::info!(case = %case.id, event, "a wallet said what became of a credential");
        Ok(())
    }

    /// The credential if it is there; `None` if it will be.
    async fn hand_out(&self, case: &CaseRow, holder: &Jwk) -> Result<Option<CredentialAnswer>, OpenidError> {
        if case.status != Status::Approved || case.frozen {
            let text = "the case is not approved any more, or is under appeal";
            return Err(OpenidError::refused("credential_request_denied", text));
        }
        let credential = match self.credential_for(case, holder).await? {
            ForHolder::Ready(credential) => credential,
            ForHolder::NotYet => return Ok(None),
            ForHolder::Gone => {
                let text = "what the credential is made of was deleted here, at the person's wish or after its period";
                return Err(OpenidError::refused("credential_request_denied", text));
            }
        };
        let notification_id = random()?;
        self.store
            .put_notification(
                &digest(&notification_id),
                case.id,
                self.clock.now_s() + NOTIFICATION_S,
            )
            .await
            .map_err(inner)?;
        Ok(Some(CredentialAnswer::Issued {
            credential,
            notification_id,
        }))
    }

    /// The key of a proof (appendix F.1): of ES256, for this issuer, over a nonce of ours that was not used.
    async fn proven_holder(&self, proofs: Option<&Value>) -> Result<Jwk, OpenidError> {
        let refused = |text| OpenidError::refused("invalid_proof", text);
        let proofs = proofs
            .and_then(Value::as_object)
            .ok_or(refused("`proofs` is missing: a credential is bound to a key"))?;
        let proof = match (proofs.len(), proofs.get("jwt").and_then(Value::as_array)) {
            (1, Some(list)) if list.len() == 1 => list[0].as_str(),
            _ => None,
        };
        let proof = proof.ok_or(refused("`proofs` must be one `jwt`: no batches are offered"))?;
        let jwt = Jwt::parse(proof, "the proof").map_err(|_| refused("the proof is not a JWT of ES256"))?;
        let jwk = jwt
            .header("jwk")
            .ok_or(refused("the proof's header needs the key itself: `jwk`"))?;
        let holder = Jwk::parse(jwk, "the proof's key")
            .ok()
            .filter(|_| jwk.get("d").is_none())
            .ok_or(refused("the proof's `jwk` must be a public P-256 key"))?;
        if ["kid", "x5c"].iter().any(|name| jwt.header(name).is_some()) {
            return Err(refused("`jwk`, `kid` and `x5c` exclude each other"));
        }
        jwt.verify(&holder, PROOF_TYP, "holder")
            .map_err(|_| refused("the proof must be of type `openid4vci-proof+jwt`, signed with ES256"))?;
        let issuer = self.credential_issuer()?;
        let is_ours = match jwt.claim("aud") {
            Some(Value::String(aud)) => aud == issuer,
            Some(Value::Array(list)) => list.iter().any(|aud| aud.as_str() == Some(issuer)),
            _ => false,
        };
        if !is_ours {
            return Err(refused("the proof's `aud` is not this credential issuer"));
        }
        let now_s = self.clock.now_s();
        if jwt.time("iat").unwrap_or_default().abs_diff(now_s) > MAX_PROOF_SKEW_S {
            return Err(refused("the proof's `iat` is missing or too far off"));
        }
        let stale = || {
            let text = "the proof's `nonce` was not given out here, was used, or has expired: fetch another";
            OpenidError::refused("invalid_nonce", text)
        };
        let nonce = jwt
            .text("nonce")
            .map_err(|_| refused("the proof's `nonce` is missing"))?;
        let ends_s = self
            .0
            .openid
            .nonce_ends_s(NONCE_PURPOSE, nonce, now_s)
            .ok_or_else(stale)?;
        let once = digest(&format!("{NONCE_PURPOSE}\n{nonce}"));
        if !self.store.use_once(&once, ends_s).await.map_err(inner)? {
            return Err(stale());
        }
        Ok(holder)
    }
}
