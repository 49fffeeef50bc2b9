//! Access tokens for pre-authorized codes (OpenID4VCI 1.0, section 6), optionally bound to a key (DPoP, RFC 9449).

use super::metadata::PRE_AUTHORIZED;
use super::offer::{MAX_TX_CODE_ATTEMPTS, tx_code_digest};
use super::{DpopProof, OpenidError, digest, random};
use crate::app::{App, inner};
use crate::store::CaseRow;

/// How long an access token lasts, in seconds.
pub const TOKEN_S: u64 = 600;
/// Path of the endpoint, from the gateway's address on.
const PATH: &str = "/v1/openid/token";

/// The parameters of a token request.
#[derive(Default)]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `pre-authorized_code`.
    pub code: Option<String>,
    /// `tx_code`.
    pub tx_code: Option<String>,
}

/// An access token. It is a secret.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// `Bearer` or `DPoP`.
    pub token_type: &'static str,
    /// How long it lasts, in seconds.
    pub expires_in_s: u64,
}

impl App {
    /// Takes up an offer.
    ///
    /// # Errors
    /// In the words of RFC 6749, section 5.2, OpenID4VCI and RFC 9449.
    pub async fn access_token(
        &self,
        request: &TokenRequest,
        dpop: Option<DpopProof<'_>>,
    ) -> Result<AccessToken, OpenidError> {
        self.credential_issuer()?;
        let refused = OpenidError::refused;
        match request.grant_type.as_deref() {
            Some(PRE_AUTHORIZED) => {}
            Some(_) => {
                let text = "`grant_type` must be the pre-authorized code's";
                return Err(refused("unsupported_grant_type", text));
            }
            None => return Err(refused("invalid_request", "`grant_type` is missing")),
        }
        let code = request
            .code
            .as_deref()
            .ok_or(refused("invalid_request", "`pre-authorized_code` is missing"))?;
        let bound_to = match dpop {
            Some(proof) => self.dpop(&proof, PATH, None).await?,
            None => String::new(),
        };
        let now_s = self.clock.now_s();
        let unknown = || {
            let text = "the code was not given out here, was used, or has expired";
            refused("invalid_grant", text)
        };
        let kept = digest(code);
        // What is plainly malformed is no attempt.
        match self.store.offer(&kept, now_s).await.map_err(inner)? {
            None => return Err(unknown()),
            Some((_, true)) if request.tx_code.is_none() => {
                return Err(refused("invalid_request", "`tx_code` is missing"));
            }
            Some((_, false)) if request.tx_code.is_some() => {
                return Err(refused("invalid_request", "`tx_code` was not asked for"));
            }
            Some(_) => {}
        }
        let offer = self.store.try_offer(&kept, now_s).await.map_err(inner)?;
        let offer = offer.ok_or_else(unknown)?;
        if offer.attempts > MAX_TX_CODE_ATTEMPTS {
            self.store.take_offer(&kept).await.map_err(inner)?;
            return Err(unknown());
        }
        if let Some(tx_code) = &request.tx_code
            && tx_code_digest(code, tx_code) != offer.tx_code
        {
            return Err(refused("invalid_grant", "`tx_code` is not the right one"));
        }
        if !self.store.take_offer(&kept).await.map_err(inner)? {
            return Err(unknown());
        }
        let token = random()?;
        self.store
            .put_token(&digest(&token), offer.case_id, &bound_to, now_s + TOKEN_S)
            .await
            .map_err(inner)?;
        Ok(AccessToken {
            token,
            token_type: if bound_to.is_empty() { "Bearer" } else { "DPoP" },
            expires_in_s: TOKEN_S,
        })
    }

    /// The case whose credential an access token is for. `authorization` is the header's value.
    pub(super) async fn authorized(
        &self,
        authorization: Option<&str>,
        dpop: Option<DpopProof<'_>>,
        path: &str,
    ) -> Result<(CaseRow, String), OpenidError> {
        self.credential_issuer()?;
        let unauthorized = |description| OpenidError::Unauthorized {
            code: "invalid_token",
            description,
        };
        let (scheme, token) = authorization
            .and_then(|text| text.split_once(' '))
            .ok_or(unauthorized(
                "send the access token in the header `authorization`",
            ))?;
        let kept = digest(token);
        let row = self
            .store
            .token(&kept, self.clock.now_s())
            .await
            .map_err(inner)?
            .ok_or(unauthorized(
                "the access token was not given out here, or has expired",
            ))?;
        let expected = if row.dpop.is_empty() { "bearer" } else { "dpop" };
        if !scheme.eq_ignore_ascii_case(expected) {
            return Err(unauthorized(
                "the access token is of another type than the scheme says",
            ));
        }
        if !row.dpop.is_empty() {
            let proof = dpop.ok_or(OpenidError::Unauthorized {
                code: "invalid_dpop_proof",
                description: "the access token is bound to a key: send a proof in the header `dpop`",
            })?;
            let shown = self
                .dpop(&proof, path, Some(token))
                .await
                .map_err(|error| match error {
                    OpenidError::Refused { code, description } => {
                        OpenidError::Unauthorized { code, description }
                    }
                    other => other,
                })?;
            if shown != row.dpop {
                return Err(unauthorized("the access token is bound to another key"));
            }
        }
        let case = self.store.case(row.case_id).await.map_err(inner)?;
        Ok((case.ok_or(OpenidError::NotFound)?, kept))
    }
}
