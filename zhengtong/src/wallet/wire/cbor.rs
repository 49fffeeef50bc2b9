//! Maps with small numbers as keys, as all of these types are.

use minicbor::{Decoder, data::Tag};
use thiserror::Error;

/// The most entries of a map: the types have at most ten, and unknown ones are passed over.
const MAX_ENTRIES: u64 = 32;

/// Why a text is not what it says it is.
#[derive(Debug, Error)]
pub enum WireError {
    #[error("this is not a UR, which begins with \"ur:\"")]
    NotUr,
    #[error("this is a ur:{found}, not a ur:{wanted}")]
    Kind { found: String, wanted: &'static str },
    #[error("a part has {chars} characters, more than {most}")]
    PartTooLong { chars: usize, most: usize },
    #[error("the text is in {parts} parts, more than {most}")]
    TooManyParts { parts: usize, most: usize },
    #[error("more than {most} parts came and the text is not whole")]
    TooManyReceived { most: usize },
    #[error("the text has {bytes} bytes, more than {most}")]
    TooLarge { bytes: usize, most: usize },
    #[error("a part is damaged, or is not one of this text: {reason}")]
    Damaged { reason: String },
    #[error("the text is not whole: {have} of {of} parts are there")]
    Incomplete { have: usize, of: usize },
    #[error("the content is not CBOR of this type: {0}")]
    Cbor(#[from] minicbor::decode::Error),
    #[error("{field} {problem}")]
    Field {
        field: &'static str,
        problem: &'static str,
    },
}

impl WireError {
    pub(super) const fn field(field: &'static str, problem: &'static str) -> Self {
        Self::Field { field, problem }
    }
}

/// Reads a map, each of its known keys once; `entry` answers whether it knows the key, and if so has read the value.
pub(super) fn map<'b>(
    decoder: &mut Decoder<'b>,
    mut entry: impl FnMut(u64, &mut Decoder<'b>) -> Result<bool, WireError>,
) -> Result<(), WireError> {
    let count = decoder.map()?.ok_or(WireError::field("a map", "has no length"))?;
    if count > MAX_ENTRIES {
        return Err(WireError::field("a map", "has too many entries"));
    }
    let mut seen = Vec::new();
    for _ in 0..count {
        let key = decoder.u64()?;
        if seen.contains(&key) {
            return Err(WireError::field("a map", "has a key twice"));
        }
        seen.push(key);
        if !entry(key, decoder)? {
            decoder.skip()?;
        }
    }
    Ok(())
}

/// A map that is all there is.
pub(super) fn whole_map<'b>(
    bytes: &'b [u8],
    entry: impl FnMut(u64, &mut Decoder<'b>) -> Result<bool, WireError>,
) -> Result<(), WireError> {
    let mut decoder = Decoder::new(bytes);
    map(&mut decoder, entry)?;
    if decoder.position() == bytes.len() {
        return Ok(());
    }
    Err(WireError::field("the content", "goes on after its end"))
}

pub(super) fn tag(decoder: &mut Decoder<'_>, wanted: u64, field: &'static str) -> Result<(), WireError> {
    if decoder.tag()? == Tag::new(wanted) {
        return Ok(());
    }
    Err(WireError::field(field, "has another tag"))
}

pub(super) fn fixed<const N: usize>(
    decoder: &mut Decoder<'_>,
    field: &'static str,
) -> Result<[u8; N], WireError> {
    let wrong = |_| WireError::field(field, "has another length");
    decoder.bytes()?.try_into().map_err(wrong)
}

/// A text that is shown or kept, and not longer than it may be.
pub(super) fn text(
    decoder: &mut Decoder<'_>,
    most_bytes: usize,
    field: &'static str,
) -> Result<String, WireError> {
    let text = decoder.str()?;
    if text.len() > most_bytes {
        return Err(WireError::field(field, "is too long"));
    }
    Ok(text.to_owned())
}
