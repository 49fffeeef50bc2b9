//! The network's public key: the one thing that a verifier must bring.

use super::Unchecked;
use anyhow::{Context, Result};
use std::{fs, io::ErrorKind, path::Path};
use zhengtong_node::NetworkFile;
use zhengtong_types::NetworkKey;

/// Where the key came from; the report says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Given on the command line or in the environment.
    Given,
    /// Read from the data folder of a network on this machine.
    Folder(String),
}

/// The key that was given, or that of the network in `data`.
///
/// A key from the node or the file that is to be checked would prove nothing, so none is taken there.
pub fn find(given: Option<NetworkKey>, data: &Path) -> Result<(NetworkKey, Origin)> {
    if let Some(key) = given {
        return Ok((key, Origin::Given));
    }
    let path = data.join("network.json");
    match fs::metadata(&path) {
        Ok(_) => {
            let file = NetworkFile::read(&path)?;
            let key = NetworkKey::new(*file.sharing()?.public());
            Ok((key, Origin::Folder(path.display().to_string())))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Unchecked::NoKey.into()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
