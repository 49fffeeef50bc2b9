//! The data folder of a demo network: one process at a time, keys unreadable for others.
//!
//! ```text
//! network.json   the network's public key, genesis hash and chain id: what a verifier needs
//! keys/          seed of the demo keys, gateways' keys
//! chain/         the validator
//! index/         the read model; can be deleted
//! agencies/      the agencies' own databases of synthetic residents
//! gateways/      one folder a gateway: vault and jobs
//! lock           held while running
//! ```

use anyhow::{Context, Result, bail};
use std::{
    fs::{self, DirBuilder, File, TryLockError},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// A data folder that this process alone uses; released with this value.
pub struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and takes its lock.
    pub fn open(root: &Path) -> Result<Self> {
        for part in ["", "keys", "index", "gateways"] {
            let path = root.join(part);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .with_context(|| {
                    format!(
                        "cannot create {}; choose another folder with --data",
                        path.display()
                    )
                })?;
        }
        let path = root.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                root: fs::canonicalize(root)?,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => bail!(
                "{} is in use by another zhengtong; stop that one, or choose another folder with --data",
                root.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    pub fn path(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_and_told_why() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("data");
        let held = Folder::open(&root).unwrap();
        let error = format!("{:#}", Folder::open(&root).err().unwrap());
        assert!(error.contains("in use") && error.contains("--data"), "{error}");
        drop(held);
        Folder::open(&root).unwrap();
    }
}
