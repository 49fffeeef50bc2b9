//! What a browser and an authenticator say, checked as the Web Authentication specification (Level 3, sections 7.1 and 7.2)
//! has it for attestation `none`: user verification is required, pages in frames of other origins are refused.

use minicbor::Decoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::key::PublicKey;

/// The most bytes of client data.
pub const MAX_CLIENT_DATA_BYTES: usize = 4096;
/// The most bytes of an attestation object, and of authenticator data.
pub const MAX_OBJECT_BYTES: usize = 8192;
/// The most bytes of a signature.
pub const MAX_SIGNATURE_BYTES: usize = 128;
/// The most bytes of a credential's id (section 4, "Credential ID").
pub const MAX_ID_BYTES: usize = 1023;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Why a passkey is not believed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CeremonyError {
    /// Malformed.
    #[error("`client_data` is not what a browser writes")]
    ClientData,
    /// Malformed.
    #[error("the authenticator's data is malformed")]
    AuthenticatorData,
    /// Made for something else.
    #[error("this was made for something else: `type` is not the one that is needed here")]
    Kind,
    /// Another site's page, or in a frame of one.
    #[error("the page that asked is not this portal's")]
    Origin,
    /// Another site's passkey.
    #[error("the passkey is of another site")]
    RpId,
    /// Nobody unlocked it.
    #[error("the device did not check who you are: set up a screen lock, or a PIN of the security key")]
    Unverified,
    /// Its maker's statement was not asked for.
    #[error("the passkey comes with a statement of its maker, which was not asked for")]
    Attestation,
    /// Another algorithm.
    #[error("the passkey's key is neither ES256 nor Ed25519")]
    Algorithm,
    /// Wrong.
    #[error("the signature is not of this passkey")]
    Signature,
}

impl CeremonyError {
    /// How a refusal is kept.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClientData | Self::AuthenticatorData => "passkey-malformed",
            Self::Kind => "passkey-type",
            Self::Origin => "passkey-origin",
            Self::RpId => "passkey-site",
            Self::Unverified => "passkey-unverified",
            Self::Attestation => "passkey-attestation",
            Self::Algorithm => "passkey-algorithm",
            Self::Signature => "passkey-signature",
        }
    }
}

/// What is done with a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Made.
    Create,
    /// Used.
    Get,
}

/// The site.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What passkeys are bound to.
    pub rp_id: &'a str,
    /// Its pages.
    pub origins: &'a [String],
}

/// What a browser says.
#[derive(Deserialize)]
pub struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    /// The challenge, base64url.
    pub challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    is_cross_origin: bool,
    #[serde(rename = "topOrigin")]
    top_origin: Option<String>,
}

impl ClientData {
    /// Reads it. Members that are not known are left alone, as the specification asks.
    ///
    /// # Errors
    /// [`CeremonyError::ClientData`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CeremonyError> {
        if bytes.len() > MAX_CLIENT_DATA_BYTES {
            return Err(CeremonyError::ClientData);
        }
        serde_json::from_slice(bytes).map_err(|_| CeremonyError::ClientData)
    }

    /// Checks everything but the challenge, which is used up by whoever keeps it.
    ///
    /// # Errors
    /// See [`CeremonyError`].
    pub fn check(&self, kind: Kind, site: Site<'_>) -> Result<(), CeremonyError> {
        let expected = match kind {
            Kind::Create => "webauthn.create",
            Kind::Get => "webauthn.get",
        };
        if self.kind != expected {
            return Err(CeremonyError::Kind);
        }
        let is_known = site.origins.contains(&self.origin);
        if !is_known || self.is_cross_origin || self.top_origin.is_some() {
            return Err(CeremonyError::Origin);
        }
        Ok(())
    }
}

/// A passkey that was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: Vec<u8>,
    /// Its key.
    pub key: PublicKey,
    /// How often it says that it was used; 0 if it does not count.
    pub count: u32,
    /// Whether it may be on several devices.
    pub may_sync: bool,
}

/// What an authenticator says of one use.
#[derive(Debug, PartialEq, Eq)]
pub struct Used {
    /// See [`Made::count`].
    pub count: u32,
    /// See [`Made::may_sync`].
    pub may_sync: bool,
}

