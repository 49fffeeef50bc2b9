//! The header `Exchange-Key`: a signing key, and the word of the organisation's attester in the `Registry` for it.
//!
//! `Exchange-Key: ed25519;key=:…:;until=1795363200;by=:…:` — the algorithm, the public key, the unix second from which it no
//! longer holds, and an EIP-191 signature (65 bytes) of the attester over [`endorsed_text`]. So the `Registry` roots every
//! key without listing it, and a new attester there ends all keys of the old one.

use alloy_primitives::{Address, Signature};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use sfv::{BareItem, Item, ItemSerializer, KeyRef, Parser, TokenRef};

use super::refusal::{Reason, Refusal};
use crate::signatures::{Algorithm, MAX_HEADER_BYTES, PublicKey};

/// The header.
pub const KEY_HEADER: &str = "exchange-key";
/// How long a gateway's own endorsement holds, in seconds.
pub const ENDORSED_FOR_S: u64 = 24 * 3600;

/// What the attester signs for a key.
pub fn endorsed_text(chain_id: u64, organisation: &str, key: &PublicKey, until_s: u64) -> String {
    let (algorithm, key) = (key.algorithm().as_str(), hex::encode(key.to_bytes()));
    format!("zhengtong exchange key\n{chain_id}\n{organisation}\n{algorithm}\n{key}\n{until_s}")
}

/// The value of the header for a key; `None` if the attester's key does not sign.
pub fn endorse(
    attester: &PrivateKeySigner,
    chain_id: u64,
    organisation: &str,
    key: &PublicKey,
    until_s: u64,
) -> Option<String> {
    let text = endorsed_text(chain_id, organisation, key, until_s);
    let by = attester.sign_message_sync(text.as_bytes()).ok()?.as_bytes();
    let name = |name| KeyRef::from_str(name).ok();
    let algorithm = TokenRef::from_str(key.algorithm().as_str()).ok()?;
    let until = sfv::Integer::try_from(until_s).ok()?;
    let value = ItemSerializer::new()
        .bare_item(algorithm)
        .parameter(name("key")?, key.to_bytes().as_slice())
        .parameter(name("until")?, until)
        .parameter(name("by")?, by.as_slice());
    Some(value.finish())
}

/// A key whose endorsement was read, and is not checked yet.
pub struct Endorsed {
    key: PublicKey,
    until_s: u64,
    by: Signature,
}

impl Endorsed {
    /// Reads the header.
    ///
    /// # Errors
    /// It has another shape.
    pub fn parse(value: &str) -> Result<Self, Refusal> {
        let wrong = |what: &str| {
            Refusal::new(
                Reason::WrongKey,
                KEY_HEADER,
                format!("`Exchange-Key` has no {what}"),
            )
        };
        if value.len() > MAX_HEADER_BYTES {
            return Err(wrong("bounded length"));
        }
        let item: Item = Parser::new(value)
            .parse()
            .map_err(|_| wrong("structured field in it"))?;
        let BareItem::Token(algorithm) = &item.bare_item else {
            return Err(wrong("algorithm"));
        };
        let algorithm = Algorithm::parse(algorithm.as_str()).ok_or_else(|| wrong("known algorithm"))?;
        let bytes = |name: &str| match item.params.get(name) {
            Some(BareItem::ByteSequence(bytes)) => Ok(bytes.as_slice()),
            _ => Err(wrong(name)),
        };
        let key = PublicKey::parse(algorithm, bytes("key")?)?;
        let until_s = match item.params.get("until") {
            Some(BareItem::Integer(until)) => u64::try_from(i64::from(*until)).map_err(|_| wrong("until"))?,
            _ => return Err(wrong("until")),
        };
        let by = Signature::from_raw(bytes("by")?).map_err(|_| wrong("by"))?;
        Ok(Self { key, until_s, by })
    }

    /// The key, if the organisation's attester stands by it now.
    ///
    /// # Errors
    /// Somebody else signed, or it is over.
    pub fn check(
        self,
        chain_id: u64,
        organisation: &str,
        attester: Address,
        now_s: u64,
    ) -> Result<(PublicKey, u64), Refusal> {
        let refused = |detail: &str| Err(Refusal::new(Reason::WrongKey, KEY_HEADER, detail));
        if now_s >= self.until_s {
            return refused("the attester's word for this key is over");
        }
        let text = endorsed_text(chain_id, organisation, &self.key, self.until_s);
        match self.by.recover_address_from_msg(text.as_bytes()) {
            Ok(signer) if signer == attester => Ok((self.key, self.until_s)),
            _ => refused("the organisation's attester in the Registry does not stand by this key"),
        }
    }
}
