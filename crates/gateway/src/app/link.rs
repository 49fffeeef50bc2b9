//! The link between a case and a person: sealed to this organisation, signed by the case's key.
//!
//! The chain's commitment of a case is `keccak256(person commitment ‖ form commitment)`, and a link says what of it this
//! organisation can check: `docs/decisions/0010-one-case-one-person.md`.

use alloy_primitives::{Address, B256, Signature, keccak256};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, OpModeR};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};
use zhengtong_credentials::{Jwk, MAX_CREDENTIAL_BYTES};
use zhengtong_vault::{ResidentNumber, Secret};

use super::delegation::Shown;

/// The most bytes of an opened link.
pub const MAX_LINK_BYTES: usize = 64 * 1024;
/// The version of a link's content.
const LINK_VERSION: u32 = 2;
/// HPKE's `info`. It names how links are sealed, which did not change with their content: so links of an older version
/// still open, and their senders are told what is wrong.
pub const LINK_INFO: &[u8] = b"zhengtong/link/v1";
const ENCAPSULATED_BYTES: usize = 32;
/// The most credentials in one link.
pub const MAX_EVIDENCE: usize = 4;
/// The most characters of a credential's type.
const MAX_VCT_CHARS: usize = 128;
/// The most bytes of a consent record.
const MAX_CONSENT_BYTES: usize = 8 * 1024;

/// A link whose signature was checked: the applicant of `case_id` said this to this organisation.
/// Personal: it cannot be printed.
pub struct Link {
    /// The case.
    pub case_id: B256,
    /// The key that opened it, or will.
    pub applicant: Address,
    /// For a provider: the secret that use records are derived from.
    pub use_secret: Option<Secret<[u8; 32]>>,
    /// For a provider: the identity credential shown.
    pub presentation: Option<Zeroizing<String>>,
    /// Whose case it is.
    pub person: PersonPart,
    /// The form's part of the case's commitment.
    pub form_commitment: B256,
    /// For the owner of the service: the form.
    pub form: Option<Form>,
    /// For the owner: the key that the result is bound to.
    pub holder: Option<Jwk>,
    /// For a provider: the consent record, if one is needed.
    pub consent: Option<Value>,
    /// For a provider: credentials that answer in place of its records.
    pub evidence: Vec<ShownCredential>,
    /// For a provider: by what right the presentation is of another person than the case.
    pub delegation: Option<Shown>,
}

/// A credential of the wallet, shown to this organisation for this case, and what says whose it is. Personal: it cannot be
/// printed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ShownCredential {
    /// Its type.
    pub vct: String,
    /// The presentation: SD-JWT with a key binding.
    pub presentation: String,
    /// The person salt of the case that it was issued in: with the number it gives the credential's claim `person`.
    pub person_salt: B256,
}

impl Drop for ShownCredential {
    fn drop(&mut self) {
        self.presentation.zeroize();
    }
}

/// The person's part of a case's commitment, as far as this organisation is told.
#[derive(Clone, Copy)]
pub enum PersonPart {
    /// For a provider, which is shown the number: the salt.
    Salt(B256),
    /// For an owner that is shown no number: the commitment. With the salt it could try all numbers out.
    Commitment(B256),
}

impl PersonPart {
    /// `keccak256(salt ‖ number)`; `None` if the number is needed and not shown.
    pub fn commitment(self, number: Option<&ResidentNumber>) -> Option<B256> {
        match self {
            Self::Salt(salt) => number.map(|number| person_commitment(salt, number)),
            Self::Commitment(commitment) => Some(commitment),
        }
    }
}

/// A form and the salt of its commitment. Personal: it cannot be printed.
pub struct Form {
    /// The answers.
    pub answers: Value,
    /// 32 bytes.
    pub salt: B256,
}

impl Form {
    /// The form's part of what the chain keeps: `keccak256(salt ‖ JCS(answers))`.
    pub fn commitment(&self) -> B256 {
        keccak256([self.salt.as_slice(), &canonical(&self.answers)].concat())
    }
}

/// Why a link was refused. Never carries its content.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Larger than allowed.
    #[error("the link has {bytes} bytes, more than {MAX_LINK_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Does not open with this organisation's key for this case.
    #[error("does not open: sealed to another organisation or for another case")]
    Sealed,
    /// Not the JSON object agreed on.
    #[error("the opened link is not as agreed: {0}")]
    Malformed(String),
    /// A member that has the wrong form.
    #[error("`{0}` has the wrong form")]
    Field(&'static str),
    /// Another version of the format.
    #[error(
        "`v` is {0} and must be {LINK_VERSION}: version 1 did not bind a case to one person. Reload the portal, so that it \
         sends the present format, and apply again with a new case"
    )]
    Version(u32),
    /// The form is not the one committed to.
    #[error("`formCommitment` is not the commitment to `form` with `salt`")]
    OtherForm,
    /// Says another case than it was posted for.
    #[error("`caseId` names another case")]
    OtherCase,
    /// Not signed by the case's key.
    #[error("`applicantSignature` is not of this case's key")]
    Signature,
    /// Neither a provider's nor an owner's link.
    #[error("holds neither `presentation` and `useSecret` nor `form`, `salt` and `holder`")]
    Empty,
    /// Half of a provider's or owner's link.
    #[error("`{0}` is missing: it belongs with the others")]
    Incomplete(&'static str),
}

