use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};

use crate::issue::STATUS_TYP;
use crate::jwt::{Jwt, seconds};
use crate::{CredentialError, Jwk};

/// The most credentials one status list of ours covers.
pub const MAX_STATUS_ENTRIES: u32 = 1 << 20;
/// The most bytes of a list that is read, uncompressed: a million entries of eight bits.
const MAX_LIST_BYTES: usize = 1 << 20;
/// The most bytes of a signed list that is read.
pub const MAX_STATUS_TOKEN_BYTES: usize = 2 * 1024 * 1024;
/// How far the clock of a list's issuer may be ahead, in seconds.
const MAX_AHEAD_S: u64 = 60;

/// A Token Status List of 1, 2, 4 or 8 bits an entry; ours have two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
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
    /// Bits an entry of our lists.
    pub const BITS: u8 = 2;

    /// A list of `entries` valid entries of two bits, rounded up to a whole byte and at most [`MAX_STATUS_ENTRIES`].
    pub fn new(entries: u32) -> Self {
        let entries = entries.min(MAX_STATUS_ENTRIES);
        Self {
            bits: Self::BITS,
            bytes: vec![0; entries.div_ceil(8 / u32::from(Self::BITS)) as usize],
        }
    }

    /// Bits an entry.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// How many entries there are.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32 * self.per_byte()
    }

    /// The status of an entry.
    ///
    /// # Errors
    /// The index is beyond the list.
    pub fn get(&self, index: u32) -> Result<Status, CredentialError> {
        let (byte, shift) = self.place(index)?;
        Ok(match self.bytes[byte] >> shift & self.mask() {
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
        let mask = self.mask();
        self.bytes[byte] = self.bytes[byte] & !(mask << shift) | (status as u8 & mask) << shift;
        Ok(())
    }

    /// `lst`: zlib-compressed and base64url-encoded.
    pub fn encode(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let compressed = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
        URL_SAFE_NO_PAD.encode(compressed.expect("writing to memory does not fail"))
    }

    /// Reads `bits` and `lst`.
    ///
    /// # Errors
    /// Not base64url, not zlib, other bits than the standard has, or larger than a million bytes.
    pub fn decode(bits: u8, lst: &str) -> Result<Self, CredentialError> {
        let malformed = || CredentialError::Malformed {
            part: "the status list",
        };
        if ![1, 2, 4, 8].contains(&bits) {
            return Err(malformed());
        }
        let compressed = URL_SAFE_NO_PAD.decode(lst).map_err(|_| malformed())?;
        let mut bytes = Vec::new();
        ZlibDecoder::new(&compressed[..])
            .take(MAX_LIST_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| malformed())?;
        if bytes.len() > MAX_LIST_BYTES {
            return Err(malformed());
        }
        Ok(Self { bits, bytes })
    }

    /// Reads a signed list (`statuslist+jwt`): it is about `uri`, signed by `key`, and of use at `now_s`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(token: &str, uri: &str, key: &Jwk, now_s: u64) -> Result<Self, CredentialError> {
        let token = Jwt::parse_list(token)?;
        token.verify(key, STATUS_TYP, "issuer")?;
        if token.text("sub")? != uri {
            return Err(CredentialError::StatusList("sub"));
        }
        if token.time("iat")? > now_s.saturating_add(MAX_AHEAD_S) {
            return Err(CredentialError::StatusList("iat"));
        }
        if let Some(exp) = token.claim("exp")
            && seconds(exp).is_none_or(|exp| now_s >= exp)
        {
            return Err(CredentialError::StatusList("exp"));
        }
        let list = token
            .claim("status_list")
            .ok_or(CredentialError::Claim("status_list"))?;
        let bits = list["bits"].as_u64().and_then(|bits| u8::try_from(bits).ok());
        match (bits, list["lst"].as_str()) {
            (Some(bits), Some(lst)) => Self::decode(bits, lst),
            _ => Err(CredentialError::Claim("status_list")),
        }
    }

    /// What the chain keeps: SHA-256 of the uncompressed list.
    pub fn root(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    fn per_byte(&self) -> u32 {
        8 / u32::from(self.bits)
    }

    fn mask(&self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }

    fn place(&self, index: u32) -> Result<(usize, u32), CredentialError> {
        if index >= self.size() {
            return Err(CredentialError::StatusIndex {
                index,
                size: self.size(),
            });
        }
        let per_byte = self.per_byte();
        Ok((
            (index / per_byte) as usize,
            index % per_byte * u32::from(self.bits),
        ))
    }
}
