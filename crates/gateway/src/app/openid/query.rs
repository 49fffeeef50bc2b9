//! What is asked of a wallet (DCQL, OpenID4VP 1.0, section 6): types and claims that the packages declare, nothing else.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::metadata::IDENTITY_CLAIMS;
use crate::app::{App, IDENTITY_VCT};

/// The most credentials asked for at once.
pub const MAX_CREDENTIALS: usize = 4;
/// The most claims asked of one.
pub const MAX_CLAIMS: usize = 16;

/// A credential asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedCredential {
    /// Its type.
    pub vct: String,
    /// The claims to disclose.
    pub claims: Vec<String>,
}

/// How the wallet sends its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the clear (below TLS).
    #[serde(rename = "direct_post")]
    DirectPost,
    /// Encrypted to a key of the request.
    #[serde(rename = "direct_post.jwt")]
    DirectPostJwt,
}

/// How the verifier shows who it is (OpenID4VP 1.0, section 5.9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientIdPrefix {
    /// By the digest of its certificate, with a signed request.
    #[serde(rename = "x509_hash")]
    X509Hash,
    /// By a host name in its certificate, with a signed request.
    #[serde(rename = "x509_san_dns")]
    X509SanDns,
    /// By where the answer goes, with an unsigned request.
    #[serde(rename = "redirect_uri")]
    RedirectUri,
}

/// Why a request was not made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// Too few or too many credentials.
    #[error("ask for 1 to {MAX_CREDENTIALS} credentials")]
    Credentials,
    /// No package and no agency gives such a type.
    #[error("`{0}` is no type of credential that is known here")]
    Type(String),
    /// Too many claims, or the same twice.
    #[error("name 1 to {MAX_CLAIMS} claims of `{0}`, each once")]
    Claims(String),
    /// A claim that the type does not have.
    #[error("`{vct}` has no claim `{claim}`: what a package does not declare is not asked for")]
    Claim {
        /// The type.
        vct: String,
        /// The claim.
        claim: String,
    },
    /// Where the browser should go afterwards is not this portal.
    #[error("`redirect_uri` must be an address of the portal")]
    RedirectUri,
    /// The certificate names no host.
    #[error("the certificate names no host: use `x509_hash`")]
    NoHost,
}

impl App {
    /// Requires that every type is known and has the claims asked for.
    pub(super) fn check_query(&self, asked: &[AskedCredential]) -> Result<(), QueryError> {
        if !(1..=MAX_CREDENTIALS).contains(&asked.len()) {
            return Err(QueryError::Credentials);
        }
        for one in asked {
            let known: Vec<&str> = if one.vct == IDENTITY_VCT {
                IDENTITY_CLAIMS.to_vec()
            } else {
                let mut packages = self.packages.iter();
                let package = packages
                    .rfind(|package| package.credential().vct == one.vct)
                    .ok_or_else(|| QueryError::Type(one.vct.chars().take(128).collect()))?;
                let claims = package.credential().claims.iter();
                claims.map(|claim| claim.name.as_str()).collect()
            };
            let mut names: Vec<_> = one.claims.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            if !(1..=MAX_CLAIMS).contains(&one.claims.len()) || names.len() != one.claims.len() {
                return Err(QueryError::Claims(one.vct.clone()));
            }
            if let Some(claim) = names.iter().find(|name| !known.contains(name)) {
                return Err(QueryError::Claim {
                    vct: one.vct.clone(),
                    claim: claim.chars().take(64).collect(),
                });
            }
        }
        Ok(())
    }
}

/// The name of a credential in the query and in the answer.
pub(super) fn query_id(index: usize) -> String {
    format!("credential_{index}")
}

/// The query as the wallet reads it.
pub(super) fn dcql(asked: &[AskedCredential]) -> Value {
    let credentials: Vec<_> = asked
        .iter()
        .enumerate()
        .map(|(index, one)| {
            let claims: Vec<_> = one.claims.iter().map(|name| json!({ "path": [name] })).collect();
            json!({
                "id": query_id(index),
                "format": "dc+sd-jwt",
                "meta": { "vct_values": [one.vct] },
                "claims": claims,
            })
        })
        .collect();
    json!({ "credentials": credentials })
}
