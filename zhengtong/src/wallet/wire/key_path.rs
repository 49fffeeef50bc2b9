//! `crypto-keypath`: where a key is in the tree of its words.

use super::cbor::{self, WireError};
use minicbor::{Decoder, Encoder, data::Tag};
use std::fmt;

/// CBOR tag of a `crypto-keypath`.
const TAG: u64 = 304;
/// The most steps of a path; ours have five.
const MAX_STEPS: u64 = 16;
/// BIP-32's mark of a hardened step.
const HARDENED: u32 = 1 << 31;

/// Steps from a master key, and which master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath {
    /// As BIP-32 numbers them: from 2^31 on they are hardened.
    pub steps: Vec<u32>,
    /// The first four bytes of the master key's hash.
    pub fingerprint: Option<u32>,
}

impl KeyPath {
    pub(super) fn encode(&self, to: &mut Encoder<&mut Vec<u8>>) {
        let entries = 1 + u64::from(self.fingerprint.is_some());
        let mut write = || {
            to.tag(Tag::new(TAG))?.map(entries)?;
            to.u8(1)?.array(self.steps.len() as u64 * 2)?;
            for step in &self.steps {
                to.u32(step & !HARDENED)?.bool(step & HARDENED != 0)?;
            }
            if let Some(fingerprint) = self.fingerprint {
                to.u8(2)?.u32(fingerprint)?;
            }
            Ok::<_, minicbor::encode::Error<_>>(())
        };
        write().expect("writing to memory");
    }

    pub(super) fn decode(from: &mut Decoder<'_>) -> Result<Self, WireError> {
        cbor::tag(from, TAG, "the path")?;
        let (mut steps, mut fingerprint) = (None, None);
        cbor::map(from, |key, from| {
            match key {
                1 => steps = Some(decode_steps(from)?),
                2 => fingerprint = Some(from.u32()?).filter(|print| *print != 0),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let steps = steps.ok_or(WireError::field("the path", "has no steps"))?;
        Ok(Self { steps, fingerprint })
    }
}

fn decode_steps(from: &mut Decoder<'_>) -> Result<Vec<u32>, WireError> {
    let length = from
        .array()?
        .filter(|length| length % 2 == 0 && *length <= MAX_STEPS * 2);
    let length = length.ok_or(WireError::field("the path", "is too long, or half a step"))?;
    let mut steps = Vec::new();
    for _ in 0..length / 2 {
        let index = from.u32()?;
        if index >= HARDENED {
            return Err(WireError::field("the path", "has a step beyond the last"));
        }
        steps.push(if from.bool()? { index | HARDENED } else { index });
    }
    Ok(steps)
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m")?;
        for step in &self.steps {
            let mark = if step & HARDENED == 0 { "" } else { "'" };
            write!(f, "/{}{mark}", step & !HARDENED)?;
        }
        Ok(())
    }
}
