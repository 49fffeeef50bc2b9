//! Asking a wallet (OpenID4VP 1.0, section 5): requests by reference, signed, or by value if they are not signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zhengtong_credentials::DecryptionKey;

use super::query::dcql;
use super::{AskedCredential, ClientIdPrefix, OpenidError, QueryError, ResponseMode, random};
use crate::app::access::{AskWallet, Permit};
use crate::app::{App, inner};
use crate::store::openid::{RequestState, WalletRequestRow};

/// How long a wallet may answer, in seconds.
pub const REQUEST_S: u64 = 600;
/// How long what came is kept for the officer who asked, in seconds: a working day.
pub const RESULT_S: u64 = 8 * 3600;
/// The most characters of an address to go to afterwards.
const MAX_REDIRECT_CHARS: usize = 512;
/// The most characters of a wallet's nonce.
const MAX_WALLET_NONCE_CHARS: usize = 256;
const REQUEST_TYP: &str = "oauth-authz-req+jwt";
/// Who every signed request is for, when the wallet is not known.
const ANY_WALLET: &str = "https://self-issued.me/v2";
/// The name of the key that an answer is encrypted to.
pub(super) const ENCRYPTION_KID: &str = "response";

/// What an officer asks for.
pub struct NewRequest {
    /// The credentials.
    pub credentials: Vec<AskedCredential>,
    /// How the wallet answers.
    pub mode: ResponseMode,
    /// How the verifier shows who it is.
    pub prefix: ClientIdPrefix,
    /// Where the wallet's browser goes afterwards, with a response code.
    pub redirect_uri: Option<String>,
}

/// A request, ready for a wallet.
pub struct Request {
    /// Its id here.
    pub id: String,
    /// For a link or a QR code.
    pub uri: String,
    /// Until when a wallet may answer, unix seconds.
    pub expires_at_s: u64,
}

/// A request as the store keeps it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub credentials: Vec<AskedCredential>,
    pub mode: ResponseMode,
    pub prefix: ClientIdPrefix,
    pub redirect_uri: Option<String>,
    pub nonce: String,
    pub state: String,
    pub client_id: String,
    pub asked_at_s: u64,
}

impl Asked {
    pub(super) fn until_s(&self) -> u64 {
        self.asked_at_s + REQUEST_S
    }
}

impl App {
    /// Makes a request for a presentation.
    ///
    /// # Errors
    /// Not configured, something that is not declared, or too many requests wait.
    pub async fn ask_wallet(
        &self,
        permit: &Permit<AskWallet>,
        new: NewRequest,
    ) -> Result<Result<Request, QueryError>, OpenidError> {
        let url = self.credential_issuer()?;
        if let Err(error) = self.check_query(&new.credentials) {
            return Ok(Err(error));
        }
        if !new
            .redirect_uri
            .as_deref()
            .is_none_or(|uri| self.is_of_the_portal(uri))
        {
            return Ok(Err(QueryError::RedirectUri));
        }
        let id = random()?;
        let Some(client_id) = self.client_id(new.prefix, &response_uri(url, &id)) else {
            return Ok(Err(QueryError::NoHost));
        };
        let asked = Asked {
            credentials: new.credentials,
            mode: new.mode,
            prefix: new.prefix,
            redirect_uri: new.redirect_uri,
            nonce: random()?,
            state: random()?,
            client_id,
            asked_at_s: self.clock.now_s(),
        };
        self.expire_openid().await?;
        let body = serde_json::to_string(&asked).map_err(|_| crate::app::AppError::Record("request"))?;
        let expires_s = asked.asked_at_s + RESULT_S;
        if !self
            .store
            .put_wallet_request(&id, &permit.who().name, &body, expires_s)
            .await
            .map_err(inner)?
        {
            return Err(OpenidError::Busy);
        }
        let parameters = if asked.prefix == ClientIdPrefix::RedirectUri {
            self.request_parameters(&id, &asked)?
        } else {
            let mut parameters = Map::new();
            parameters.insert("client_id".into(), asked.client_id.as_str().into());
            parameters.insert(
                "request_uri".into(),
                format!("{url}/v1/openid/requests/{id}").into(),
            );
            parameters.insert("request_uri_method".into(), "post".into());
            parameters
        };
        Ok(Ok(Request {
            uri: format!("openid4vp://?{}", query_string(&parameters)),
            expires_at_s: asked.until_s(),
            id,
        }))
    }

