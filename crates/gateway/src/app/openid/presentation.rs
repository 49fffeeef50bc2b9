//! What a wallet answers (OpenID4VP 1.0, sections 8 and 8.2), and what the officer who asked is told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_credentials::{CredentialError, Expected, JweError, KeyBinding, Presented, Verified};
use zhengtong_vault::{Record, Subject, VaultError};

use super::kept::presentation_subject;
use super::query::query_id;
use super::request::{Asked, ENCRYPTION_KID, REQUEST_S};
use super::{
    AskedCredential, OpenidError, ResponseMode, StatusError, TrustError, TrustedIssuer, digest, random,
};
use crate::app::access::{AskedWallet, Permit, SeePresentation};
use crate::app::{App, AppError, inner};
use crate::store::openid::RequestState;

/// The most characters of a wallet's error that are kept.
const MAX_ERROR_CHARS: usize = 64;
const RECORD: &str = "presentation";

/// The parameters of an answer.
#[derive(Default)]
pub struct Response {
    /// `response`: everything, encrypted.
    pub encrypted: Option<Zeroizing<String>>,
    /// `vp_token`.
    pub vp_token: Option<Zeroizing<String>>,
    /// `state`.
    pub state: Option<String>,
    /// `error`: the wallet or its owner declined.
    pub error: Option<String>,
}

/// Why an answer was refused. Never carries what was presented.
#[derive(Debug, Error)]
pub enum ResponseError {
    /// Not the parameters that were asked for.
    #[error("{0}")]
    Parameters(&'static str),
    /// Does not open.
    #[error("`response`: {0}")]
    Encrypted(#[from] JweError),
    /// One of the credentials.
    #[error("{id}: {source}")]
    Credential {
        /// Its name in the query.
        id: String,
        /// Why.
        source: PresentedError,
    },
}

/// Why a credential that was presented was refused.
#[derive(Debug, Error)]
pub enum PresentedError {
    /// The credential or the proof of possession.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Its issuer.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// An issuer that may not issue this type.
    #[error("its issuer may not issue this type")]
    Type,
    /// Something that was asked for was not disclosed.
    #[error("`{0}` was asked for and is not disclosed")]
    NotDisclosed(String),
    /// Revoked, suspended, or nobody knows.
    #[error(transparent)]
    Status(#[from] StatusError),
}

/// What became of a request.
pub enum Outcome {
    /// Nothing came yet.
    Waiting,
    /// The wallet's browser has to bring its code first.
    CodeMissing,
    /// What was presented, by name in the query.
    Verified(Map<String, Value>),
    /// Why not.
    Refused(String),
}

/// What is kept of a presentation, in the vault.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    credentials: Map<String, Value>,
}

impl App {
    /// Takes a wallet's answer; answers where its browser goes then, if anywhere.
    ///
    /// # Errors
    /// The answer is refused, and the request with it unless the answer was not for it.
    pub async fn wallet_answered(&self, id: &str, response: Response) -> Result<Option<String>, OpenidError> {
        let (row, asked) = self.kept_request(id).await?;
        if row.state != RequestState::Waiting || self.clock.now_s() >= asked.until_s() {
            return Err(OpenidError::NotFound);
        }
        let refused = |text| OpenidError::refused("invalid_request", text);
        let answer = match self.open_response(id, &asked, response) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::info!(%error, "an answer of a wallet cannot be read");
                return Err(refused(
                    "the answer is not as the request asks: see `response_mode` and its parameters",
                ));
            }
        };
        if answer.state.as_deref() != Some(asked.state.as_str()) {
            return Err(refused("`state` is not the request's"));
        }
        if let Some(error) = answer.error {
            let shown = error.chars().filter(|c| c.is_ascii_graphic());
            let shown: String = shown.take(MAX_ERROR_CHARS).collect();
            let reason = format!("the wallet declined: {shown}");
            let _one_at_a_time = self.0.openid.answering.lock().await;
            return self.end(id, &asked, RequestState::Refused, &reason, None).await;
        }
        let presented = self.presented(&asked, answer.vp_token.as_deref()).await;
        let _one_at_a_time = self.0.openid.answering.lock().await;
        if self.kept_request(id).await?.0.state != RequestState::Waiting {
            return Err(OpenidError::NotFound);
        }
        match presented {
            Ok((credentials, subject)) => {
                let kept = Kept { credentials };
                let bytes = serde_json::to_vec(&kept).map_err(|_| AppError::Record(RECORD))?;
                let record = Record {
                    kind: RECORD,
                    name: RECORD,
                };
                self.vault
                    .put(
                        presentation_subject(&self.vault, id)?,
                        record,
                        &Zeroizing::new(bytes),
                    )
                    .await
                    .map_err(inner)?;
                self.end(id, &asked, RequestState::Verified, "", subject).await
            }
            Err(ResponseError::Credential {
                source:
                    PresentedError::Trust(TrustError::App(error))
                    | PresentedError::Status(StatusError::App(error)),
                ..
            }) => Err(error.into()),
            Err(error) => {
                self.end(id, &asked, RequestState::Refused, &error.to_string(), None)
                    .await?;
                Err(refused(
                    "what was presented is refused: the one who asked is told why",
                ))
            }
        }
    }

