//! Proofs of possession of the key that an access token is bound to (RFC 9449).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zhengtong_credentials::{Jwk, Jwt};

use super::{OpenidError, digest};
use crate::app::{App, inner};

/// How old a proof may be, in seconds; and how long it is remembered.
const MAX_AGE_S: u64 = 300;
/// How far a wallet's clock may be ahead, in seconds.
const MAX_AHEAD_S: u64 = 60;
const MAX_JTI_BYTES: usize = 256;

/// The header `dpop`, and the method that it came with.
pub struct DpopProof<'a> {
    /// The proof.
    pub proof: &'a str,
    /// `POST`.
    pub method: &'a str,
}

impl App {
    /// The thumbprint of the key that a proof is of; each proof is good once.
    pub(super) async fn dpop(
        &self,
        proof: &DpopProof<'_>,
        path: &str,
        token: Option<&str>,
    ) -> Result<String, OpenidError> {
        let refused = |description| OpenidError::refused("invalid_dpop_proof", description);
        let jwt =
            Jwt::parse(proof.proof, "the proof").map_err(|_| refused("the proof is not a JWT of ES256"))?;
        let jwk = jwt.header("jwk").ok_or(refused("header `jwk` is missing"))?;
        let key = Jwk::parse(jwk, "the proof's key")
            .ok()
            .filter(|_| jwk.get("d").is_none())
            .ok_or(refused("header `jwk` must be a public P-256 key"))?;
        jwt.verify(&key, "dpop+jwt", "sender").map_err(|_| {
            refused("the proof must be of type `dpop+jwt`, signed with ES256 by the key in it")
        })?;
        if jwt.text("htm") != Ok(proof.method) {
            return Err(refused("`htm` is another method"));
        }
        let htu = jwt.text("htu").unwrap_or_default();
        let htu = htu.split(['?', '#']).next().unwrap_or_default();
        if htu != format!("{}{path}", self.credential_issuer()?) {
            return Err(refused("`htu` is another address"));
        }
        let (now_s, iat) = (self.clock.now_s(), jwt.time("iat").unwrap_or_default());
        if iat > now_s + MAX_AHEAD_S || now_s.saturating_sub(iat) > MAX_AGE_S {
            return Err(refused("`iat` is missing, too old, or in the future"));
        }
        if let Some(token) = token {
            let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
            if jwt.text("ath") != Ok(ath.as_str()) {
                return Err(refused("`ath` is not the digest of the access token"));
            }
        }
        let jti = jwt
            .text("jti")
            .ok()
            .filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI_BYTES)
            .ok_or(refused("`jti` is missing or too long"))?;
        let thumbprint = key.thumbprint();
        let once = digest(&format!("dpop\n{thumbprint}\n{jti}"));
        let kept_until_s = now_s + MAX_AGE_S + MAX_AHEAD_S;
        if !self.store.use_once(&once, kept_until_s).await.map_err(inner)? {
            return Err(refused("the proof was used before"));
        }
        Ok(thumbprint)
    }
}
