//! A wallet of the standards: it signs proofs, takes credentials, and answers requests.

use alloy_primitives::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_credentials::{CredentialText, Presentation, present};

use crate::wallet::{OwnCase, jwk};
use crate::world::{Answer, OWNER, World};

pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
pub const VCT: &str = "urn:zhengtong:credential:old-age-allowance:1";

pub fn sign(key: &[u8; 32], header: &Value, payload: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature: Signature = SigningKey::from_slice(key).unwrap().sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

pub fn proof_header(key: &[u8; 32]) -> Value {
    json!({ "typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": jwk(key) })
}

pub fn dpop(key: &[u8; 32], path: &str, now_s: u64, jti: &str, token: Option<&str>, url: &str) -> String {
    let mut payload = json!({ "htm": "POST", "htu": format!("{url}{path}"), "iat": now_s, "jti": jti });
    if let Some(token) = token {
        payload["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    sign(
        key,
        &json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(key) }),
        &payload,
    )
}

pub fn form(parameters: &[(&str, &str)]) -> Bytes {
    let encode = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect::<String>()
    };
    let parts: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    parts.join("&").into_bytes().into()
}

impl World {
    pub async fn post_form(
        &self,
        organisation: &str,
        path: &str,
        more: &[(&'static str, String)],
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        headers.extend_from_slice(more);
        self.request(organisation, "POST", path, &headers, form(parameters))
            .await
    }

    pub async fn post_as(&self, path: &str, headers: &[(&'static str, String)], body: &Value) -> Answer {
        self.request(OWNER, "POST", path, headers, body.to_string().into_bytes().into())
            .await
    }

    pub async fn offer(&self, case: &OwnCase, tx_code: bool) -> Answer {
        let path = format!("/v1/cases/{:#x}/offer", case.id);
        self.as_case(case, "POST", &path, Some(json!({ "tx_code": tx_code })))
            .await
    }

    /// An access token for the credential of a case.
    pub async fn token(&self, case: &OwnCase) -> Vec<(&'static str, String)> {
        let offer = self.offer(case, false).await.json;
        let code = offer["offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
            .as_str()
            .unwrap();
        let parameters = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
        let answer = self.post_form(OWNER, "/v1/openid/token", &[], &parameters).await;
        assert_eq!(answer.json["token_type"], "Bearer", "{}", answer.text);
        let token = answer.json["access_token"].as_str().unwrap();
        vec![("authorization", format!("Bearer {token}"))]
    }

    pub async fn c_nonce(&self) -> String {
        let answer = self
            .request(OWNER, "POST", "/v1/openid/nonce", &[], Bytes::new())
            .await;
        answer.json["c_nonce"].as_str().unwrap().to_owned()
    }

    pub async fn proof(&self, key: &[u8; 32]) -> String {
        let payload = json!({ "aud": self.url(OWNER), "iat": self.clock_s(), "nonce": self.c_nonce().await });
        sign(key, &proof_header(key), &payload)
    }

    pub fn clock_s(&self) -> u64 {
        zhengtong_gateway::app::clock::Clock::now_s(&*self.clock)
    }

    /// A case's credential in a wallet with this key.
    pub async fn obtain(&self, case: &OwnCase, key: &[u8; 32]) -> CredentialText {
        let body = json!({
            "credential_configuration_id": "old-age-allowance",
            "proofs": { "jwt": [self.proof(key).await] },
        });
        let token = self.token(case).await;
        let answer = self.post_as("/v1/openid/credential", &token, &body).await;
        let text = answer.json["credentials"][0]["credential"]
            .as_str()
            .expect(&answer.text);
        CredentialText::new(text.to_owned())
    }
}

/// Parameters of a link.
pub fn parameters(uri: &str) -> Vec<(String, String)> {
    let query = uri.split_once('?').unwrap().1;
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            } else {
                byte
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let parts = query.split('&').map(|part| part.split_once('=').unwrap());
    parts.map(|(name, value)| (decode(name), decode(value))).collect()
}

pub fn payload(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn header(jwt: &str) -> Value {
    let part = jwt.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The credential, shown as a request asks.
pub fn shown(
    credential: &CredentialText,
    key: &[u8; 32],
    request: &Value,
    claims: &[&str],
    at_s: u64,
) -> String {
    let presentation = Presentation {
        disclose: claims,
        audience: request["client_id"].as_str().unwrap(),
        nonce: request["nonce"].as_str().unwrap(),
        at_s,
    };
    present(credential, key, &presentation).unwrap()
}
