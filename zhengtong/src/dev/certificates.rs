//! The certificates of the demo agencies' credential keys, and the demo authority that gives them.
//!
//! In production the council names an authority (`Credentials.setAnchor`), and each agency gets its certificate there.

use super::keys::DevSeed;
use anyhow::{Context, Result};
use std::{fs, net::SocketAddr, path::Path};
use zhengtong_credentials::{
    Certificate, Jwk,
    x509::{Authority, Subject},
};

/// The name of the authority's key among the demo keys.
const AUTHORITY: &str = "credential-authority";
const NAME: &str = "Zhengtong demo credential authority";
/// 2026-01-01, and thirty years later: fixed, so that every start makes the same certificates.
const FROM_S: u64 = 1_767_225_600;
const UNTIL_S: u64 = FROM_S + 30 * 365 * 24 * 3600;

/// The demo authority of a data folder.
pub fn authority(seed: &DevSeed) -> Result<Authority> {
    let mut key = seed.derive(AUTHORITY);
    // A key beyond the curve's order is as likely as a collision of hashes; the next one then.
    loop {
        match Authority::new(&key.0, NAME, FROM_S, UNTIL_S) {
            Err(zhengtong_credentials::CertificateError::Key) => key = alloy_primitives::keccak256(key),
            other => return other.context("the demo credential authority"),
        }
    }
}

/// Where an agency's gateway is for wallets.
pub fn public_url(http: SocketAddr, slug: &str) -> String {
    format!("http://{http}/gateway/{slug}")
}

/// Certifies an agency's credential key, and writes the certificate beside it.
pub fn certify(
    authority: &Authority,
    key: &Jwk,
    chain_id: u64,
    slug: &str,
    http: SocketAddr,
    path: &Path,
) -> Result<Certificate> {
    let certificate = authority
        .certify(&Subject {
            key,
            chain_id,
            organisation: slug,
            issuer: &public_url(http, slug),
            host: &http.ip().to_string(),
            from_s: FROM_S,
            until_s: UNTIL_S,
        })
        .with_context(|| format!("the certificate of {slug}"))?;
    fs::write(path, certificate.to_pem()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(certificate)
}