    /// The signed request (RFC 9101) that a reference stands for, with the wallet's nonce if it sent one.
    ///
    /// # Errors
    /// Not configured, unsigned, answered already, or too late.
    pub async fn request_object(&self, id: &str, wallet_nonce: Option<&str>) -> Result<String, OpenidError> {
        let (row, asked) = self.kept_request(id).await?;
        let signed = asked.prefix != ClientIdPrefix::RedirectUri;
        if row.state != RequestState::Waiting || !signed || self.clock.now_s() >= asked.until_s() {
            return Err(OpenidError::NotFound);
        }
        let mut payload = self.request_parameters(id, &asked)?;
        payload.insert("iss".into(), asked.client_id.as_str().into());
        payload.insert("aud".into(), ANY_WALLET.into());
        payload.insert("iat".into(), asked.asked_at_s.into());
        payload.insert("exp".into(), asked.until_s().into());
        if let Some(nonce) = wallet_nonce {
            if nonce.is_empty() || nonce.len() > MAX_WALLET_NONCE_CHARS {
                let text = "`wallet_nonce` is empty or too long";
                return Err(OpenidError::refused("invalid_request", text));
            }
            payload.insert("wallet_nonce".into(), nonce.into());
        }
        Ok(self
            .issuer
            .sign_jwt(REQUEST_TYP, &Value::Object(payload))
            .map_err(inner)?)
    }

    pub(super) async fn kept_request(&self, id: &str) -> Result<(WalletRequestRow, Asked), OpenidError> {
        self.credential_issuer()?;
        let row = self
            .store
            .wallet_request(id, self.clock.now_s())
            .await
            .map_err(inner)?
            .ok_or(OpenidError::NotFound)?;
        let asked = serde_json::from_str(&row.body).map_err(|_| crate::app::AppError::Record("request"))?;
        Ok((row, asked))
    }

    /// The key that the answer to a request is encrypted to: it follows from the request's id and is kept nowhere.
    pub(super) fn response_key(&self, id: &str) -> Result<DecryptionKey, OpenidError> {
        let bytes = self.0.openid.derive("response", id);
        DecryptionKey::new(bytes.expose()).map_err(|_| crate::app::AppError::Record("key").into())
    }

    fn request_parameters(&self, id: &str, asked: &Asked) -> Result<Map<String, Value>, OpenidError> {
        let mut client_metadata = json!({
            "client_name": self.organisation,
            "vp_formats_supported": {
                "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] },
            },
        });
        if asked.mode == ResponseMode::DirectPostJwt {
            let key = self.response_key(id)?.to_jwk(ENCRYPTION_KID);
            client_metadata["jwks"] = json!({ "keys": [key] });
            client_metadata["encrypted_response_enc_values_supported"] = json!(["A128GCM", "A256GCM"]);
        }
        let parameters = json!({
            "response_type": "vp_token",
            "response_mode": asked.mode,
            "client_id": asked.client_id,
            "response_uri": response_uri(self.credential_issuer()?, id),
            "nonce": asked.nonce,
            "state": asked.state,
            "dcql_query": dcql(&asked.credentials),
            "client_metadata": client_metadata,
        });
        match parameters {
            Value::Object(map) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    fn client_id(&self, prefix: ClientIdPrefix, response_uri: &str) -> Option<String> {
        let leaf = self.issuer.certificates().first()?;
        Some(match prefix {
            ClientIdPrefix::X509Hash => format!("x509_hash:{}", URL_SAFE_NO_PAD.encode(leaf.fingerprint())),
            ClientIdPrefix::X509SanDns => {
                let names = leaf.claims().ok()?.dns_names;
                format!("x509_san_dns:{}", names.first()?)
            }
            ClientIdPrefix::RedirectUri => format!("redirect_uri:{response_uri}"),
        })
    }

    fn is_of_the_portal(&self, uri: &str) -> bool {
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| uri.strip_prefix(scheme));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        uri.len() <= MAX_REDIRECT_CHARS
            && !uri.contains(['#', '\\'])
            && host.is_some_and(|host| self.session_domains.iter().any(|known| known == host))
    }
}

fn response_uri(url: &str, id: &str) -> String {
    format!("{url}/v1/openid/responses/{id}")
}

/// Parameters of a link: texts as they are, everything else as JSON.
pub(super) fn query_string(parameters: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (name, value) in parameters {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&percent(name));
        out.push('=');
        out.push_str(&percent(&text));
    }
    out
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
