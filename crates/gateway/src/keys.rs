//! An organisation's key files.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, Serializable as _};
use serde::Deserialize;
use zhengtong_credentials::{Certificate, CredentialError, Issuer, Jwk, endorsement_text};
use zhengtong_vault::{Secret, VaultError, VaultKey, keyfile};

use crate::GatewayError;
use crate::signatures::{Algorithm, SigningKey};

/// Where the keys are: 32 bytes in hex each, readable by their owner alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFiles {
    /// secp256k1: signs transactions and facts; its address is in the `Registry`.
    pub attester: PathBuf,
    /// X25519: opens links; its public key is in the `Registry`.
    pub encryption: PathBuf,
    /// P-256: signs credentials; endorsed by the attester.
    pub issuer: PathBuf,
    /// Wraps every person's key in the vault.
    pub vault: PathBuf,
    /// Ed25519 or P-256: signs messages to other gateways; endorsed by the attester. Beside the attester's, as
    /// `exchange.key`, if not given.
    #[serde(default)]
    pub exchange: Option<PathBuf>,
}

impl KeyFiles {
    /// The usual names in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self {
            attester: file("attester.key"),
            encryption: file("encryption.key"),
            issuer: file("issuer.key"),
            vault: file("vault.key"),
            exchange: None,
        }
    }
}

impl KeyFiles {
    fn exchange_file(&self) -> PathBuf {
        let beside = || self.attester.with_file_name("exchange.key");
        self.exchange.clone().unwrap_or_else(beside)
    }
}

/// The keys, read. They cannot be printed.
pub struct Keys {
    pub(crate) attester: PrivateKeySigner,
    pub(crate) encryption: Secret<[u8; 32]>,
    issuer: Secret<[u8; 32]>,
    pub(crate) vault: VaultKey,
    exchange: Secret<[u8; 32]>,
}

/// What others need to know of an organisation's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// For the `Registry`: `attester`.
    pub attester: Address,
    /// For the `Registry`: `encryptionKey`.
    pub encryption: B256,
    /// The credential key.
    pub issuer: Jwk,
}

impl Keys {
    /// Reads the key files, and makes those that are missing. `attester`, if given, is what a
    /// missing attester file is made of.
    ///
    /// # Errors
    /// A file is unreadable, open to others, or not a key.
    pub fn read_or_create(
        files: &KeyFiles,
        attester: Option<Secret<[u8; 32]>>,
    ) -> Result<Self, GatewayError> {
        let key = |path: &Path, is_key: fn(&[u8; 32]) -> bool| -> Result<Secret<[u8; 32]>, GatewayError> {
            let key = keyfile::read_or_create(path, || {
                loop {
                    let key = keyfile::random()?;
                    if is_key(key.expose()) {
                        return Ok(key);
                    }
                }
            })?;
            if !is_key(key.expose()) {
                let expected = "32 bytes in hex that are a valid key";
                return Err(VaultError::KeyFileContent {
                    path: path.into(),
                    expected,
                }
                .into());
            }
            Ok(key)
        };
        if let Some(given) = attester {
            keyfile::read_or_create(&files.attester, || Ok(given))?;
        }
        let is_secp256k1 = |key: &[u8; 32]| PrivateKeySigner::from_slice(key).is_ok();
        let is_p256 = |key: &[u8; 32]| Issuer::new("", key, String::new()).is_ok();
        let attester = key(&files.attester, is_secp256k1)?;
        Ok(Self {
            attester: PrivateKeySigner::from_slice(attester.expose()).map_err(|_| GatewayError::Attester)?,
            encryption: key(&files.encryption, |_| true)?,
            issuer: key(&files.issuer, is_p256)?,
            vault: VaultKey::read_or_create(&files.vault)?,
            exchange: key(&files.exchange_file(), is_p256)?,
        })
    }

    /// Signs messages to other gateways.
    ///
    /// # Errors
    /// The key file does not hold such a key.
    pub fn exchange(&self, algorithm: Algorithm) -> Result<SigningKey, GatewayError> {
        SigningKey::new(algorithm, &self.exchange).map_err(|_| GatewayError::Exchange)
    }

    /// What goes into the `Registry`.
    ///
    /// # Errors
    /// Never for keys that were read.
    pub fn public(&self) -> Result<PublicKeys, GatewayError> {
        let key = <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(self.encryption.expose())
            .map_err(|_| GatewayError::Encryption)?;
        let public = X25519HkdfSha256::sk_to_pk(&key).to_bytes();
        Ok(PublicKeys {
            attester: self.attester.address(),
            encryption: B256::from_slice(&public),
            issuer: Issuer::new("", self.issuer.expose(), String::new())?.jwk(),
        })
    }

    /// The credential issuer of an organisation on a chain: endorsed by its attester, or certified under its public URL.
    pub(crate) fn issuer(
        &self,
        organisation: &str,
        chain_id: u64,
        certified: Option<(&str, Vec<Certificate>)>,
    ) -> Result<Issuer, CredentialError> {
        let key = Issuer::new(organisation, self.issuer.expose(), String::new())?.jwk();
        let text = endorsement_text(chain_id, organisation, &key);
        let endorsement =
            self.attester
                .sign_message_sync(text.as_bytes())
                .map_err(|_| CredentialError::Key {
                    what: "the attester's key",
                })?;
        let issuer = Issuer::new(organisation, self.issuer.expose(), endorsement.to_string())?;
        match certified {
            Some((public_url, certificates)) => issuer.certified(public_url, certificates),
            None => Ok(issuer),
        }
    }
}
