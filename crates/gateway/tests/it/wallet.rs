//! What a resident's wallet does, as the portal does it.

use alloy_primitives::{Address, B256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_bindings::{addresses, case_id};
use zhengtong_credentials::{CredentialText, Issuer, Presentation, present};
use zhengtong_gateway::app::link::{LINK_INFO, canonical, link_text};
use zhengtong_gateway::app::use_record;
use zhengtong_vault::Secret;

use crate::chain::CHAIN_ID;

pub struct Wallet {
    pub number: String,
    pub code: String,
    #[allow(dead_code, reason = "looked for by the privacy test, which is another binary")]
    pub name: String,
    pub holder: [u8; 32],
    pub identity: Option<CredentialText>,
}

impl Wallet {
    pub fn holder_jwk(&self) -> Value {
        jwk(&self.holder)
    }
}

/// A number of the field that commitments are in: what the commitment of such a secret would look like.
pub fn commitment(secret: &str) -> B256 {
    let mut leaf = keccak256(format!("commitment/{secret}"));
    leaf.0[0] = 0;
    leaf
}

pub fn jwk(key: &[u8; 32]) -> Value {
    Issuer::new("", key, String::new()).unwrap().jwk().to_value()
}

/// One case of a resident.
pub struct OwnCase {
    pub key: PrivateKeySigner,
    pub id: B256,
    pub form: Value,
    pub salt: B256,
    /// Of the person; empty: of nobody.
    pub number: String,
    pub person_salt: B256,
    pub credential_key: [u8; 32],
}

impl OwnCase {
    pub fn new(seed: u64, form: Value) -> Self {
        let word = |label: &str| keccak256(format!("{label}/{seed}"));
        let key = PrivateKeySigner::from_bytes(&word("case")).unwrap();
        let id = case_id(CHAIN_ID, addresses().cases, key.address());
        Self {
            key,
            id,
            form,
            salt: word("salt"),
            number: String::new(),
            person_salt: word("person"),
            credential_key: word("credential").0,
        }
    }

    /// The same case, of a person.
    pub fn of(self, wallet: &Wallet) -> Self {
        Self {
            number: wallet.number.clone(),
            ..self
        }
    }

    pub fn person_commitment(&self) -> B256 {
        keccak256([self.person_salt.as_slice(), self.number.as_bytes()].concat())
    }

    pub fn form_commitment(&self) -> B256 {
        keccak256([self.salt.as_slice(), &canonical(&self.form)].concat())
    }

    /// What goes on the chain.
    pub fn commitment(&self) -> B256 {
        keccak256([self.person_commitment(), self.form_commitment()].concat())
    }

    pub fn use_secret(&self, provider: &str) -> [u8; 32] {
        keccak256(format!("{}/{provider}", self.id)).0
    }

    pub fn tag(&self, provider: &str, n: u32) -> B256 {
        use_record::tag(&Secret::new(self.use_secret(provider)), n)
    }

    /// The members of a link, without the signature.
    pub fn link_rest(
        &self,
        wallet: &Wallet,
        organisation: &str,
        provider: bool,
        owner: bool,
        consent: Option<Value>,
        now_s: u64,
    ) -> Value {
        let presentation = provider.then(|| {
            let nonce = format!("{:#x}", self.id);
            let shown = Presentation {
                disclose: &["number"],
                audience: organisation,
                nonce: &nonce,
                at_s: now_s,
            };
            present(wallet.identity.as_ref().unwrap(), &wallet.holder, &shown).unwrap()
        });
        json!({
            "v": 2,
            "caseId": format!("{:#x}", self.id),
            "useSecret": provider.then(|| format!("0x{}", hex::encode(self.use_secret(organisation)))),
            "presentation": presentation,
            "personSalt": provider.then_some(self.person_salt),
            "personCommitment": (!provider).then(|| self.person_commitment()),
            "formCommitment": self.form_commitment(),
            "form": owner.then(|| self.form.clone()),
            "salt": owner.then(|| format!("{:#x}", self.salt)),
            "holder": owner.then(|| jwk(&self.credential_key)),
            "consent": consent,
        })
    }

    /// Signs and seals a link; the body of `POST /v1/links`.
    pub fn seal(&self, rest: &Value, organisation: &str, to: B256) -> Value {
        let signature = self
            .key
            .sign_message_sync(link_text(self.id, organisation, rest).as_bytes())
            .unwrap();
        let mut link = rest.clone();
        link["applicantSignature"] = signature.to_string().into();
        self.seal_raw(&canonical(&link), to)
    }

    pub fn seal_raw(&self, plaintext: &[u8], to: B256) -> Value {
        let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(to.as_slice()).unwrap();
        let (enc, ciphertext) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &to,
            LINK_INFO,
            plaintext,
            self.id.as_slice(),
        )
        .unwrap();
        let sealed = URL_SAFE_NO_PAD.encode([enc.to_bytes().as_slice(), &ciphertext].concat());
        json!({ "caseId": format!("{:#x}", self.id), "sealed": sealed })
    }

    /// The two headers of a request by this case's key.
    pub fn headers(&self, method: &str, path: &str, now_ms: u64, body: &[u8]) -> Vec<(&'static str, String)> {
        let digest = hex::encode(Sha256::digest(body));
        let text = format!("zhengtong request\n{method}\n{path}\n{now_ms}\n{digest}");
        let signature = self.key.sign_message_sync(text.as_bytes()).unwrap();
        vec![
            ("x-case-time", now_ms.to_string()),
            ("x-case-signature", signature.to_string()),
        ]
    }
}

/// What the subsidy asks the disabled persons' federation for.
pub const CERTIFICATE_FIELDS: [&str; 3] = ["certificate.type", "certificate.grade", "certificate.status"];

/// The services whose packages ask for a consent for one use alone.
const ASK_ONCE: [&str; 1] = ["temporary-relief"];

/// What temporary relief asks health for.
const ILLNESS_FIELDS: [&str; 2] = ["illness.major", "illness.recorded_at"];

/// A consent record and its id on the chain: of the kind that the service asks for.
pub fn consent(case: &OwnCase, provider: &str, service: &str, until: u64) -> (B256, Value) {
    let fields = if provider == "health" {
        &ILLNESS_FIELDS[..]
    } else {
        &CERTIFICATE_FIELDS
    };
    let record = json!({
        "v": 1, "schema": "ISO/IEC TS 27560:2023", "recordId": keccak256(provider), "caseId": format!("{:#x}", case.id),
        "principal": format!("{:#x}", case.key.address()), "provider": provider, "service": service,
        "purpose": "test", "fields": fields, "grantedAtMs": 1, "until": until,
        "use": if ASK_ONCE.contains(&service) { "once" } else { "standing" },
    });
    (keccak256(canonical(&record)), record)
}

/// A sign-in message as the portal makes it.
pub fn siwe(
    address: Address,
    domain: &str,
    chain_id: u64,
    nonce: &str,
    issued_s: u64,
    expires_s: u64,
) -> String {
    let time = |s: u64| jiff::Timestamp::from_second(s as i64).unwrap().to_string();
    format!(
        "{domain} wants you to sign in with your Ethereum account:\n{}\n\nSign in\n\nURI: http://{domain}\nVersion: 1\n\
         Chain ID: {chain_id}\nNonce: {nonce}\nIssued At: {}\nExpiration Time: {}",
        address.to_checksum(None),
        time(issued_s),
        time(expires_s)
    )
}
