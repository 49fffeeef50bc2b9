//! What a backup says about itself: one line of JSON, and the attester's signature over it (EIP-191) in the next.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use alloy_primitives::{Address, B256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde::{Deserialize, Serialize};
use zhengtong_types::{Finality, NetworkKey};

use super::BackupError;
use crate::app::link::recover;
use crate::bounded;

pub(super) const FORMAT: &str = "zhengtong-gateway-backup/1";
/// The most bytes of a manifest: a finality proof has at most some hundred headers.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The block that was applied last, with why it is the network's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Followed {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its certificate.
    pub finality: Finality,
}

impl Followed {
    pub(super) fn check(&self, key: &NetworkKey) -> Result<(), BackupError> {
        let header = self.finality.verify_block(key, self.number);
        let header = header.map_err(|source| BackupError::block(self.number, &source))?;
        if header.hash() == self.hash {
            return Ok(());
        }
        Err(BackupError::Block {
            number: self.number,
            reason: format!("the network's is {}, the books have {}", header.hash(), self.hash),
        })
    }
}

/// The manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `zhengtong-gateway-backup/1`.
    pub format: String,
    /// Whose books.
    pub organisation: String,
    /// The network's key.
    pub network: String,
    /// Unix milliseconds.
    pub created_ms: u64,
    /// The last block applied; none before the first.
    pub followed: Option<Followed>,
    /// Of the store's file.
    pub store_sha256: B256,
    /// Of the file with the vault's records.
    pub records_sha256: B256,
    /// Of the file with the keys.
    pub keys_sha256: B256,
    /// Sealed records.
    pub records: u64,
    /// Wrapped keys.
    pub keys: u64,
    /// Deletions that were carried out before.
    pub deletions: u64,
}

impl Manifest {
    pub(super) fn write(&self, path: &Path, attester: &PrivateKeySigner) -> Result<(), BackupError> {
        let wrong = |reason: String| BackupError::Manifest {
            path: path.into(),
            reason,
        };
        let line = serde_json::to_string(self).map_err(|source| wrong(source.to_string()))?;
        let signature = attester
            .sign_message_sync(line.as_bytes())
            .map_err(|source| wrong(source.to_string()))?;
        let failed = |source| BackupError::io(path, source);
        let mut file = File::create(path).map_err(failed)?;
        file.write_all(format!("{line}\n{signature}\n").as_bytes())
            .map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    /// Reads a manifest that this attester signed.
    pub(super) fn read(path: &Path, attester: Address) -> Result<Self, BackupError> {
        let wrong = |reason: &str| BackupError::Manifest {
            path: path.into(),
            reason: reason.to_owned(),
        };
        let failed = |source| BackupError::io(path, source);
        let bytes = bounded::read(path, MAX_BYTES).map_err(failed)?;
        let bytes = bytes.ok_or_else(|| wrong("it is too large"))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text"))?;
        let (line, rest) = text
            .split_once('\n')
            .ok_or_else(|| wrong("it has no signature"))?;
        let signature = rest.strip_suffix('\n').ok_or_else(|| wrong("it is cut off"))?;
        let signer = recover(signature, line).ok_or_else(|| wrong("its signature is none"))?;
        // Each signature in one spelling.
        if signer != attester || signature != signature.to_lowercase() {
            return Err(wrong("it was changed, or another key signed it"));
        }
        let manifest: Self = serde_json::from_str(line).map_err(|source| wrong(&source.to_string()))?;
        if manifest.format != FORMAT {
            return Err(wrong("it has another format"));
        }
        Ok(manifest)
    }
}
