//! What wallets learn first: OpenID4VCI 1.0, section 12.2; RFC 8414; SD-JWT VC type metadata.

use serde_json::{Map, Value, json};
use zhengtong_services::{Disclosure, Package};

use super::OpenidError;
use crate::app::{App, AppError, IDENTITY_VCT, inner};

/// The grant of an offer.
pub(super) const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];
/// Claims of an identity credential, which each are disclosed one by one.
pub(super) const IDENTITY_CLAIMS: [&str; 3] = ["number", "name", "birth_date"];

impl App {
    /// Metadata of this organisation as a credential issuer.
    ///
    /// # Errors
    /// Not configured, or the store fails.
    pub async fn issuer_metadata(&self) -> Result<Value, OpenidError> {
        let url = self.credential_issuer()?;
        let mut configurations = Map::new();
        for package in &self.packages {
            if self
                .store
                .owns_package(self.me, package.hash())
                .await
                .map_err(inner)?
            {
                configurations.insert(
                    package.credential().kind.as_str().to_owned(),
                    configuration(package),
                );
            }
        }
        Ok(json!({
            "credential_issuer": url,
            "credential_endpoint": format!("{url}/v1/openid/credential"),
            "nonce_endpoint": format!("{url}/v1/openid/nonce"),
            "deferred_credential_endpoint": format!("{url}/v1/openid/deferred"),
            "notification_endpoint": format!("{url}/v1/openid/notification"),
            "display": [{ "name": self.organisation }],
            "credential_configurations_supported": configurations,
        }))
    }

    /// Metadata of the same as an authorization server.
    ///
    /// # Errors
    /// Not configured.
    pub fn authorization_server_metadata(&self) -> Result<Value, OpenidError> {
        let url = self.credential_issuer()?;
        Ok(json!({
            "issuer": url,
            "token_endpoint": format!("{url}/v1/openid/token"),
            "grant_types_supported": [PRE_AUTHORIZED],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "pre-authorized_grant_anonymous_access_supported": true,
        }))
    }

    /// Type metadata of a type that this organisation may issue.
    ///
    /// # Errors
    /// Another type.
    pub async fn type_metadata(&self, vct: &str) -> Result<Value, OpenidError> {
        if vct == IDENTITY_VCT && self.source.proves_identity() {
            let claims = IDENTITY_CLAIMS.map(|name| json!({ "path": [name], "sd": "always" }));
            return Ok(json!({ "vct": vct, "name": "Resident identity", "claims": claims }));
        }
        for package in self.packages.iter().filter(|one| one.credential().vct == vct) {
            if self
                .store
                .owns_package(self.me, package.hash())
                .await
                .map_err(AppError::from)?
            {
                return Ok(type_of(package));
            }
        }
        Err(OpenidError::NotFound)
    }
}

fn display(package: &Package) -> Vec<Value> {
    let texts = LANGUAGES.iter().filter_map(|language| {
        let name = package.text(language, "service.title")?;
        Some(json!({ "name": name, "locale": language }))
    });
    texts.collect()
}

fn configuration(package: &Package) -> Value {
    let credential = package.credential();
    let claims: Vec<_> = credential
        .claims
        .iter()
        .map(|claim| json!({ "path": [claim.name], "mandatory": claim.disclosure == Disclosure::Always }))
        .collect();
    json!({
        "format": "dc+sd-jwt",
        "vct": credential.vct,
        "scope": credential.kind,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": ["ES256"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
        "credential_metadata": { "display": display(package), "claims": claims },
    })
}

fn type_of(package: &Package) -> Value {
    let credential = package.credential();
    let display: Vec<_> = LANGUAGES
        .iter()
        .filter_map(|language| {
            Some(json!({
                "locale": language,
                "name": package.text(language, "service.title")?,
                "description": package.text(language, "service.summary")?,
            }))
        })
        .collect();
    let claims: Vec<_> = credential
        .claims
        .iter()
        .map(|claim| {
            let sd = if claim.disclosure == Disclosure::Always {
                "never"
            } else {
                "always"
            };
            json!({ "path": [claim.name], "sd": sd })
        })
        .collect();
    json!({ "vct": credential.vct, "name": credential.kind, "display": display, "claims": claims })
}
