//! HTTP message signatures (RFC 9421) with `ed25519` and `ecdsa-p256-sha256`, and digests of content (RFC 9530).
//!
//! No I/O, no clock, no policy: [`Signed::parse`] says what a message claims to be signed with, [`Signed::verify`] whether
//! that is so, and [`sign`] makes such a signature. Who may sign what, and when, is decided in `app::exchange`.

mod base;
mod digest;
mod key;
#[cfg(test)]
mod tests;

use sfv::{Dictionary, InnerList, Integer, Item, ListEntry, Parser};
use thiserror::Error;

pub use base::{Component, Message, Target};
pub use digest::{content_digest, digest_matches};
pub use key::{Algorithm, PublicKey, SigningKey};

/// The most bytes of one header that is parsed here.
pub const MAX_HEADER_BYTES: usize = 4096;
/// The most components one signature covers.
pub const MAX_COMPONENTS: usize = 16;
/// The most bytes of a `keyid`, `nonce` or `tag`.
pub const MAX_PARAMETER_BYTES: usize = 128;

/// Why a signature is none. Never carries a value of the message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// A header that must be there is not, or not once.
    #[error("the header `{0}` is missing, or there more than once")]
    Missing(&'static str),
    /// A header is not a structured field of the right shape.
    #[error("the header `{0}` cannot be read")]
    Malformed(&'static str),
    /// No signature with that label in both headers.
    #[error("there is no signature labelled `{0}`")]
    NoSuchLabel(String),
    /// A covered component that the message does not have, that is there twice, or that is not supported.
    #[error("the covered component {0} cannot be taken from this message")]
    Component(String),
    /// A parameter of the wrong type or size.
    #[error("the parameter `{0}` is missing or cannot be read")]
    Parameter(&'static str),
    /// An algorithm that is not supported, or not the key's.
    #[error("the algorithm must be `ed25519` or `ecdsa-p256-sha256`, and the key's")]
    Algorithm,
    /// Not the bytes of a key.
    #[error("the key is none of its algorithm")]
    Key,
    /// The signature is not of this key over this message.
    #[error("the signature is not of this key over this message")]
    Wrong,
}

/// What a signature says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Unix seconds.
    pub created: Option<i64>,
    /// Unix seconds.
    pub expires: Option<i64>,
    /// Chosen anew for each message.
    pub nonce: Option<String>,
    /// The algorithm, if it is named.
    pub algorithm: Option<String>,
    /// Whose key.
    pub key_id: Option<String>,
    /// What the signature is for.
    pub tag: Option<String>,
}

/// A signature as it came: what it covers, what it claims, its bytes. Not verified.
#[derive(Clone, Debug)]
pub struct Signed {
    input: InnerList,
    parameters: Parameters,
    signature: Vec<u8>,
}

impl Signed {
    /// Reads the signature labelled `label` from a message.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn parse(message: &Message<'_>, label: &str) -> Result<Self, SignatureError> {
        let missing = || SignatureError::NoSuchLabel(label.to_owned());
        let mut inputs = dictionary(message, "signature-input")?;
        let Some(ListEntry::InnerList(input)) = inputs.swap_remove(label) else {
            return Err(missing());
        };
        if input.items.len() > MAX_COMPONENTS {
            return Err(SignatureError::Malformed("signature-input"));
        }
        let mut signatures = dictionary(message, "signature")?;
        let Some(ListEntry::Item(item)) = signatures.swap_remove(label) else {
            return Err(missing());
        };
        let signature = item
            .bare_item
            .as_byte_sequence()
            .ok_or(SignatureError::Malformed("signature"))?;
        Ok(Self {
            parameters: parameters(&input)?,
            signature: signature.to_vec(),
            input,
        })
    }

    /// What it says about itself.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether it covers this component, spelled as in `Signature-Input`, e.g. `"@method";req`.
    pub fn covers(&self, component: &Component) -> bool {
        let spelled = component.to_string();
        self.input.items.iter().any(|item| base::spelled(item) == spelled)
    }

    /// Whether the key signed this message so. `request` is the message that a response answers.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn verify(
        &self,
        message: &Message<'_>,
        request: Option<&Message<'_>>,
        key: &PublicKey,
    ) -> Result<(), SignatureError> {
        if self
            .parameters
            .algorithm
            .as_deref()
            .is_some_and(|named| named != key.algorithm().as_str())
        {
            return Err(SignatureError::Algorithm);
        }
        let base = base::signature_base(message, request, &self.input)?;
        key.verify(base.as_bytes(), &self.signature)
    }
}

