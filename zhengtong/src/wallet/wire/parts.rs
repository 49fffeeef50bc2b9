//! Uniform resources: one text, or the parts of one that are shown one after another.

use super::cbor::WireError;

/// The longest part that is read: more than a QR code can hold.
pub const MAX_PART_CHARS: usize = 300_000;
/// The most bytes of a text, whole.
const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// The most parts of a text.
const MAX_PARTS: usize = 2_048;
/// The most parts that are received before one gives up; some may come twice, or be mixed of others.
const MAX_RECEIVED: usize = 8 * MAX_PARTS;
/// Bytes in each part that is shown: a code of 400 characters, which a small terminal can hold.
const FRAGMENT_BYTES: usize = 160;

/// The types that are read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    HdKey,
    SignRequest,
    Signature,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::HdKey => "crypto-hdkey",
            Self::SignRequest => "eth-sign-request",
            Self::Signature => "eth-signature",
        }
    }

    /// The whole as one text, however long.
    pub fn write(self, content: &[u8]) -> String {
        ur::encode(content, &ur::Type::Custom(self.name()))
    }

    /// The content of one text, or of the parts of one, a line each.
    pub fn read(self, lines: &str) -> Result<Vec<u8>, WireError> {
        let mut joiner = Joiner::new(self);
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if joiner.receive(line)? {
                break;
            }
        }
        joiner.finish()
    }
}

/// Puts parts together, in whatever order they come.
pub struct Joiner {
    kind: Kind,
    whole: Option<Vec<u8>>,
    decoder: ur::Decoder,
    parts: usize,
    received: usize,
}

impl Joiner {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            whole: None,
            decoder: ur::Decoder::default(),
            parts: 0,
            received: 0,
        }
    }

    /// Takes a part; says whether the text is whole.
    pub fn receive(&mut self, part: &str) -> Result<bool, WireError> {
        let chars = part.len();
        if chars > MAX_PART_CHARS {
            let most = MAX_PART_CHARS;
            return Err(WireError::PartTooLong { chars, most });
        }
        let most = MAX_RECEIVED;
        self.received += 1;
        if self.received > most {
            return Err(WireError::TooManyReceived { most });
        }
        let text = part.to_ascii_lowercase();
        let (kind, rest) = text
            .strip_prefix("ur:")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(WireError::NotUr)?;
        if kind != self.kind.name() {
            let found = kind
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .take(64)
                .collect();
            let wanted = self.kind.name();
            return Err(WireError::Kind { found, wanted });
        }
        match rest.split_once('/') {
            None => {
                let (_, content) = ur::decode(&text).map_err(damaged)?;
                self.whole = Some(content);
            }
            Some((place, _)) => {
                // The decoder makes room for as many parts as a part says that there are: it must not be asked for too many.
                self.parts = count(place)?;
                self.decoder.receive(&text).map_err(damaged)?;
                if self.decoder.complete() {
                    self.whole = self.decoder.message().map_err(damaged)?;
                }
            }
        }
        Ok(self.whole.is_some())
    }

    /// The content.
    pub fn finish(self) -> Result<Vec<u8>, WireError> {
        let have = self.decoder.resolved_fragment_count().unwrap_or_default();
        let content = self.whole.ok_or(WireError::Incomplete {
            have,
            of: self.parts.max(1),
        })?;
        if content.len() > MAX_MESSAGE_BYTES {
            let (bytes, most) = (content.len(), MAX_MESSAGE_BYTES);
            return Err(WireError::TooLarge { bytes, most });
        }
        Ok(content)
    }
}

/// The number of parts in `3-7`.
fn count(place: &str) -> Result<usize, WireError> {
    let parts = place.split_once('-').and_then(|(_, of)| of.parse().ok());
    let parts = parts.ok_or_else(|| WireError::Damaged {
        reason: "it does not say which part it is".into(),
    })?;
    if parts > MAX_PARTS {
        let most = MAX_PARTS;
        return Err(WireError::TooManyParts { parts, most });
    }
    Ok(parts)
}

fn damaged(error: ur::ur::Error) -> WireError {
    WireError::Damaged {
        reason: error.to_string(),
    }
}

/// A text for a screen that shows it part by part, for as long as it takes: after the plain parts come mixtures, of which
/// any few fill the gaps.
pub struct Parts {
    encoder: ur::Encoder<'static>,
    /// What fits into one code.
    single: Option<String>,
}

impl Parts {
    pub fn new(kind: Kind, content: &[u8]) -> Result<Self, WireError> {
        let encoder = ur::Encoder::new(content, FRAGMENT_BYTES, kind.name()).map_err(damaged)?;
        let single = (encoder.fragment_count() == 1).then(|| kind.write(content));
        Ok(Self { encoder, single })
    }

    /// How many were shown.
    pub const fn shown(&self) -> usize {
        self.encoder.current_index()
    }

    pub fn next_part(&mut self) -> Result<String, WireError> {
        let part = self.encoder.next_part().map_err(damaged)?;
        Ok(self.single.clone().unwrap_or(part))
    }
}