impl LinkError {
    /// The member to point at.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Field(field) | Self::Incomplete(field) => field,
            Self::Version(_) => "v",
            Self::OtherForm => "formCommitment",
            Self::OtherCase => "caseId",
            Self::Signature => "applicantSignature",
            _ => "sealed",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Opened {
    v: u32,
    case_id: B256,
    applicant_signature: String,
    use_secret: Option<String>,
    presentation: Option<String>,
    person_salt: Option<B256>,
    person_commitment: Option<B256>,
    form_commitment: Option<B256>,
    form: Option<Value>,
    salt: Option<B256>,
    holder: Option<Value>,
    consent: Option<Value>,
    evidence: Option<Vec<ShownCredential>>,
    /// Absent where nobody acts for the person.
    delegation: Option<Value>,
}

/// Who a link is checked for.
pub struct Recipient<'a> {
    /// This organisation.
    pub organisation: &'a str,
    /// Its X25519 private key.
    pub key: &'a Secret<[u8; 32]>,
    /// The chain's id.
    pub chain_id: u64,
    /// The address of `Cases`.
    pub cases: Address,
}

impl Recipient<'_> {
    /// Opens a link for a case (`sealed` = encapsulated key ‖ ciphertext) and checks its signature.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn open(&self, case_id: B256, sealed: &[u8]) -> Result<Link, LinkError> {
        let limit = MAX_LINK_BYTES + ENCAPSULATED_BYTES + 16;
        if sealed.len() > limit {
            return Err(LinkError::TooLarge { bytes: sealed.len() });
        }
        let text = self.unseal(case_id, sealed)?;
        let malformed = |error: serde_json::Error| {
            LinkError::Malformed(format!("{:?} at column {}", error.classify(), error.column()))
        };
        let opened: Opened = serde_json::from_slice(&text).map_err(malformed)?;
        let mut rest: Value = serde_json::from_slice(&text).map_err(malformed)?;
        if let Some(members) = rest.as_object_mut() {
            members.remove("applicantSignature");
        }
        self.check(case_id, opened, &rest)
    }

    fn unseal(&self, case_id: B256, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LinkError> {
        let (encapsulated, ciphertext) = sealed
            .split_at_checked(ENCAPSULATED_BYTES)
            .ok_or(LinkError::Sealed)?;
        let refused = |_| LinkError::Sealed;
        let key =
            <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(self.key.expose()).map_err(refused)?;
        let encapsulated =
            <X25519HkdfSha256 as hpke::Kem>::EncappedKey::from_bytes(encapsulated).map_err(refused)?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &key,
            &encapsulated,
            LINK_INFO,
            ciphertext,
            case_id.as_slice(),
        )
        .map(Zeroizing::new)
        .map_err(refused)
    }

    fn check(&self, case_id: B256, opened: Opened, rest: &Value) -> Result<Link, LinkError> {
        if opened.v != LINK_VERSION {
            return Err(LinkError::Version(opened.v));
        }
        if opened.case_id != case_id {
            return Err(LinkError::OtherCase);
        }
        let text = link_text(case_id, self.organisation, rest);
        let applicant = recover(&opened.applicant_signature, &text).ok_or(LinkError::Signature)?;
        if zhengtong_bindings::case_id(self.chain_id, self.cases, applicant) != case_id {
            return Err(LinkError::Signature);
        }
        let use_secret = opened.use_secret.map(|text| secret(&text)).transpose()?;
        let holder = opened
            .holder
            .map(|value| Jwk::parse(&value, "holder").map_err(|_| LinkError::Field("holder")))
            .transpose()?;
        let form = match (opened.form, opened.salt) {
            (Some(answers), Some(salt)) if answers.is_object() => Some(Form { answers, salt }),
            (Some(_), Some(_)) => return Err(LinkError::Field("form")),
            (Some(_), None) => return Err(LinkError::Incomplete("salt")),
            (None, Some(_)) => return Err(LinkError::Incomplete("form")),
            (None, None) => None,
        };
        match (&use_secret, &opened.presentation, &form, &holder) {
            (None, None, None, None) => return Err(LinkError::Empty),
            (Some(_), None, ..) => return Err(LinkError::Incomplete("presentation")),
            (None, Some(_), ..) => return Err(LinkError::Incomplete("useSecret")),
            (_, _, Some(_), None) => return Err(LinkError::Incomplete("holder")),
            (_, _, None, Some(_)) => return Err(LinkError::Incomplete("form")),
            _ => {}
        }
        let person = match (&opened.presentation, opened.person_salt, opened.person_commitment) {
            (Some(_), Some(salt), None) => PersonPart::Salt(salt),
            (Some(_), None, _) => return Err(LinkError::Incomplete("personSalt")),
            (None, None, Some(commitment)) => PersonPart::Commitment(commitment),
            (None, _, None) => return Err(LinkError::Incomplete("personCommitment")),
            // One of the two: the other is not for this organisation.
            (Some(_), Some(_), Some(_)) => return Err(LinkError::Field("personCommitment")),
            (None, Some(_), Some(_)) => return Err(LinkError::Field("personSalt")),
        };
        let form_commitment = opened
            .form_commitment
            .ok_or(LinkError::Incomplete("formCommitment"))?;
        if form
            .as_ref()
            .is_some_and(|form| form.commitment() != form_commitment)
        {
            return Err(LinkError::OtherForm);
        }
        let consent = opened.consent.filter(|consent| !consent.is_null());
        if consent
            .as_ref()
            .is_some_and(|c| !c.is_object() || canonical(c).len() > MAX_CONSENT_BYTES)
        {
            return Err(LinkError::Field("consent"));
        }
        let evidence = opened.evidence.unwrap_or_default();
        if !evidence.is_empty() && opened.presentation.is_none() || !are_showable(&evidence) {
            return Err(LinkError::Field("evidence"));
        }
        let delegation = match (opened.delegation, &opened.presentation) {
            (None, _) => None,
            (Some(_), None) => return Err(LinkError::Incomplete("presentation")),
            (Some(value), Some(_)) => {
                Some(Deserialize::deserialize(value).map_err(|_| LinkError::Field("delegation"))?)
            }
        };
        let presentation = opened.presentation.map(Zeroizing::new);
        Ok(Link {
            case_id,
            applicant,
            use_secret,
            presentation,
            person,
            form_commitment,
            form,
            holder,
            consent,
            evidence,
            delegation,
        })
    }
}

