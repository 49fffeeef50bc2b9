//! Tokens of the daily allowance, as a wallet gets them.

use alloy_primitives::{Address, B256};
use axum::body::Bytes;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BigUint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_bindings::allowances::Allowances::{keyOfCall, setIssuerCall};
use zhengtong_bindings::cases::Cases::openWithTokenCall;
use zhengtong_bindings::{addresses, allowance_message, allowance_window, parse_slug};
use zhengtong_credentials::{Presentation, present};
use zhengtong_gateway::app::clock::Clock;

use crate::chain::CHAIN_ID;
use crate::wallet::{OwnCase, Wallet};
use crate::world::{Answer, World};

pub const AUTHORITY: &str = "public-security";
const PATH: &str = "/v1/my/allowance";

/// A token.
pub struct Token {
    pub nonce: B256,
    pub signature: Vec<u8>,
}

/// A token that waits for its blind signature: `Blind` and `Finalize` of RFC 9474, sections 4.2 and 4.4.
pub struct Blinded {
    modulus: BigUint,
    nonce: B256,
    blinded: BigUint,
    /// What the factor is undone by.
    inverse: BigUint,
    encoded: BigUint,
}

fn exponent() -> BigUint {
    BigUint::from(65_537_u32)
}

fn padded(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; 256 - bytes.len()], bytes].concat()
}

/// EMSA-PSS of RFC 8017, section 9.1.1, for 2047 bits, SHA-256 and a salt of 32 bytes.
fn encoded(message: &[u8], salt: [u8; 32]) -> BigUint {
    let hash = Sha256::digest([&[0; 8][..], &Sha256::digest(message)[..], &salt[..]].concat());
    let mut data = [&[0; 190][..], &[1][..], &salt[..]].concat();
    for (index, block) in data.chunks_mut(32).enumerate() {
        let mask = Sha256::digest([&hash[..], &(index as u32).to_be_bytes()[..]].concat());
        block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
    data[0] &= 0x7f;
    BigUint::from_bytes_be(&[&data[..], &hash[..], &[0xbc][..]].concat())
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

impl Blinded {
    fn new(modulus: &[u8], message: &[u8]) -> Self {
        let (modulus, nonce) = (BigUint::from_bytes_be(modulus), B256::from(random()));
        let encoded = encoded(&[nonce.as_slice(), message].concat(), random());
        let factor: Vec<u8> = (0..8).flat_map(|_| random()).collect();
        let factor = BigUint::from_bytes_be(&factor) % &modulus;
        // By Fermat it would take the factors of the modulus; the extended Euclid does not.
        let inverse = inverse(&factor, &modulus);
        let blinded = &encoded * factor.modpow(&exponent(), &modulus) % &modulus;
        Self {
            modulus,
            nonce,
            blinded,
            inverse,
            encoded,
        }
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(padded(&self.blinded))
    }

    /// Unblinds and verifies.
    pub fn token(&self, signature: &str) -> Token {
        let signature = BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(signature).unwrap());
        let signature = signature * &self.inverse % &self.modulus;
        assert_eq!(
            signature.modpow(&exponent(), &self.modulus),
            self.encoded,
            "a signature of what was blinded"
        );
        Token {
            nonce: self.nonce,
            signature: padded(&signature),
        }
    }
}

/// The inverse of a number that has no factor in common with the modulus.
fn inverse(number: &BigUint, modulus: &BigUint) -> BigUint {
    let (mut old, mut rest) = (modulus.clone(), number.clone());
    let (mut before, mut now) = (BigUint::from(0_u32), BigUint::from(1_u32));
    while rest != BigUint::from(0_u32) {
        let quotient = &old / &rest;
        let next = (modulus + before - &quotient * &now % modulus) % modulus;
        (before, now) = (now, next);
        let left = &old % &rest;
        (old, rest) = (rest, left);
    }
    before
}

impl World {
    /// From now on only tokens of the authority open cases.
    pub async fn require_tokens(&mut self) {
        let organisation = parse_slug(AUTHORITY).unwrap();
        let call = setIssuerCall { organisation };
        self.chain.submit(&self.council, addresses().allowances, &call);
        self.tokens = true;
        self.keep_allowance().await;
    }

    pub async fn keep_allowance(&self) {
        self.app(AUTHORITY).follow().await.unwrap();
        self.app(AUTHORITY).keep_allowance().await.unwrap();
    }

    pub fn window(&self) -> u64 {
        allowance_window(self.clock.now_s())
    }

    /// The modulus of a window's key on the chain.
    pub fn modulus(&self, window: u64) -> Vec<u8> {
        let organisation = parse_slug(AUTHORITY).unwrap();
        let call = keyOfCall { organisation, window };
        self.chain.read(addresses().allowances, &call).to_vec()
    }

    pub fn blind(&self, window: u64, holder: Address) -> Blinded {
        let message = allowance_message(CHAIN_ID, addresses().allowances, window, holder);
        Blinded::new(&self.modulus(window), &message)
    }

    /// A session of a person at an organisation.
    pub async fn my_session(&self, organisation: &str, wallet: &Wallet) -> Vec<(&'static str, String)> {
        let nonce = self.nonce(organisation).await;
        let shown = Presentation {
            disclose: &["number"],
            audience: organisation,
            nonce: &nonce,
            at_s: self.clock.now_s(),
        };
        let presentation = present(wallet.identity.as_ref().unwrap(), &wallet.holder, &shown).unwrap();
        let body = json!({ "presentation": presentation, "nonce": nonce });
        let answer = self.post(organisation, "/v1/my/session", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        vec![(
            "authorization",
            format!("Bearer {}", answer.json["token"].as_str().unwrap()),
        )]
    }

    pub async fn ask_tokens(
        &self,
        session: &[(&'static str, String)],
        window: u64,
        blinded: &[String],
    ) -> Answer {
        self.ask_tokens_raw(session, &json!({ "window": window, "blinded": blinded }))
            .await
    }

    pub async fn ask_tokens_raw(&self, session: &[(&'static str, String)], body: &Value) -> Answer {
        let body = Bytes::from(body.to_string().into_bytes());
        self.request(AUTHORITY, "POST", PATH, session, body.into()).await
    }

    pub async fn allowance_left(&self, session: &[(&'static str, String)]) -> Answer {
        self.get(AUTHORITY, PATH, session).await
    }

    /// A token of today for a holder, and what went to and fro for it.
    pub async fn allowance_token(&self, wallet: &Wallet, holder: Address) -> (Token, [String; 2]) {
        let session = self.my_session(AUTHORITY, wallet).await;
        let window = self.window();
        let blinded = self.blind(window, holder);
        let text = blinded.text();
        let answer = self
            .ask_tokens(&session, window, std::slice::from_ref(&text))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let signature = answer.json["signatures"][0].as_str().unwrap().to_owned();
        (blinded.token(&signature), [text, signature])
    }

    pub fn opening(&self, case: &OwnCase, service: &str, token: &Token) -> openWithTokenCall {
        openWithTokenCall {
            service: parse_slug(service).unwrap(),
            version: 1,
            form: case.commitment(),
            nonce: token.nonce,
            signature: token.signature.clone().into(),
        }
    }
}
