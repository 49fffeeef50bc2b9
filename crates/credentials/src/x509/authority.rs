use std::net::IpAddr;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Certificate, CertificateError, organisation_uri};
use crate::Jwk;

/// Bytes of a key identifier (RFC 7093) and of a serial number.
const ID_BYTES: usize = 16;

/// Certifies the credential keys of organisations: a root and its key. Made by whoever runs a network; a real one rests
/// with the institution that the council names.
pub struct Authority {
    key: Key,
    params: CertificateParams,
    certificate: Certificate,
}

/// Whose key is certified, and for how long.
pub struct Subject<'a> {
    /// The key.
    pub key: &'a Jwk,
    /// The chain of the organisation.
    pub chain_id: u64,
    /// Its slug in the `Registry`.
    pub organisation: &'a str,
    /// Its credential issuer identifier: an URL.
    pub issuer: &'a str,
    /// The host of that URL: a name or an address.
    pub host: &'a str,
    /// First second, unix.
    pub from_s: u64,
    /// Last second, unix.
    pub until_s: u64,
}

impl Authority {
    /// A root of its own name. The same arguments make the same certificate, so that an anchor stays one.
    ///
    /// # Errors
    /// The key is zero or beyond the curve's order, or the name or the times do not fit.
    pub fn new(key: &[u8; 32], name: &str, from_s: u64, until_s: u64) -> Result<Self, CertificateError> {
        let secret = SigningKey::from_slice(key).map_err(|_| CertificateError::Key)?;
        let public = Public::of(secret.verifying_key());
        let mut params = params(name, &public, from_s, until_s)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = Key { secret, public };
        let certificate = params
            .self_signed(&key)
            .map_err(|_| CertificateError::Content("name"))?;
        Ok(Self {
            key,
            params,
            certificate: Certificate::from_der(certificate.der())?,
        })
    }

    /// The root's certificate: the anchor.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Certifies an organisation's key.
    ///
    /// # Errors
    /// Something does not fit into a certificate.
    pub fn certify(&self, subject: &Subject<'_>) -> Result<Certificate, CertificateError> {
        let key = subject
            .key
            .verifying_key("the certified key")
            .map_err(|_| CertificateError::Key)?;
        let public = Public::of(&key);
        let ascii = |what, text: &str| Ia5String::try_from(text).map_err(|_| CertificateError::Content(what));
        let host = match subject.host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(ascii("host", subject.host)?),
        };
        let own = organisation_uri(subject.chain_id, subject.organisation);
        let mut params = params(subject.organisation, &public, subject.from_s, subject.until_s)?;
        params.subject_alt_names = vec![
            SanType::URI(ascii("issuer", subject.issuer)?),
            SanType::URI(ascii("organisation", &own)?),
            host,
        ];
        // Another address, another certificate, another number.
        params.serial_number = Some(serial(
            &[&public.point, subject.issuer.as_bytes(), own.as_bytes()],
            subject,
        ));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params
            .signed_by(&public, &issuer)
            .map_err(|_| CertificateError::Content("certificate"))?;
        Certificate::from_der(certificate.der())
    }
}

fn params(
    name: &str,
    public: &Public,
    from_s: u64,
    until_s: u64,
) -> Result<CertificateParams, CertificateError> {
    let time = |at_s: u64| {
        i64::try_from(at_s)
            .ok()
            .and_then(|at_s| OffsetDateTime::from_unix_timestamp(at_s).ok())
            .ok_or(CertificateError::Content("validity"))
    };
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    let id = Sha256::digest(&public.point)[..ID_BYTES].to_vec();
    let mut params = CertificateParams::default();
    params.not_before = time(from_s)?;
    params.not_after = time(until_s)?;
    params.distinguished_name = distinguished_name;
    params.serial_number = Some(positive(&id));
    params.key_identifier_method = KeyIdMethod::PreSpecified(id);
    Ok(params)
}

fn serial(parts: &[&[u8]], subject: &Subject<'_>) -> SerialNumber {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    digest.update(subject.from_s.to_be_bytes());
    digest.update(subject.until_s.to_be_bytes());
    positive(&digest.finalize()[..ID_BYTES])
}

/// Positive, and not shorter than it looks.
fn positive(bytes: &[u8]) -> SerialNumber {
    let mut bytes = bytes.to_vec();
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    SerialNumber::from(bytes)
}

/// A public key as the certificates' library takes it.
struct Public {
    point: Vec<u8>,
}

impl Public {
    fn of(key: &VerifyingKey) -> Self {
        Self {
            point: key.to_sec1_point(false).as_bytes().to_vec(),
        }
    }
}

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// The authority's key, signing with p256.
struct Key {
    secret: SigningKey,
    public: Public,
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.secret.sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}
