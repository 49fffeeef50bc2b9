//! The keys of a demo network, all derived from one random seed of the data folder.
//!
//! In production each of these is made on the machine of the institution that owns it.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// The mnemonic that Ethereum's development tools use by default. Publicly known: only `dev` and `network local` fund its accounts.
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Accounts of [`TEST_MNEMONIC`] that are funded.
pub const TEST_ACCOUNTS: u32 = 10;

/// What each of them has at genesis.
const TEST_BALANCE_ETHER: u64 = 10_000;

/// The seed that every demo key comes from. Cannot be printed.
pub struct DevSeed(B256);

impl DevSeed {
    /// Reads the seed of a data folder, or makes one at the first start.
    pub fn open(path: &Path) -> Result<Self> {
        if path.exists() {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let seed: B256 = text.trim().parse().with_context(|| {
                format!(
                    "{} is not a 32-byte hex seed; restore it from a backup, or `make reset`",
                    path.display()
                )
            })?;
            return Ok(Self(seed));
        }
        let seed = B256::from(rand::random::<[u8; 32]>());
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        writeln!(file, "{seed}")?;
        file.sync_all()?;
        Ok(Self(seed))
    }

    /// 32 bytes for one purpose.
    pub fn derive(&self, label: &str) -> B256 {
        keccak256([self.0.as_slice(), b"zhengtong/dev/v1/", label.as_bytes()].concat())
    }

    /// A secp256k1 key for one purpose, e.g. `officer/civil-affairs/1`.
    pub fn signer(&self, label: &str) -> Result<PrivateKeySigner> {
        PrivateKeySigner::from_bytes(&self.derive(label)).with_context(|| format!("key {label}"))
    }
}

/// The publicly known development accounts.
pub fn test_accounts() -> Result<Vec<PrivateKeySigner>> {
    (0..TEST_ACCOUNTS)
        .map(|index| {
            MnemonicBuilder::<English>::default()
                .phrase(TEST_MNEMONIC)
                .index(index)
                .and_then(|builder| builder.build())
                .with_context(|| format!("test account {index}"))
        })
        .collect()
}

/// The publicly known accounts with what Ethereum's tools expect each to have, in wei.
pub fn test_alloc() -> Result<BTreeMap<Address, U256>> {
    let balance = U256::from(TEST_BALANCE_ETHER) * U256::from(10).pow(U256::from(18));
    let accounts = test_accounts()?;
    Ok(accounts
        .iter()
        .map(|account| (account.address(), balance))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_test_account_is_the_one_every_tool_knows() {
        let accounts = test_accounts().unwrap();
        assert_eq!(
            accounts[0].address().to_string(),
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        );
        assert_eq!(
            accounts[9].address().to_string(),
            "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"
        );
    }

    #[test]
    fn a_seed_is_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        let first = DevSeed::open(&path).unwrap().derive("council");
        assert_eq!(DevSeed::open(&path).unwrap().derive("council"), first);
        assert_ne!(DevSeed::open(&path).unwrap().derive("other"), first);
    }

    #[test]
    fn a_damaged_seed_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        fs::write(&path, "not hex").unwrap();
        let error = format!("{:#}", DevSeed::open(&path).err().unwrap());
        assert!(error.contains("seed") && error.contains("make reset"), "{error}");
    }
}
