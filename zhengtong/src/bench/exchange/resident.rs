//! A resident's part of an exchange: a case, a consent, and the sealed link to the agency.

use alloy_primitives::{Address, B256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hpke::{
    Deserializable as _, OpModeS, Serializable as _, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256,
};
use serde_json::{Value, json};
use zhengtong_credentials::{CredentialText, Presentation, present};
use zhengtong_gateway::app::link::{LINK_INFO, canonical, consent_id, link_text};

/// The holder's key: bench residents are nobody.
pub fn holder() -> [u8; 32] {
    keccak256("zhengtong bench holder").0
}

/// A case of the resident.
pub struct OwnCase {
    pub key: PrivateKeySigner,
    pub id: B256,
    person_salt: B256,
    form: B256,
}

/// What is sealed to whom.
pub struct Letter<'a> {
    pub provider: &'a str,
    pub encryption: B256,
    pub identity: &'a CredentialText,
    pub consent: &'a Value,
    pub now_s: u64,
}

impl OwnCase {
    pub fn new(chain_id: u64, cases: Address, index: usize) -> Result<Self> {
        let word = |label: &str| keccak256(format!("zhengtong bench {label} {index}"));
        let key = PrivateKeySigner::from_bytes(&word("case"))?;
        let id = zhengtong_bindings::case_id(chain_id, cases, key.address());
        Ok(Self {
            key,
            id,
            person_salt: word("person"),
            form: word("form"),
        })
    }

    /// What goes on the chain.
    pub fn commitment(&self, number: &str) -> B256 {
        let person = keccak256([self.person_salt.as_slice(), number.as_bytes()].concat());
        keccak256([person.as_slice(), self.form.as_slice()].concat())
    }

    /// A consent to give the record to `recipient`, and its id.
    pub fn consent(
        &self,
        provider: &str,
        recipient: &str,
        service: &str,
        fields: &[String],
        until_s: u64,
    ) -> (B256, Value) {
        let record = json!({
            "v": 1, "schema": "ISO/IEC TS 27560:2023", "recordId": self.person_salt, "principal": self.key.address(),
            "caseId": self.id, "provider": provider, "service": service, "purpose": "bench", "fields": fields,
            "recipient": recipient, "grantedAtMs": 1, "until": until_s, "use": "standing",
        });
        (consent_id(&record), record)
    }

    /// The body of `POST /v1/links`.
    pub fn link(&self, letter: &Letter<'_>) -> Result<Value> {
        let nonce = format!("{:#x}", self.id);
        let shown = Presentation {
            disclose: &["number"],
            audience: letter.provider,
            nonce: &nonce,
            at_s: letter.now_s,
        };
        let presentation = present(letter.identity, &holder(), &shown)?;
        let mut link = json!({
            "v": 2, "caseId": self.id, "useSecret": keccak256(nonce.as_bytes()), "presentation": presentation,
            "personSalt": self.person_salt, "formCommitment": self.form, "consent": letter.consent,
        });
        let signature = self
            .key
            .sign_message_sync(link_text(self.id, letter.provider, &link).as_bytes())?;
        link["applicantSignature"] = signature.to_string().into();
        let to = <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(letter.encryption.as_slice());
        let to = to.ok().context("the agency's encryption key")?;
        let (encapsulated, sealed) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &to,
            LINK_INFO,
            &canonical(&link),
            self.id.as_slice(),
        )
        .ok()
        .context("sealing")?;
        let sealed = URL_SAFE_NO_PAD.encode([encapsulated.to_bytes().as_slice(), &sealed].concat());
        Ok(json!({ "caseId": self.id, "sealed": sealed }))
    }
}
