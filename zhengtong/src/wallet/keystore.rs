//! The key's file: Ethereum's Web3 Secret Storage, version 3, which geth, Foundry and others read; the words beside the key
//! as `ethers` keeps them, so that the file and the passphrase are a whole backup.
//!
//! Written with scrypt and AES-128-CTR. The words are under bytes 32 to 64 of scrypt's output, which the key does not use.

use super::key::{Secret, Words};
use aes::Aes128;
use alloy_primitives::{Address, B256, hex, keccak256};
use alloy_signer_local::PrivateKeySigner;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

/// More than any key's file has.
pub const MAX_FILE_BYTES: u64 = 64 * 1024;
/// The most memory that opening a file may take: geth's own files take 256 MiB.
const MAX_SCRYPT_BYTES: u64 = 512 * 1024 * 1024;
/// The most lanes of scrypt, which are run one after another.
const MAX_SCRYPT_P: u32 = 16;
/// Bytes of a salt: 16 to 64; ours are 32.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// The mark of `ethers`' extension.
const WORDS_VERSION: &str = "0.1";
/// The account whose key the file holds beside the words.
const PATH: &str = "m/44'/60'/0'/0/0";
const CIPHER: &str = "aes-128-ctr";
const KDF: &str = "scrypt";

/// How much work it is to try a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub log_n: u8,
}

impl Cost {
    /// 128 MiB and about half a second.
    pub const USUAL: Self = Self { log_n: 17 };
}

