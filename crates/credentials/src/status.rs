use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};

use crate::CredentialError;

/// The most credentials one status list covers.
pub const MAX_STATUS_ENTRIES: u32 = 1 << 20;

/// A Token Status List (draft-ietf-oauth-status-list) of two bits an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bytes: Vec<u8>,
}

/// What a status list says about a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Good.
    Valid = 0,
    /// Revoked for good.
    Invalid = 1,
    /// Frozen, for instance while an appeal runs.
    Suspended = 2,
    /// Left to the application; unused here.
    Other = 3,
}

impl StatusList {
    /// Bits an entry.
    pub const BITS: u8 = 2;
    const PER_BYTE: u32 = 4;

    /// A list of `entries` valid entries, rounded up to a whole byte and at most
    /// [`MAX_STATUS_ENTRIES`].
    pub fn new(entries: u32) -> Self {
        let entries = entries.min(MAX_STATUS_ENTRIES);
        Self {
            bytes: vec![0; entries.div_ceil(Self::PER_BYTE) as usize],
        }
    }

    /// How many entries there are.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32 * Self::PER_BYTE
    }

    /// The status of an entry.
    ///
    /// # Errors
    /// The index is beyond the list.
    pub fn get(&self, index: u32) -> Result<Status, CredentialError> {
        let (byte, shift) = self.place(index)?;
        Ok(match self.bytes[byte] >> shift & 3 {
            0 => Status::Valid,
            1 => Status::Invalid,
            2 => Status::Suspended,
            _ => Status::Other,
        })
    }

    /// Sets the status of an entry.
    ///
    /// # Errors
    /// The index is beyond the list.
    pub fn set(&mut self, index: u32, status: Status) -> Result<(), CredentialError> {
        let (byte, shift) = self.place(index)?;
        self.bytes[byte] = self.bytes[byte] & !(3 << shift) | (status as u8) << shift;
        Ok(())
    }

    /// `lst`: zlib-compressed and base64url-encoded.
    pub fn encode(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let compressed = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
        URL_SAFE_NO_PAD.encode(compressed.expect("writing to memory does not fail"))
    }

    /// Undoes [`Self::encode`].
    ///
    /// # Errors
    /// Not base64url, not zlib, or more than [`MAX_STATUS_ENTRIES`].
    pub fn decode(lst: &str) -> Result<Self, CredentialError> {
        let malformed = || CredentialError::Malformed {
            part: "the status list",
        };
        let limit = u64::from(MAX_STATUS_ENTRIES / Self::PER_BYTE);
        let compressed = URL_SAFE_NO_PAD.decode(lst).map_err(|_| malformed())?;
        let mut bytes = Vec::new();
        ZlibDecoder::new(&compressed[..])
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| malformed())?;
        if bytes.len() as u64 > limit {
            return Err(malformed());
        }
        Ok(Self { bytes })
    }

    /// What the chain keeps: SHA-256 of the uncompressed list.
    pub fn root(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    fn place(&self, index: u32) -> Result<(usize, u32), CredentialError> {
        if index >= self.size() {
            return Err(CredentialError::StatusIndex {
                index,
                size: self.size(),
            });
        }
        Ok((
            (index / Self::PER_BYTE) as usize,
            index % Self::PER_BYTE * u32::from(Self::BITS),
        ))
    }
}
