//! A provider of OpenID Connect that can do everything wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::chain::TestClock;
use zhengtong_gateway::app::clock::Clock;

pub const CLIENT: &str = "zhengtong";
pub const SECRET: &str = "a-secret:with+signs";

/// How a token is signed.
#[derive(Clone, Copy)]
pub enum Sign {
    /// By the provider's key.
    Right,
    /// Not at all.
    None,
    /// By the public key, as if it were a secret.
    PublicKeyAsSecret,
    /// By another key, under the same name.
    OtherKey,
    /// By one of its keys, whether it is in the key set or not.
    By(u8),
}

/// What is wrong with it just now.
pub struct Faults {
    /// Members of the ID token that are replaced; `null` takes them out.
    pub claims: Value,
    pub header: Value,
    pub sign: Sign,
    /// Members of the metadata that are replaced.
    pub metadata: Value,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            claims: json!({}),
            header: json!({}),
            sign: Sign::Right,
            metadata: json!({}),
        }
    }
}

struct Code {
    nonce: String,
    challenge: String,
    redirect_uri: String,
    claims: Value,
}

struct Inner {
    issuer: Mutex<String>,
    clock: Arc<TestClock>,
    faults: Mutex<Faults>,
    /// Numbers of the keys in the key set; the last signs.
    keys: Mutex<Vec<u8>>,
    codes: Mutex<BTreeMap<String, Code>>,
    /// Assertions of the client that came.
    assertions: Mutex<Vec<String>>,
}

#[derive(Clone)]
pub struct Fake(Arc<Inner>);

fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

fn public(number: u8) -> Value {
    let point = key(number).verifying_key().to_sec1_point(false);
    let part = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap());
    json!({ "kty": "EC", "crv": "P-256", "kid": format!("k{number}"), "use": "sig",
        "x": part(point.x().map(AsRef::as_ref)), "y": part(point.y().map(AsRef::as_ref)) })
}

fn replaced(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    value
}

impl Fake {
    pub fn new(clock: Arc<TestClock>) -> Self {
        Self(Arc::new(Inner {
            issuer: Mutex::default(),
            clock,
            faults: Mutex::default(),
            keys: Mutex::new(vec![1]),
            codes: Mutex::default(),
            assertions: Mutex::default(),
        }))
    }

    /// Serves on a port of this machine; answers the issuer.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/x", listener.local_addr().unwrap());
        let router = self.router(&issuer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub fn router(&self, issuer: &str) -> Router {
        *self.0.issuer.lock() = issuer.to_owned();
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(self.clone());
        Router::new().nest("/realms/x", routes)
    }

    pub fn issuer(&self) -> String {
        self.0.issuer.lock().clone()
    }

    pub fn with(&self, faults: Faults) {
        *self.0.faults.lock() = faults;
    }

    pub fn set_keys(&self, numbers: &[u8]) {
        *self.0.keys.lock() = numbers.to_vec();
    }

    pub fn assertions(&self) -> Vec<String> {
        self.0.assertions.lock().clone()
    }

    /// What the provider does when somebody with these claims signs in on its page: the code, for the address that the
    /// gateway gave the browser.
    pub fn code(&self, url: &str, claims: &Value) -> String {
        let query: BTreeMap<_, _> = Url::parse(url).unwrap().query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["scope"], "openid profile");
        let mut codes = self.0.codes.lock();
        let code = format!("code-{}", codes.len());
        codes.insert(
            code.clone(),
            Code {
                nonce: query["nonce"].clone(),
                challenge: query["code_challenge"].clone(),
                redirect_uri: query["redirect_uri"].clone(),
                claims: claims.clone(),
            },
        );
        code
    }

    /// A token with these claims, as the faults have it signed.
    pub fn sign(&self, claims: &Value, kind: &str) -> String {
        let faults = self.0.faults.lock();
        let number = match faults.sign {
            Sign::By(number) => number,
            _ => *self.0.keys.lock().last().unwrap(),
        };
        let algorithm = match faults.sign {
            Sign::None => "none",
            Sign::PublicKeyAsSecret => "HS256",
            Sign::Right | Sign::OtherKey | Sign::By(_) => "ES256",
        };
        let header = json!({ "alg": algorithm, "typ": kind, "kid": format!("k{number}") });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&replaced(header, &faults.header)), part(claims));
        let by = |number: u8| {
            let signature: Signature = key(number).sign(message.as_bytes());
            signature.to_bytes().to_vec()
        };
        let signature = match faults.sign {
            Sign::Right | Sign::By(_) => by(number),
            Sign::OtherKey => by(99),
            Sign::None => Vec::new(),
            Sign::PublicKeyAsSecret => {
                let secret = key(number).verifying_key().to_sec1_point(false);
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
                mac.update(message.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn metadata(State(fake): State<Fake>) -> Json<Value> {
    let issuer = fake.issuer();
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?theme=plain"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "response_types_supported": ["code", "code id_token"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    Json(replaced(document, &fake.0.faults.lock().metadata))
}

async fn keys(State(fake): State<Fake>) -> Json<Value> {
    let keys: Vec<_> = fake.0.keys.lock().iter().copied().map(public).collect();
    Json(json!({ "keys": keys }))
}

async fn token(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = |status, error: &str| (status, Json(json!({ "error": error })));
    if let Some(assertion) = form.get("client_assertion") {
        fake.0.assertions.lock().push(assertion.clone());
    } else {
        // RFC 6749, 2.3.1: each half is encoded as in a form.
        let expected = format!(
            "Basic {}",
            STANDARD.encode(format!("{CLIENT}:a-secret%3Awith%2Bsigns"))
        );
        if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&expected) {
            return refused(StatusCode::UNAUTHORIZED, "invalid_client");
        }
    }
    let Some(code) = fake.0.codes.lock().remove(&form["code"]) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != code.challenge || form["redirect_uri"] != code.redirect_uri {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let now_s = fake.0.clock.now_s();
    let mut claims = json!({
        "iss": fake.issuer(),
        "aud": CLIENT,
        "iat": now_s,
        "exp": now_s + 60,
        "auth_time": now_s,
        "nonce": code.nonce,
    });
    claims = replaced(claims, &code.claims);
    claims = replaced(claims, &fake.0.faults.lock().claims);
    let body = json!({ "token_type": "Bearer", "access_token": "x", "id_token": fake.sign(&claims, "JWT") });
    (StatusCode::OK, Json(body))
}