/// Why a file is not opened.
#[derive(Debug, Error)]
pub enum KeystoreError {
    #[error("this is not a key's file (Web3 Secret Storage): {0}")]
    Format(#[from] serde_json::Error),
    #[error("the key's file is of version {found}; only 3 is read")]
    Version { found: u64 },
    #[error("the key's file uses {what} {found:?}; only {wanted:?} is read")]
    Algorithm {
        what: &'static str,
        found: String,
        wanted: &'static str,
    },
    #[error("the key's file asks for more than it may: {what} is {found}")]
    Excessive { what: &'static str, found: u64 },
    #[error("{field} of the key's file is not as it should be")]
    Field { field: &'static str },
    #[error("the passphrase is wrong, or the file is damaged")]
    Passphrase,
    #[error("the file was changed: its {what} does not belong to its key")]
    Mismatch { what: &'static str },
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    id: String,
    version: u64,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    #[serde(rename = "x-ethers", default, skip_serializing_if = "Option::is_none")]
    words: Option<SealedWords>,
}

#[derive(Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: serde_json::Value,
    mac: String,
}

#[derive(Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Serialize, Deserialize)]
struct ScryptParams {
    n: u64,
    r: u32,
    p: u32,
    dklen: u64,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SealedWords {
    client: String,
    locale: String,
    path: String,
    mnemonic_counter: String,
    mnemonic_ciphertext: String,
    version: String,
}

/// The file's text. Salt and counters are fresh.
pub fn seal(words: &Words, passphrase: &str, cost: Cost) -> Result<String, KeystoreError> {
    let signer = words.signer(0);
    let signer = signer.map_err(|_| KeystoreError::Field {
        field: "the first account",
    })?;
    let (salt, iv, counter) = (
        rand::random::<[u8; 32]>(),
        rand::random::<[u8; 16]>(),
        rand::random::<[u8; 16]>(),
    );
    let params = ScryptParams {
        n: 1 << cost.log_n,
        r: 8,
        p: 1,
        dklen: 32,
        salt: hex::encode(salt),
    };
    let key = derive(&params, passphrase)?;
    let mut sealed = signer.to_bytes().0;
    apply(&key[..16], &iv, &mut sealed)?;
    let mut entropy = words.entropy();
    apply(&key[32..], &counter, &mut entropy)?;
    let file = File {
        address: Some(hex::encode(signer.address())),
        id: super::wire::RequestId::random().to_string(),
        version: 3,
        crypto: Crypto {
            cipher: CIPHER.into(),
            cipherparams: CipherParams { iv: hex::encode(iv) },
            ciphertext: hex::encode(sealed),
            kdf: KDF.into(),
            kdfparams: serde_json::to_value(params)?,
            mac: hex::encode(mac(&key[16..32], &sealed)),
        },
        words: Some(SealedWords {
            client: "zhengtong".into(),
            locale: "en".into(),
            path: PATH.into(),
            mnemonic_counter: hex::encode(counter),
            mnemonic_ciphertext: hex::encode(&*entropy),
            version: WORDS_VERSION.into(),
        }),
    };
    Ok(serde_json::to_string_pretty(&file)?)
}

/// What a file holds. A wrong passphrase and a damaged file are one: the format cannot tell them apart.
pub fn open(text: &str, passphrase: &str) -> Result<Secret, KeystoreError> {
    let file: File = serde_json::from_str(text)?;
    if file.version != 3 {
        return Err(KeystoreError::Version { found: file.version });
    }
    require("the cipher", &file.crypto.cipher, CIPHER)?;
    require("the key derivation", &file.crypto.kdf, KDF)?;
    let params: ScryptParams = serde_json::from_value(file.crypto.kdfparams)?;
    let key = derive(&params, passphrase)?;
    let mut secret = Zeroizing::new(fixed::<32>("the ciphertext", &file.crypto.ciphertext)?);
    if fixed::<32>("the mac", &file.crypto.mac)? != mac(&key[16..32], &secret[..]).0 {
        return Err(KeystoreError::Passphrase);
    }
    let iv = fixed::<16>("the counter", &file.crypto.cipherparams.iv)?;
    apply(&key[..16], &iv, &mut secret[..])?;
    let signer = PrivateKeySigner::from_bytes(&B256::from(*secret));
    let signer = signer.map_err(|_| KeystoreError::Field { field: "the key" })?;
    if let Some(address) = &file.address
        && address.parse::<Address>().ok() != Some(signer.address())
    {
        return Err(KeystoreError::Mismatch { what: "address" });
    }
    let Some(sealed) = &file.words else {
        return Ok(Secret::Key(signer));
    };
    require("the version of the words", &sealed.version, WORDS_VERSION)?;
    require("the language of the words", &sealed.locale, "en")?;
    require("the path of the words", &sealed.path, PATH)?;
    let counter = fixed::<16>("the counter of the words", &sealed.mnemonic_counter)?;
    let entropy = hex::decode(&sealed.mnemonic_ciphertext).map(Zeroizing::new);
    let mut entropy = entropy.map_err(|_| KeystoreError::Field { field: "the words" })?;
    apply(&key[32..], &counter, &mut entropy)?;
    let words = Words::from_entropy(&entropy).ok_or(KeystoreError::Field { field: "the words" })?;
    // The format's mac covers the key alone; that the words are whole shows in that they give the key.
    match words.signer(0) {
        Ok(own) if own.address() == signer.address() => Ok(Secret::Words(words)),
        _ => Err(KeystoreError::Mismatch {
            what: "list of words",
        }),
    }
}

fn require(what: &'static str, found: &str, wanted: &'static str) -> Result<(), KeystoreError> {
    if found == wanted {
        return Ok(());
    }
    let found = found.chars().take(64).collect();
    Err(KeystoreError::Algorithm { what, found, wanted })
}

/// 16 bytes of key, 16 of the mac's prefix, 32 of the words' key.
fn derive(params: &ScryptParams, passphrase: &str) -> Result<Zeroizing<[u8; 64]>, KeystoreError> {
    let excessive = |what, found| KeystoreError::Excessive { what, found };
    if !params.n.is_power_of_two() || params.n < 2 || params.r == 0 || params.p == 0 {
        return Err(KeystoreError::Field {
            field: "scrypt's n, r or p",
        });
    }
    if params.dklen != 32 {
        return Err(KeystoreError::Field {
            field: "scrypt's dklen",
        });
    }
    let memory = params
        .n
        .checked_mul(u64::from(params.r))
        .and_then(|blocks| blocks.checked_mul(128));
    if memory.is_none_or(|bytes| bytes > MAX_SCRYPT_BYTES) {
        return Err(excessive("scrypt's n", params.n));
    }
    if params.p > MAX_SCRYPT_P {
        return Err(excessive("scrypt's p", params.p.into()));
    }
    let salt = hex::decode(&params.salt).map_err(|_| KeystoreError::Field { field: "the salt" })?;
    if !SALT_BYTES.contains(&salt.len()) {
        return Err(KeystoreError::Field { field: "the salt" });
    }
    let log_n = u8::try_from(params.n.trailing_zeros()).unwrap_or(u8::MAX);
    let field = |_| KeystoreError::Field {
        field: "scrypt's n, r or p",
    };
    let params = scrypt::Params::new(log_n, params.r, params.p).map_err(field)?;
    let mut key = Zeroizing::new([0; 64]);
    scrypt::scrypt(passphrase.as_bytes(), &salt, &params, &mut key[..]).expect("64 bytes are not too many");
    Ok(key)
}

fn apply(key: &[u8], iv: &[u8; 16], data: &mut [u8]) -> Result<(), KeystoreError> {
    // `ethers` seals the words with AES-256, whose key has 32 bytes.
    match key.len() {
        16 => {
            let cipher = Ctr128BE::<Aes128>::new_from_slices(key, iv);
            cipher
                .map_err(|_| KeystoreError::Passphrase)?
                .apply_keystream(data);
        }
        _ => {
            let cipher = Ctr128BE::<aes::Aes256>::new_from_slices(key, iv);
            cipher
                .map_err(|_| KeystoreError::Passphrase)?
                .apply_keystream(data);
        }
    }
    Ok(())
}

fn mac(prefix: &[u8], sealed: &[u8]) -> B256 {
    keccak256([prefix, sealed].concat())
}

fn fixed<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], KeystoreError> {
    let mut bytes = [0; N];
    let text = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeystoreError::Field { field })?;
    Ok(bytes)
}
