//! A consumer that was patched: it has the keys of an agency, and says what it likes.

use alloy_primitives::{B256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use zhengtong_gateway::app::exchange::key::endorse;
use zhengtong_gateway::signatures::{
    Algorithm, Component, Message, Parameters, SigningKey, Target, content_digest, sign,
};
use zhengtong_vault::{Secret, keyfile};

use crate::agencies::Agency;
use crate::chain::CHAIN_ID;
use crate::net::{Answer, send};

pub struct Liar {
    pub slug: String,
    pub attester: PrivateKeySigner,
    pub key: SigningKey,
}

/// A signed message, before it is sent: anything can still be changed.
#[derive(Clone)]
pub struct Letter {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Letter {
    pub fn set(mut self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let (_, value) = self.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        *value = change(value);
        self
    }
}

impl Liar {
    /// With an agency's own keys.
    pub fn inside(agency: &Agency) -> Self {
        let secret = |path: &std::path::Path| keyfile::read::<32>(path).unwrap();
        let attester = secret(&agency.files.attester);
        let exchange = secret(&agency.files.attester.with_file_name("exchange.key"));
        Self {
            slug: agency.slug.to_owned(),
            attester: PrivateKeySigner::from_slice(attester.expose()).unwrap(),
            key: SigningKey::new(Algorithm::Ed25519, &exchange).unwrap(),
        }
    }

    /// Somebody who is nobody.
    pub fn outside(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            attester: PrivateKeySigner::from_bytes(&keccak256("nobody's attester")).unwrap(),
            key: SigningKey::new(Algorithm::EcdsaP256Sha256, &Secret::new(keccak256("nobody").0)).unwrap(),
        }
    }

    /// Signs a request for an agency, made and ending at these seconds.
    pub fn letter_at(&self, to: &Agency, request: &Value, created_s: i64, expires_s: i64) -> Letter {
        let body = request.to_string().into_bytes();
        let until_s = jiff::Timestamp::now().as_second() as u64 + 3600;
        let endorsed = endorse(&self.attester, CHAIN_ID, &self.slug, &self.key.public(), until_s).unwrap();
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("content-digest".to_owned(), content_digest(&body)),
            ("exchange-key".to_owned(), endorsed),
        ];
        let target = Target::Request {
            method: "POST",
            authority: to.url.strip_prefix("http://").unwrap(),
            path: "/v1/exchange",
            query: None,
        };
        let covered = [
            "@method",
            "@authority",
            "@path",
            "content-type",
            "content-digest",
            "exchange-key",
        ];
        let parameters = Parameters {
            created: Some(created_s),
            expires: Some(expires_s),
            nonce: Some(format!("{:x}", fresh())),
            algorithm: None,
            key_id: Some(self.slug.clone()),
            tag: Some("zhengtong-exchange-request".into()),
        };
        let message = Message {
            target,
            headers: &headers,
        };
        let components = covered.map(Component::Own);
        let (input, signature) =
            sign(&message, None, "exchange", &components, &parameters, &self.key).unwrap();
        headers.push(("signature-input".into(), input));
        headers.push(("signature".into(), signature));
        Letter { headers, body }
    }

    pub fn letter(&self, to: &Agency, request: &Value) -> Letter {
        let now_s = jiff::Timestamp::now().as_second();
        self.letter_at(to, request, now_s, now_s + 60)
    }

    pub async fn ask(&self, to: &Agency, request: &Value) -> Answer {
        deliver(to, self.letter(to, request)).await
    }
}

pub async fn deliver(to: &Agency, letter: Letter) -> Answer {
    send(
        "POST",
        &format!("{}/v1/exchange", to.url),
        &letter.headers,
        letter.body,
    )
    .await
}

/// A number that was not there before.
pub fn fresh() -> B256 {
    let random: zhengtong_vault::Secret<[u8; 32]> = keyfile::random().unwrap();
    B256::from(*random.expose())
}

/// A well-formed request.
pub fn request(from: &str, to: &Agency, case: B256, record: &str, fields: &[&str], basis: Value) -> Value {
    json!({
        "v": 1, "id": fresh(), "consumer": from, "provider": to.slug, "caseId": case,
        "service": crate::resident::SERVICE, "version": 1, "record": record, "fields": fields,
        "basis": basis, "officer": null,
    })
}
