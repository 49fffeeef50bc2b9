//! A validator's two secrets, as files of hexadecimal digits.

use crate::files;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_cryptography::{Signer as _, bls12381::primitives::group::Share, ed25519};
use commonware_math::algebra::Random as _;
use rand_core::CryptoRng;
use std::{
    fmt, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_types::consensus::ValidatorKey;

/// Why a secret could not be used. Never says what it is.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("cannot read the {what} in {path}: {source}")]
    Read {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot write the {what} to {path}: {source}")]
    Write {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{path} does not hold {expected}")]
    Malformed { expected: &'static str, path: PathBuf },
    #[error(
        "others can use the {what} in {path} (mode {mode:04o}): `chmod 600 {path}`, and ask who has read it"
    )]
    Mode {
        what: &'static str,
        path: PathBuf,
        mode: u32,
    },
}

/// Who a validator is on the network. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct Identity(ed25519::PrivateKey);

/// A validator's share of the network's key. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct ShareFile(Share);

impl Identity {
    pub fn new(key: ed25519::PrivateKey) -> Self {
        Self(key)
    }

    /// A fresh one.
    pub fn generate(mut rng: impl CryptoRng) -> Self {
        Self(ed25519::PrivateKey::random(&mut rng))
    }

    pub fn public(&self) -> ValidatorKey {
        self.0.public_key()
    }

    pub(crate) fn signer(&self) -> &ed25519::PrivateKey {
        &self.0
    }

    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let expected = "an identity of 64 hexadecimal digits";
        let bytes = read(path, "identity", expected)?;
        let key = ed25519::PrivateKey::decode(Copying(&bytes));
        key.map(Self).map_err(|_| KeyError::Malformed {
            expected,
            path: path.into(),
        })
    }

    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        write(path, "identity", &self.0.encode())
    }
}

impl ShareFile {
    pub fn new(share: Share) -> Self {
        Self(share)
    }

    pub(crate) fn share(&self) -> Share {
        self.0.clone()
    }

    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let expected = "a BLS share in hexadecimal digits";
        let bytes = read(path, "BLS share", expected)?;
        Share::decode(Copying(&bytes))
            .map(Self)
            .map_err(|_| KeyError::Malformed {
                expected,
                path: path.into(),
            })
    }

    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        write(path, "BLS share", &self.0.encode())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.public())
    }
}

impl fmt::Debug for ShareFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareFile(secret)")
    }
}

/// Refuses a key file that others than its owner can use.
///
/// # Errors
/// They can, or it is not there.
pub fn require_owners(path: &Path, what: &'static str) -> Result<(), KeyError> {
    let found = std::fs::metadata(path).map_err(|source| KeyError::Read {
        what,
        path: path.into(),
        source,
    })?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(KeyError::Mode {
        what,
        path: path.into(),
        mode,
    })
}

fn read(path: &Path, what: &'static str, expected: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |source| KeyError::Read {
        what,
        path: path.into(),
        source,
    };
    require_owners(path, what)?;
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    let bytes = hex::decode(text.trim()).map_err(|_| KeyError::Malformed {
        expected,
        path: path.into(),
    })?;
    Ok(Zeroizing::new(bytes))
}

fn write(path: &Path, what: &'static str, bytes: &[u8]) -> Result<(), KeyError> {
    let text = Zeroizing::new(hex::encode(bytes));
    files::write(path, text.as_bytes(), true).map_err(|source| KeyError::Write {
        what,
        path: path.into(),
        source,
    })
}
