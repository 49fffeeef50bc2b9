//! Keys from words: BIP-39, and BIP-44's accounts for Ethereum, `m/44'/60'/0'/0/n`.

use super::wire::{HdKey, KeyPath};
use alloy_primitives::{Address, B256};
use alloy_signer_local::{
    PrivateKeySigner,
    coins_bip39::{English, Entropy, Mnemonic, Wordlist as _},
};
use coins_bip32::{ecdsa::SigningKey, prelude::Parent as _, xkeys::XPriv};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of randomness in new words: 24 of them.
const NEW_ENTROPY_BYTES: usize = 32;
/// How many words BIP-39 knows.
const WORD_COUNTS: [usize; 5] = [12, 15, 18, 21, 24];
/// More than 24 words have.
pub const MAX_PHRASE_BYTES: usize = 512;
/// The account that is shown to others: `m/44'/60'/0'`.
pub const ACCOUNT: [u32; 3] = [44 | HARDENED, 60 | HARDENED, HARDENED];
/// BIP-32's mark of a hardened step.
pub const HARDENED: u32 = 1 << 31;

/// Why words, or a path, give no key. Says nothing of the words.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("there are {given} words; BIP-39 has 12, 15, 18, 21 or 24")]
    WordCount { given: usize },
    #[error("word {position} is not in BIP-39's English list")]
    UnknownWord { position: usize },
    #[error("the words are all known, but do not belong together: one is wrong, or two are swapped")]
    Checksum,
    #[error("the file holds one key without words: it has no account {index} and no public account")]
    NoWords { index: u32 },
    #[error("account {index} is beyond the last, 2147483647")]
    Index { index: u32 },
    #[error("these words have no key there (BIP-32); choose another account")]
    Derivation,
}

/// What words stand for. Never printed but by [`Words::phrase`].
pub struct Words(Mnemonic<English>);

impl Words {
    pub fn random() -> Self {
        let bytes = Zeroizing::new(rand::random::<[u8; NEW_ENTROPY_BYTES]>());
        Self(Mnemonic::new_from_entropy(Entropy::ThirtyTwo(*bytes)))
    }

    /// Upper case and further spaces are forgiven, and nothing else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let words: Zeroizing<Vec<String>> =
            Zeroizing::new(text.split_whitespace().map(str::to_ascii_lowercase).collect());
        let given = words.len();
        if !WORD_COUNTS.contains(&given) {
            return Err(KeyError::WordCount { given });
        }
        if let Some(at) = words.iter().position(|word| English::get_index(word).is_err()) {
            return Err(KeyError::UnknownWord { position: at + 1 });
        }
        let phrase = Zeroizing::new(words.join(" "));
        let parsed = Mnemonic::new_from_phrase(&phrase).map_err(|_| KeyError::Checksum)?;
        Ok(Self(parsed))
    }

    /// From what [`Words::entropy`] gave.
    pub fn from_entropy(bytes: &[u8]) -> Option<Self> {
        let is_length = WORD_COUNTS.iter().any(|count| bytes.len() == count / 3 * 4);
        let entropy = is_length.then(|| Entropy::from_slice(bytes).ok()).flatten()?;
        Some(Self(Mnemonic::new_from_entropy(entropy)))
    }

    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        // The library does not lend its bytes; the phrase holds them, 11 bits a word, and the checksum after them.
        let phrase = self.phrase();
        let mut bits = phrase.split(' ').flat_map(|word| {
            let index = English::get_index(word).expect("the library's own word");
            (0..11).rev().map(move |bit| u8::from(index >> bit & 1 == 1))
        });
        let length = phrase.split(' ').count() / 3 * 4;
        let byte = |_| bits.by_ref().take(8).fold(0, |byte, bit| byte << 1 | bit);
        Zeroizing::new((0..length).map(byte).collect())
    }

    /// The words themselves.
    pub fn phrase(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_phrase())
    }

    /// The key of `m/44'/60'/0'/0/index`.
    pub fn signer(&self, index: u32) -> Result<PrivateKeySigner, KeyError> {
        if index >= HARDENED {
            return Err(KeyError::Index { index });
        }
        let path: Vec<u32> = ACCOUNT.into_iter().chain([0, index]).collect();
        let key = self.derive(&path)?;
        let key: &SigningKey = key.as_ref();
        let secret = Zeroizing::new(<[u8; 32]>::from(key.to_bytes()));
        PrivateKeySigner::from_bytes(&B256::from(*secret)).map_err(|_| KeyError::Derivation)
    }

    /// The first four bytes of the hash of the master key's public key: which words these are, for other wallets.
    pub fn fingerprint(&self) -> Result<u32, KeyError> {
        let master = self.0.master_key(None).map_err(|_| KeyError::Derivation)?;
        Ok(u32::from_be_bytes(master.fingerprint().0))
    }

    /// The public account `m/44'/60'/0'`: whoever has it can compute every address and sign nothing.
    pub fn account(&self, name: &str) -> Result<HdKey, KeyError> {
        let parent = self.derive(&ACCOUNT[..2])?;
        let account = self.derive(&ACCOUNT)?.verify_key();
        let info: &coins_bip32::primitives::XKeyInfo = account.as_ref();
        let key: &coins_bip32::ecdsa::VerifyingKey = account.as_ref();
        let mut point = [0; 33];
        point.copy_from_slice(key.to_encoded_point(true).as_bytes());
        Ok(HdKey {
            key: point,
            chain_code: Some(info.chain_code.0),
            origin: KeyPath {
                steps: ACCOUNT.to_vec(),
                fingerprint: Some(self.fingerprint()?),
            },
            parent: Some(u32::from_be_bytes(parent.fingerprint().0)),
            name: Some(name.to_owned()),
        })
    }

    fn derive(&self, path: &[u32]) -> Result<XPriv, KeyError> {
        let mut key = self.0.master_key(None).map_err(|_| KeyError::Derivation)?;
        for step in path {
            key = key.derive_child(*step).map_err(|_| KeyError::Derivation)?;
        }
        Ok(key)
    }
}

/// What a key's file holds.
pub enum Secret {
    Words(Words),
    /// A file of another program's: one key, and no words.
    Key(PrivateKeySigner),
}

impl Secret {
    pub fn signer(&self, index: u32) -> Result<PrivateKeySigner, KeyError> {
        match self {
            Self::Words(words) => words.signer(index),
            Self::Key(key) if index == 0 => Ok(key.clone()),
            Self::Key(_) => Err(KeyError::NoWords { index }),
        }
    }

    pub fn address(&self, index: u32) -> Result<Address, KeyError> {
        Ok(self.signer(index)?.address())
    }
}