/// The person's part of what the chain keeps of a case: `keccak256(salt ‖ number)`, the number as its 18 characters.
pub fn person_commitment(salt: B256, number: &ResidentNumber) -> B256 {
    keccak256(Zeroizing::new([salt.as_slice(), number.expose().as_bytes()].concat()).as_slice())
}

/// What the chain keeps of a case: `keccak256(person commitment ‖ form commitment)`.
pub fn case_commitment(person: B256, form: B256) -> B256 {
    keccak256([person.as_slice(), form.as_slice()].concat())
}

/// What the case's key signs (EIP-191).
pub fn link_text(case_id: B256, organisation: &str, rest: &Value) -> String {
    let digest = hex::encode(Sha256::digest(canonical(rest)));
    format!("zhengtong link\n{case_id:#x}\n{organisation}\n{digest}")
}

/// The id of a consent on the chain: `keccak256(JCS(record))`.
pub fn consent_id(record: &Value) -> B256 {
    keccak256(canonical(record))
}

/// Who signed a text with `personal_sign` (EIP-191); `None` if the signature is not one.
pub fn recover(signature: &str, text: &str) -> Option<Address> {
    let signature: Signature = signature.parse().ok()?;
    signature.recover_address_from_msg(text).ok()
}

/// RFC 8785.
pub fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("a JSON value has a canonical form")
}

/// Whether credentials are few, small and each of another type. What they say is looked at when the case asks.
fn are_showable(evidence: &[ShownCredential]) -> bool {
    let is_new = |(index, one): (usize, &ShownCredential)| {
        evidence[..index].iter().all(|other| other.vct != one.vct)
            && (1..=MAX_VCT_CHARS).contains(&one.vct.chars().count())
            && one.presentation.len() <= MAX_CREDENTIAL_BYTES
    };
    evidence.len() <= MAX_EVIDENCE && evidence.iter().enumerate().all(is_new)
}

fn secret(text: &str) -> Result<Secret<[u8; 32]>, LinkError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_| LinkError::Field("useSecret"))?;
    Ok(Secret::new(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../portal/src/wallet/vectors.json")).unwrap()
    }

    #[test]
    fn signed_texts_and_commitments_are_the_wallets() {
        let vectors = vectors();
        let link = &vectors["link"];
        let case_id: B256 = link["rest"]["caseId"].as_str().unwrap().parse().unwrap();
        let text = link_text(case_id, link["provider"].as_str().unwrap(), &link["rest"]);
        assert_eq!(text, link["signedText"].as_str().unwrap());
        let signer = recover(link["applicantSignature"].as_str().unwrap(), &text).unwrap();
        let cases: Address = vectors["cases"].as_str().unwrap().parse().unwrap();
        let chain_id = vectors["chainId"].as_u64().unwrap();
        assert_eq!(zhengtong_bindings::case_id(chain_id, cases, signer), case_id);

        let form = &vectors["form"];
        let salt = form["salt"].as_str().unwrap().parse().unwrap();
        let commitment = Form {
            answers: form["form"].clone(),
            salt,
        }
        .commitment();
        assert_eq!(commitment.to_string(), form["commitment"].as_str().unwrap());

        let person = &vectors["person"];
        let word = |name: &str| person[name].as_str().unwrap().parse::<B256>().unwrap();
        let number = ResidentNumber::parse(person["number"].as_str().unwrap()).unwrap();
        assert_eq!(person_commitment(word("salt"), &number), word("commitment"));
        assert_eq!(
            case_commitment(word("commitment"), commitment),
            word("caseCommitment")
        );
    }
}
