//! Books from a backup.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use zhengtong_bindings::allowance_window;
use zhengtong_vault::{Vault, copy, sql};

use super::{
    BackupError, MANIFEST, Manifest, RECORDS, STORE, VAULT, existing_keys, expect, new_file, sha256, sync,
};
use crate::Config;
use crate::app::allowance::destroy_before;
use crate::app::deletion::{Books, record};
use crate::store::Store;

/// Where the books are made.
const UNFINISHED: &str = "restoring";
const MS_PER_S: u64 = 1_000;

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup's.
    pub manifest: Manifest,
    /// Deletions of persons whose keys were in the backup and are not in the books.
    pub deleted_again: u64,
    /// Keys of persons and cases that open.
    pub keys: u64,
}

/// Makes a gateway's books from a backup, in a data folder that has none. The organisation's key files must be there.
///
/// # Errors
/// See [`BackupError`]; then the data folder has no books.
pub async fn restore(
    config: &Config,
    from: &Path,
    keys_file: &Path,
    deletions: &Path,
    now_ms: u64,
) -> Result<Restored, BackupError> {
    if config.database_url.is_some() {
        return Err(BackupError::Postgres);
    }
    let folder = &config.data_folder;
    for name in [STORE, VAULT] {
        if folder.join(name).exists() {
            return Err(BackupError::Exists(folder.join(name)));
        }
    }
    let keys = existing_keys(config)?;
    let manifest = Manifest::read(&from.join(MANIFEST), keys.attester.address())?;
    expect(&config.organisation, Some(&manifest.organisation))?;
    expect(&config.network_key.to_string(), Some(&manifest.network))?;
    let (store_copy, records) = (from.join(STORE), from.join(RECORDS));
    for (path, expected) in [
        (store_copy.as_path(), manifest.store_sha256),
        (&records, manifest.records_sha256),
        (keys_file, manifest.keys_sha256),
    ] {
        if sha256(path)? != expected {
            return Err(BackupError::Changed { path: path.into() });
        }
    }
    if let Some(followed) = &manifest.followed {
        followed.check(&config.network_key)?;
    }
    let record = record::read(deletions)?;
    expect(&config.organisation, Some(&record.organisation))?;

    let unfinished = folder.join(UNFINISHED);
    if unfinished.exists() {
        // Left by a restore that was interrupted.
        fs::remove_dir_all(&unfinished).map_err(|source| BackupError::io(&unfinished, source))?;
    }
    fs::create_dir_all(&unfinished).map_err(|source| BackupError::io(&unfinished, source))?;
    let made = async {
        let (store_path, vault_path) = (unfinished.join(STORE), unfinished.join(VAULT));
        new_file(&store_path)?;
        new_file(&vault_path)?;
        fs::copy(&store_copy, &store_path).map_err(|source| BackupError::io(&store_path, source))?;
        copy::join(&records, keys_file, &vault_path).await?;
        for path in [&store_path, &vault_path] {
            if !copy::is_whole(path).await? {
                return Err(BackupError::Damaged { path: path.clone() });
            }
        }
        let store = Store::open(&sql::sqlite_url(&store_path)).await?;
        let vault = Vault::open(&sql::sqlite_url(&vault_path), &keys.vault).await?;
        let restored = fill(
            config,
            &manifest,
            &record,
            deletions,
            (&store, &vault, &keys),
            now_ms,
        )
        .await;
        store.close().await;
        vault.close().await;
        restored
    };
    let restored = match made.await {
        Ok(restored) => restored,
        Err(error) => {
            // It has keys that may have been destroyed since.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    // The vault first: a gateway does not start without the store's notes, and makes a vault that is missing.
    for name in [VAULT, STORE] {
        let (from, to) = (unfinished.join(name), folder.join(name));
        sync(&from)?;
        fs::rename(&from, &to).map_err(|source| BackupError::io(&to, source))?;
    }
    fs::remove_dir_all(&unfinished).map_err(|source| BackupError::io(&unfinished, source))?;
    sync(folder)?;
    Ok(restored)
}

async fn fill(
    config: &Config,
    manifest: &Manifest,
    record: &record::Record,
    record_path: &Path,
    (store, vault, keys): (&Store, &Vault, &crate::Keys),
    now_ms: u64,
) -> Result<Restored, BackupError> {
    vault.check_keys().await?;
    let recorded: HashSet<&str> = record.deletions.iter().map(|row| row.id.as_str()).collect();
    let known = store.all_deletions().await?;
    if let Some(missing) = known.iter().find(|row| !recorded.contains(row.id.as_str())) {
        return Err(BackupError::OldRecord {
            path: record_path.into(),
            id: missing.id.clone(),
        });
    }
    let books = Books {
        organisation: &config.organisation,
        store,
        vault,
        attester: &keys.attester,
        now_ms,
    };
    // Keys of days that are over were destroyed since, or should have been.
    let window = allowance_window(now_ms / MS_PER_S);
    destroy_before::<BackupError>(store, vault, window).await?;
    let deleted_again = books.carry_out_again(&record.deletions).await?;
    record::keep_at(store, config.deletion_record.as_deref()).await?;
    Ok(Restored {
        manifest: manifest.clone(),
        deleted_again,
        keys: vault.check_keys().await?,
    })
}
