use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::Jwk;

/// The most bytes of a certificate.
pub const MAX_CERTIFICATE_BYTES: usize = 2048;
/// The most certificates of a chain, without its anchor.
pub const MAX_CHAIN: usize = 4;
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";
const PEM_LINE: usize = 64;
const ORGANISATION_URN: &str = "urn:zhengtong:organisation:";

/// Why a certificate chain does not vouch for a key.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not a list of certificates.
    #[error(
        "`x5c` must be 1 to {MAX_CHAIN} certificates of at most {MAX_CERTIFICATE_BYTES} bytes, in base64"
    )]
    Malformed,
    /// The leaf certifies no P-256 key.
    #[error("the certificate is not of a P-256 key")]
    Key,
    /// No path from the leaf to an anchor: another authority, a wrong signature, a certificate that may not certify.
    #[error("the certificate chain does not lead to an authority that is trusted for this organisation")]
    Untrusted,
    /// Too early or too late.
    #[error("a certificate of the chain is not valid now")]
    NotNow,
    /// The certificate names no organisation of this network.
    #[error("the certificate names no organisation of this network")]
    Organisation,
    /// The parts of a new certificate do not fit into one.
    #[error("`{0}` does not fit into a certificate")]
    Content(&'static str),
}

/// An X.509 certificate, well formed and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
}

/// What a believed certificate says about its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The key.
    pub key: Jwk,
    /// URIs among its alternative names.
    pub uris: Vec<String>,
    /// Host names among them.
    pub dns_names: Vec<String>,
}

impl Certificate {
    /// Takes in a certificate.
    ///
    /// # Errors
    /// Not DER of a certificate, or too large.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES || EndEntityCert::try_from(&CertificateDer::from(der)).is_err() {
            return Err(CertificateError::Malformed);
        }
        Ok(Self { der: der.to_vec() })
    }

    /// Reads a PEM file: the leaf first, then those that certify it.
    ///
    /// # Errors
    /// Not PEM of 1 to [`MAX_CHAIN`] certificates.
    pub fn chain_from_pem(pem: &str) -> Result<Vec<Self>, CertificateError> {
        let parts = pem.split(PEM_BEGIN).skip(1);
        let chain = parts
            .take(MAX_CHAIN + 1)
            .map(|part| {
                let (text, _) = part.split_once(PEM_END).ok_or(CertificateError::Malformed)?;
                let text: String = text.split_ascii_whitespace().collect();
                let der = STANDARD.decode(text).map_err(|_| CertificateError::Malformed)?;
                Self::from_der(&der)
            })
            .collect::<Result<Vec<_>, _>>()?;
        (1..=MAX_CHAIN)
            .contains(&chain.len())
            .then_some(chain)
            .ok_or(CertificateError::Malformed)
    }

    /// Reads the header parameter `x5c`.
    ///
    /// # Errors
    /// Not a list of 1 to [`MAX_CHAIN`] certificates.
    pub fn chain_from_x5c(x5c: &Value) -> Result<Vec<Self>, CertificateError> {
        let list = x5c
            .as_array()
            .filter(|list| (1..=MAX_CHAIN).contains(&list.len()));
        list.ok_or(CertificateError::Malformed)?
            .iter()
            .map(|text| {
                let text = text.as_str().ok_or(CertificateError::Malformed)?;
                let der = STANDARD.decode(text).map_err(|_| CertificateError::Malformed)?;
                Self::from_der(&der)
            })
            .collect()
    }

    /// As a member of `x5c`.
    pub fn to_x5c(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// As PEM (RFC 7468).
    pub fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let mut pem = format!("{PEM_BEGIN}\n");
        for line in text.as_bytes().chunks(PEM_LINE) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem + PEM_END + "\n"
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER: what the chain keeps of an anchor, and what `x509_hash` is made of.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// What it says about its key; nothing here says that it is true.
    ///
    /// # Errors
    /// The key is not on P-256.
    pub fn claims(&self) -> Result<Certified, CertificateError> {
        let der = CertificateDer::from(self.der.as_slice());
        let certificate = EndEntityCert::try_from(&der).map_err(|_| CertificateError::Malformed)?;
        let key = VerifyingKey::from_public_key_der(&certificate.subject_public_key_info())
            .map_err(|_| CertificateError::Key)?;
        Ok(Certified {
            key: Jwk::of(&key),
            uris: certificate.valid_uri_names().map(str::to_owned).collect(),
            dns_names: certificate.valid_dns_names().map(str::to_owned).collect(),
        })
    }

    /// Believes a chain (leaf first) that leads to one of `anchors` and is valid at `now_s`.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn verify(chain: &[Self], anchors: &[Self], now_s: u64) -> Result<Certified, CertificateError> {
        let (leaf, intermediates) = chain.split_first().ok_or(CertificateError::Malformed)?;
        let leaf_der = CertificateDer::from(leaf.der.as_slice());
        let end = EndEntityCert::try_from(&leaf_der).map_err(|_| CertificateError::Malformed)?;
        let ders: Vec<_> = anchors
            .iter()
            .map(|anchor| CertificateDer::from(anchor.der.as_slice()))
            .collect();
        let anchors = ders
            .iter()
            .map(|der| anchor_from_trusted_cert(der).map_err(|_| CertificateError::Malformed))
            .collect::<Result<Vec<_>, _>>()?;
        let intermediates: Vec<_> = intermediates
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der.as_slice()))
            .collect();
        end.verify_for_usage(
            &[&EcdsaP256Sha256],
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(now_s)),
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(|error| match error {
            webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
                CertificateError::NotNow
            }
            _ => CertificateError::Untrusted,
        })?;
        leaf.claims()
    }
}

impl Certified {
    /// The organisation of the network that the certificate is of.
    ///
    /// # Errors
    /// It names none, or several.
    pub fn organisation(&self, chain_id: u64) -> Result<&str, CertificateError> {
        let prefix = format!("{ORGANISATION_URN}{chain_id}:");
        let mut found = self.uris.iter().filter_map(|uri| uri.strip_prefix(&prefix));
        match (found.next(), found.next()) {
            (Some(organisation), None) => Ok(organisation),
            _ => Err(CertificateError::Organisation),
        }
    }
}

/// How a certificate names an organisation, among its alternative names.
pub fn organisation_uri(chain_id: u64, organisation: &str) -> String {
    format!("{ORGANISATION_URN}{chain_id}:{organisation}")
}

/// The one signature algorithm of chains, for the path validation.
#[derive(Debug)]
struct EcdsaP256Sha256;

impl SignatureVerificationAlgorithm for EcdsaP256Sha256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::try_from(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}