    /// A request to a wallet, and who made it.
    ///
    /// # Errors
    /// The gateway does not speak these protocols, or the store fails.
    pub async fn asked_wallet(&self, id: &str) -> Result<Option<AskedWallet>, OpenidError> {
        self.credential_issuer()?;
        let row = self.store.wallet_request(id, self.clock.now_s()).await;
        Ok(row.map_err(inner)?.map(|row| AskedWallet {
            id: id.to_owned(),
            asked_by: row.officer,
        }))
    }

    /// What became of a request.
    ///
    /// # Errors
    /// It has expired, or the store fails.
    pub async fn presentation(
        &self,
        permit: &Permit<SeePresentation>,
        response_code: Option<&str>,
    ) -> Result<Outcome, OpenidError> {
        let id = permit.thing().id.as_str();
        let (row, asked) = self.kept_request(id).await?;
        match row.state {
            RequestState::Waiting if self.clock.now_s() < asked.until_s() => Ok(Outcome::Waiting),
            RequestState::Waiting => Ok(Outcome::Refused(format!(
                "no wallet answered within {REQUEST_S} seconds"
            ))),
            RequestState::Refused => Ok(Outcome::Refused(row.reason)),
            RequestState::Verified if !code_fits(&row.response_code, response_code) => {
                Ok(Outcome::CodeMissing)
            }
            RequestState::Verified => {
                let record = Record {
                    kind: RECORD,
                    name: RECORD,
                };
                let kept = match self
                    .vault
                    .get(presentation_subject(&self.vault, id)?, record)
                    .await
                {
                    Err(VaultError::Destroyed) => None,
                    other => other.map_err(inner)?,
                };
                let kept = kept.ok_or(OpenidError::NotFound)?;
                let kept: Kept =
                    serde_json::from_slice(kept.expose()).map_err(|_| AppError::Record(RECORD))?;
                Ok(Outcome::Verified(kept.credentials))
            }
        }
    }

    async fn end(
        &self,
        id: &str,
        asked: &Asked,
        state: RequestState,
        reason: &str,
        subject: Option<Subject>,
    ) -> Result<Option<String>, OpenidError> {
        let code = match &asked.redirect_uri {
            Some(_) => Some(random()?),
            None => None,
        };
        let kept = code.as_deref().map(digest).unwrap_or_default();
        if !self
            .store
            .end_wallet_request(id, state, reason, &kept, subject)
            .await
            .map_err(inner)?
        {
            return Err(OpenidError::NotFound);
        }
        tracing::info!(state = state.as_str(), "a request for a presentation has ended");
        Ok(asked.redirect_uri.as_ref().zip(code).map(|(uri, code)| {
            let joint = if uri.contains('?') { '&' } else { '?' };
            format!("{uri}{joint}response_code={code}")
        }))
    }