/// Reads a passkey that was made for a site.
///
/// # Errors
/// See [`CeremonyError`].
pub fn made(site: Site<'_>, attestation_object: &[u8]) -> Result<Made, CeremonyError> {
    let malformed = |_| CeremonyError::AuthenticatorData;
    let mut object = Decoder::new(attestation_object);
    let (mut format, mut statement, mut data) = (None, None, None);
    let members = object.map().map_err(malformed)?;
    for _ in 0..members
        .filter(|count| *count == 3)
        .ok_or(CeremonyError::AuthenticatorData)?
    {
        match object.str().map_err(malformed)? {
            "fmt" => format = Some(object.str().map_err(malformed)?),
            "attStmt" => {
                statement = object.probe().map().map_err(malformed)?;
                object.skip().map_err(malformed)?;
            }
            "authData" => data = Some(object.bytes().map_err(malformed)?),
            _ => return Err(CeremonyError::AuthenticatorData),
        }
    }
    let (Some(format), Some(statement), Some(data)) = (format, statement, data) else {
        return Err(CeremonyError::AuthenticatorData);
    };
    if object.position() != attestation_object.len() {
        return Err(CeremonyError::AuthenticatorData);
    }
    if format != "none" || statement != 0 {
        return Err(CeremonyError::Attestation);
    }
    made_as(site, data)
}

/// The same, of authenticator data alone.
pub(super) fn made_as(site: Site<'_>, data: &[u8]) -> Result<Made, CeremonyError> {
    let said = Said::read(data)?;
    said.check(site)?;
    let (id, key) = said.credential.ok_or(CeremonyError::AuthenticatorData)?;
    Ok(Made {
        id: id.to_vec(),
        key,
        count: said.count,
        may_sync: said.flags & BACKUP_ELIGIBLE != 0,
    })
}

/// Checks that a passkey was used for a site.
///
/// # Errors
/// See [`CeremonyError`].
pub fn used(
    site: Site<'_>,
    key: &PublicKey,
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
) -> Result<Used, CeremonyError> {
    let said = Said::read(authenticator_data)?;
    said.check(site)?;
    let message = [authenticator_data, Sha256::digest(client_data).as_slice()].concat();
    if signature.len() > MAX_SIGNATURE_BYTES || !key.signed(&message, signature) {
        return Err(CeremonyError::Signature);
    }
    Ok(Used {
        count: said.count,
        may_sync: said.flags & BACKUP_ELIGIBLE != 0,
    })
}

/// Authenticator data (section 6.1).
struct Said<'a> {
    site: &'a [u8],
    flags: u8,
    count: u32,
    credential: Option<(&'a [u8], PublicKey)>,
}

impl<'a> Said<'a> {
    fn read(data: &'a [u8]) -> Result<Self, CeremonyError> {
        let malformed = || CeremonyError::AuthenticatorData;
        if data.len() > MAX_OBJECT_BYTES {
            return Err(malformed());
        }
        let (site, rest) = data.split_at_checked(32).ok_or_else(malformed)?;
        let (flags, rest) = rest.split_first().ok_or_else(malformed)?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            // The model of the authenticator, which says nothing without its maker's statement.
            let (_, after) = rest.split_at_checked(16).ok_or_else(malformed)?;
            let (length, after) = after.split_first_chunk::<2>().ok_or_else(malformed)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (id, after) = after.split_at_checked(length).ok_or_else(malformed)?;
            if id.is_empty() || id.len() > MAX_ID_BYTES {
                return Err(malformed());
            }
            let mut decoder = Decoder::new(after);
            let key = PublicKey::read(&mut decoder)?;
            rest = after.get(decoder.position()..).ok_or_else(malformed)?;
            credential = Some((id, key));
        }
        if flags & HAS_EXTENSIONS != 0 {
            let mut decoder = Decoder::new(rest);
            decoder.probe().map().map_err(|_| malformed())?;
            decoder.skip().map_err(|_| malformed())?;
            rest = rest.get(decoder.position()..).ok_or_else(malformed)?;
        }
        // What is backed up must be able to be.
        let is_impossible = flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0;
        if !rest.is_empty() || is_impossible {
            return Err(malformed());
        }
        Ok(Self {
            site,
            flags: *flags,
            count: u32::from_be_bytes(*count),
            credential,
        })
    }

    fn check(&self, site: Site<'_>) -> Result<(), CeremonyError> {
        if self.site != Sha256::digest(site.rp_id).as_slice() {
            return Err(CeremonyError::RpId);
        }
        let needed = USER_PRESENT | USER_VERIFIED;
        if self.flags & needed != needed {
            return Err(CeremonyError::Unverified);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "ceremony_tests.rs"]
mod tests;