/// The values of `Signature-Input` and `Signature` that sign a message.
///
/// # Errors
/// A component is not in the message, or a parameter is not ASCII.
pub fn sign(
    message: &Message<'_>,
    request: Option<&Message<'_>>,
    label: &str,
    components: &[Component],
    parameters: &Parameters,
    key: &SigningKey,
) -> Result<(String, String), SignatureError> {
    let items = components.iter().map(Component::item).collect::<Result<_, _>>()?;
    let mut input = InnerList::new(items);
    for (name, value) in [("created", parameters.created), ("expires", parameters.expires)] {
        if let Some(value) = value {
            let value = Integer::try_from(value).map_err(|_| SignatureError::Parameter("created"))?;
            insert(&mut input, name, value.into())?;
        }
    }
    let texts = [
        ("nonce", &parameters.nonce),
        ("alg", &parameters.algorithm),
        ("keyid", &parameters.key_id),
        ("tag", &parameters.tag),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            let value = sfv::String::try_from(value.clone()).map_err(|_| SignatureError::Parameter(name))?;
            insert(&mut input, name, value.into())?;
        }
    }
    let base = base::signature_base(message, request, &input)?;
    let signature = Item::new(sfv::BareItem::ByteSequence(key.sign(base.as_bytes())));
    Ok((labelled(label, input.into())?, labelled(label, signature.into())?))
}

fn insert(input: &mut InnerList, name: &'static str, value: sfv::BareItem) -> Result<(), SignatureError> {
    let name_key = sfv::Key::try_from(name.to_owned()).map_err(|_| SignatureError::Parameter(name))?;
    input.params.insert(name_key, value);
    Ok(())
}

fn labelled(label: &str, entry: ListEntry) -> Result<String, SignatureError> {
    let wrong = || SignatureError::NoSuchLabel(label.to_owned());
    let key = sfv::Key::try_from(label.to_owned()).map_err(|_| wrong())?;
    let mut text = sfv::DictSerializer::new();
    text.members([(&key, &entry)]);
    text.finish().ok_or_else(wrong)
}

fn dictionary(message: &Message<'_>, name: &'static str) -> Result<Dictionary, SignatureError> {
    let value = message.one(name).ok_or(SignatureError::Missing(name))?;
    if value.len() > MAX_HEADER_BYTES {
        return Err(SignatureError::Malformed(name));
    }
    Parser::new(value)
        .parse()
        .map_err(|_| SignatureError::Malformed(name))
}

fn parameters(input: &InnerList) -> Result<Parameters, SignatureError> {
    let number = |name: &'static str| match input.params.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_integer().ok_or(SignatureError::Parameter(name))?;
            Ok(Some(i64::from(number)))
        }
    };
    let text = |name: &'static str| match input.params.get(name) {
        None => Ok(None),
        Some(value) => match value.as_string() {
            Some(text) if text.as_str().len() <= MAX_PARAMETER_BYTES => Ok(Some(text.as_str().to_owned())),
            _ => Err(SignatureError::Parameter(name)),
        },
    };
    Ok(Parameters {
        created: number("created")?,
        expires: number("expires")?,
        nonce: text("nonce")?,
        algorithm: text("alg")?,
        key_id: text("keyid")?,
        tag: text("tag")?,
    })
}
