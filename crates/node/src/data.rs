//! The data folder: one process at a time, one network for ever.

use crate::{files, node::PREFIX};
use alloy_primitives::B256;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;
use zhengtong_chain::engine::votes_partitions;

/// Why a data folder cannot be used.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("cannot use {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{0} is in use by another process; stop that one first")]
    InUse(PathBuf),
    #[error(
        "{path} says that this folder belongs to genesis {stored}, but the network file makes genesis {expected}; use the folder's own network file, or another folder"
    )]
    OtherGenesis {
        path: PathBuf,
        stored: String,
        expected: B256,
    },
}

/// The name of the block store's file.
const BLOCKS: &str = "blocks.redb";

/// An open data folder. Dropping it lets another process in.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates or opens a folder for the network with this genesis.
    pub fn open(path: &Path, genesis: B256) -> Result<Self, DataError> {
        let failed = |path: &Path, source| DataError::Io {
            path: path.into(),
            source,
        };
        fs::create_dir_all(path).map_err(|source| failed(path, source))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path);
        let lock = lock.map_err(|source| failed(&lock_path, source))?;
        // A process that stops lets go of the block store last.
        let blocks_path = path.join(BLOCKS);
        let blocks = match File::open(&blocks_path) {
            Ok(blocks) => Some(blocks),
            Err(source) if source.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(failed(&blocks_path, source)),
        };
        for file in [Some(&lock), blocks.as_ref()].into_iter().flatten() {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(DataError::InUse(path.into())),
                Err(TryLockError::Error(source)) => return Err(failed(path, source)),
            }
        }
        let mark = path.join("genesis");
        match fs::read_to_string(&mark) {
            Ok(stored) if stored.trim() == genesis.to_string() => {}
            Ok(stored) => {
                let stored = stored.trim().chars().take(80).collect();
                return Err(DataError::OtherGenesis {
                    path: mark,
                    stored,
                    expected: genesis,
                });
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                files::write(&mark, genesis.to_string().as_bytes(), false)
                    .map_err(|source| failed(&mark, source))?;
            }
            Err(source) => return Err(failed(&mark, source)),
        }
        Ok(Self {
            path: path.into(),
            _lock: lock,
        })
    }

    /// The block store's file.
    pub fn blocks(&self) -> PathBuf {
        self.path.join(BLOCKS)
    }

    /// The engine's folder.
    pub fn engine(&self) -> PathBuf {
        self.path.join("engine")
    }

    /// Deletes what the engines of all epochs voted.
    pub fn forget_votes(&self) -> Result<(), DataError> {
        let engine = self.engine();
        let votes = votes_partitions(PREFIX);
        let forget = || {
            if files::is_empty(&engine)? {
                return Ok(());
            }
            for entry in fs::read_dir(&engine)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(&votes) {
                    fs::remove_dir_all(entry.path())?;
                }
            }
            File::open(&engine)?.sync_all()
        };
        forget().map_err(|source| DataError::Io {
            path: engine.clone(),
            source,
        })
    }
}
