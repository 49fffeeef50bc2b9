use affinidi_sd_jwt::Sha256Hasher;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::jwt::Signer;
use crate::{Certificate, CertificateError, CredentialError, Jwk, StatusList};

pub(crate) const CREDENTIAL_TYP: &str = "dc+sd-jwt";
pub(crate) const STATUS_TYP: &str = "statuslist+jwt";

/// An organisation's credential key, and what ties it to the organisation.
pub struct Issuer {
    id: String,
    key: SigningKey,
    endorsement: String,
    certificates: Vec<Certificate>,
}

/// When a status list was signed and how long it may be used, in unix seconds and seconds.
pub struct StatusTimes {
    /// Now.
    pub issued_at_s: u64,
    /// When it is of no use any more.
    pub expires_at_s: u64,
    /// How long it may be kept before it is fetched again.
    pub ttl_s: u64,
}

/// What goes into a credential.
pub struct NewCredential {
    /// Its type (`vct`).
    pub vct: String,
    /// When it is issued, unix seconds.
    pub issued_at_s: u64,
    /// When it ends, unix seconds.
    pub expires_at_s: u64,
    /// The holder's key.
    pub holder: Jwk,
    /// Claims that every verifier sees.
    pub open: Map<String, Value>,
    /// Claims the holder discloses one by one.
    pub disclosable: Map<String, Value>,
    /// Where its revocation would show.
    pub status: Option<StatusEntry>,
}

/// A place in a Token Status List.
pub struct StatusEntry {
    /// Address of the list.
    pub uri: String,
    /// Index in the list.
    pub index: u32,
}

/// An issued credential with all its disclosures. Personal: it cannot be printed by accident.
pub struct CredentialText(Zeroizing<String>);

impl CredentialText {
    /// Takes in a credential read back from a vault.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text for its holder: `<JWT>~<disclosure>~…~`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the chain keeps: SHA-256 of the issuer-signed JWT (everything before the first `~`).
    /// It is the same for every presentation, and the signature in it makes it unguessable.
    pub fn hash(&self) -> [u8; 32] {
        let signed = self.0.split('~').next().unwrap_or_default();
        Sha256::digest(signed.as_bytes()).into()
    }
}

/// What an organisation's attester signs (EIP-191) to endorse a credential key.
pub fn endorsement_text(chain_id: u64, organisation: &str, key: &Jwk) -> String {
    format!(
        "zhengtong credential key\n{chain_id}\n{organisation}\n{}",
        key.thumbprint()
    )
}

impl Issuer {
    /// An issuer from its 32-byte P-256 key and the attester's endorsement (may be empty where the
    /// key is trusted by other means).
    ///
    /// # Errors
    /// The key is zero or beyond the curve's order.
    pub fn new(id: &str, key: &[u8; 32], endorsement: String) -> Result<Self, CredentialError> {
        let key = SigningKey::from_slice(key).map_err(|_| CredentialError::Key {
            what: "the issuer's key",
        })?;
        Ok(Self {
            id: id.to_owned(),
            key,
            endorsement,
            certificates: Vec::new(),
        })
    }

    /// The same issuer with certificates (leaf first), under the identifier that they name. They then travel in the header
    /// (`x5c`), instead of the key and its endorsement.
    ///
    /// # Errors
    /// The leaf is of another key, or does not name `id` as an URI.
    pub fn certified(mut self, id: &str, certificates: Vec<Certificate>) -> Result<Self, CredentialError> {
        let leaf = certificates
            .first()
            .ok_or(CertificateError::Malformed)?
            .claims()?;
        if leaf.key != self.jwk() {
            return Err(CertificateError::Key.into());
        }
        if !leaf.uris.iter().any(|uri| uri == id) {
            return Err(CredentialError::Issuer);
        }
        self.id = id.to_owned();
        self.certificates = certificates;
        Ok(self)
    }

    /// Its identifier (`iss`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The certificates of its key, leaf first; none if it is trusted by its endorsement.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Signs another kind of JWT with the same key and the same certificates.
    ///
    /// # Errors
    /// Never in practice.
    pub fn sign_jwt(&self, typ: &'static str, payload: &Value) -> Result<String, CredentialError> {
        affinidi_sd_jwt::JwtSigner::sign_jwt(&self.signer(typ), &Value::Null, payload)
            .map_err(|_| CredentialError::Malformed { part: "the payload" })
    }

    /// The public key.
    pub fn jwk(&self) -> Jwk {
        Jwk::of(self.key.verifying_key())
    }

    /// Signs a credential.
    ///
    /// # Errors
    /// A claim has a reserved name.
    pub fn issue(&self, new: NewCredential) -> Result<CredentialText, CredentialError> {
        let frame = json!({ "_sd": new.disclosable.keys().collect::<Vec<_>>() });
        let mut claims = new.disclosable;
        claims.extend(new.open);
        claims.insert("iss".into(), self.id.as_str().into());
        claims.insert("vct".into(), new.vct.into());
        claims.insert("iat".into(), new.issued_at_s.into());
        claims.insert("exp".into(), new.expires_at_s.into());
        if let Some(status) = new.status {
            claims.insert(
                "status".into(),
                json!({ "status_list": { "idx": status.index, "uri": status.uri } }),
            );
        }
        let issued = affinidi_sd_jwt::issuer::issue(
            &Value::Object(claims),
            &frame,
            &self.signer(CREDENTIAL_TYP),
            &Sha256Hasher,
            Some(&new.holder.to_value()),
        )
        .map_err(|_| CredentialError::Malformed { part: "a claim" })?;
        Ok(CredentialText::new(issued.serialize()))
    }

    /// Signs a Token Status List (`statuslist+jwt`).
    ///
    /// # Errors
    /// Never in practice: the payload is made here.
    pub fn sign_status_list(
        &self,
        list: &StatusList,
        uri: &str,
        times: &StatusTimes,
    ) -> Result<String, CredentialError> {
        let payload = json!({
            "iss": self.id, "sub": uri, "iat": times.issued_at_s, "exp": times.expires_at_s, "ttl": times.ttl_s,
            "status_list": { "bits": list.bits(), "lst": list.encode() },
        });
        self.sign_jwt(STATUS_TYP, &payload)
    }

    fn signer(&self, typ: &'static str) -> Signer<'_> {
        let mut extra = Map::new();
        extra.insert("kid".into(), self.jwk().thumbprint().into());
        if self.certificates.is_empty() {
            extra.insert("jwk".into(), self.jwk().to_value());
            if !self.endorsement.is_empty() {
                extra.insert("endorsement".into(), self.endorsement.as_str().into());
            }
        } else {
            let x5c: Vec<_> = self.certificates.iter().map(Certificate::to_x5c).collect();
            extra.insert("x5c".into(), x5c.into());
        }
        Signer {
            key: &self.key,
            typ,
            extra,
        }
    }
}