    /// The parameters in the clear, however they came; only as the request asks.
    #[expect(clippy::result_large_err, reason = "one a presentation")]
    fn open_response(&self, id: &str, asked: &Asked, response: Response) -> Result<Response, ResponseError> {
        let encrypted = match (asked.mode, response.encrypted) {
            (ResponseMode::DirectPost, None) => {
                return Ok(Response {
                    encrypted: None,
                    ..response
                });
            }
            (ResponseMode::DirectPost, Some(_)) => {
                return Err(ResponseError::Parameters("`response` was not asked for"));
            }
            // A wallet that cannot encrypt may still say so (section 8.3).
            (ResponseMode::DirectPostJwt, None)
                if response.error.is_some() && response.vp_token.is_none() =>
            {
                return Ok(Response {
                    encrypted: None,
                    ..response
                });
            }
            (ResponseMode::DirectPostJwt, None) => {
                return Err(ResponseError::Parameters(
                    "`response` is missing: the answer must be encrypted",
                ));
            }
            (ResponseMode::DirectPostJwt, Some(encrypted)) => encrypted,
        };
        let key = self
            .response_key(id)
            .map_err(|_| ResponseError::Parameters("there is no key"))?;
        let opened = key.decrypt(&encrypted, ENCRYPTION_KID)?;
        let payload: Map<String, Value> = serde_json::from_slice(&opened)
            .map_err(|_| ResponseError::Parameters("the decrypted answer is not JSON"))?;
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Response {
            encrypted: None,
            vp_token: payload
                .get("vp_token")
                .map(|token| Zeroizing::new(token.to_string())),
            state: text("state"),
            error: text("error"),
        })
    }

    async fn presented(
        &self,
        asked: &Asked,
        vp_token: Option<&String>,
    ) -> Result<(Map<String, Value>, Option<Subject>), ResponseError> {
        let wrong = ResponseError::Parameters;
        let token = vp_token.ok_or(wrong("`vp_token` is missing"))?;
        let token: Map<String, Value> =
            serde_json::from_str(token).map_err(|_| wrong("`vp_token` is not a JSON object"))?;
        if token.len() != asked.credentials.len() {
            return Err(wrong(
                "`vp_token` must have one member for each credential of the query",
            ));
        }
        let (mut out, mut subject) = (Map::new(), None);
        for (index, one) in asked.credentials.iter().enumerate() {
            let id = query_id(index);
            let list = token.get(&id).and_then(Value::as_array);
            let text = match list.map(Vec::as_slice) {
                Some([Value::String(text)]) => text,
                _ => {
                    return Err(wrong(
                        "each member of `vp_token` must be a list of one presentation",
                    ));
                }
            };
            let (issuer, verified) = self.verify_presented(asked, one, text).await.map_err(|source| {
                ResponseError::Credential {
                    id: id.clone(),
                    source,
                }
            })?;
            if subject.is_none() {
                subject = self
                    .subject_shown(&issuer, one, &verified)
                    .await
                    .map_err(|error| ResponseError::Credential {
                        id: id.clone(),
                        source: TrustError::App(error).into(),
                    })?;
            }
            // What was asked for, and no more, even if the wallet shows more.
            let claims: Map<String, Value> = one
                .claims
                .iter()
                .filter_map(|name| Some((name.clone(), verified.claim(name)?.clone())))
                .collect();
            out.insert(
                id,
                serde_json::json!({ "vct": one.vct, "issuer": issuer.organisation, "claims": claims }),
            );
        }
        Ok((out, subject))
    }

    async fn verify_presented(
        &self,
        asked: &Asked,
        one: &AskedCredential,
        text: &str,
    ) -> Result<(TrustedIssuer, Verified), PresentedError> {
        let shown = Presented::parse(text)?;
        let issuer = self.trusted_issuer(&shown).await?;
        let verified = shown.verify(&Expected {
            issuer: &issuer.identifier,
            issuer_key: &issuer.key,
            vct: &one.vct,
            now_s: self.clock.now_s(),
            binding: Some(KeyBinding {
                audience: &asked.client_id,
                nonce: &asked.nonce,
                max_age_s: REQUEST_S,
            }),
        })?;
        if !self.may_issue(&issuer, &one.vct).await.map_err(TrustError::App)? {
            return Err(PresentedError::Type);
        }
        if let Some(missing) = one.claims.iter().find(|name| verified.claim(name).is_none()) {
            return Err(PresentedError::NotDisclosed(missing.clone()));
        }
        if let Some(reference) = verified.status()? {
            self.require_valid(&issuer, &reference).await?;
        }
        Ok((issuer, verified))
    }
}

fn code_fits(kept: &str, shown: Option<&str>) -> bool {
    kept.is_empty() || shown.is_some_and(|shown| digest(shown) == kept)
}
