//! Key files: raw key bytes in hex, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{Secret, VaultError};

/// The most bytes a key file may have.
pub const MAX_KEY_FILE_BYTES: u64 = 4096;

/// Reads a key of `N` bytes from a file of `2 N` hex digits.
///
/// # Errors
/// The file is missing, too open (any permission for group or others), or not `N` bytes in hex.
pub fn read<const N: usize>(path: &Path) -> Result<Secret<[u8; N]>, VaultError> {
    let text = read_text(path)?;
    let mut key = Zeroizing::new([0u8; N]);
    hex::decode_to_slice(text.expose(), key.as_mut()).map_err(|_| wrong(path))?;
    Ok(Secret::new(*key))
}

/// Reads a secret text, without the white space around it.
///
/// # Errors
/// The file is missing, too open (any permission for group or others), too large, or no text.
pub fn read_text(path: &Path) -> Result<Secret<String>, VaultError> {
    let failed = |source| VaultError::KeyFile {
        path: path.into(),
        source,
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::KeyFileMode {
            path: path.into(),
            mode,
        });
    }
    if metadata.len() > MAX_KEY_FILE_BYTES {
        return Err(wrong(path));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    Ok(Secret::new(text.trim().to_owned()))
}

fn wrong(path: &Path) -> VaultError {
    VaultError::KeyFileContent {
        path: path.into(),
        expected: "one key in hex",
    }
}

/// Reads the key, or makes one with `make`, written durably before it is returned.
///
/// Two processes that race make one key: the file appears whole or not at all.
///
/// # Errors
/// As [`read`], and when the file cannot be written.
pub fn read_or_create<const N: usize>(
    path: &Path,
    make: impl FnOnce() -> Result<Secret<[u8; N]>, VaultError>,
) -> Result<Secret<[u8; N]>, VaultError> {
    match read(path) {
        Err(VaultError::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    let key = make()?;
    let failed = |source| VaultError::KeyFile {
        path: path.into(),
        source,
    };
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let scratch = path.with_extension(format!("new-{}", std::process::id()));
    let written = write_new(&scratch, key.expose())
        .and_then(|()| fs::hard_link(&scratch, path))
        .and_then(|()| File::open(folder)?.sync_all());
    // The scratch file holds the key as well: it goes whatever happened.
    let removed = fs::remove_file(&scratch);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.and(removed).map_err(failed)?,
    }
    read(path)
}

/// `N` random bytes, the usual `make` of [`read_or_create`].
///
/// # Errors
/// The operating system gives no randomness.
pub fn random<const N: usize>() -> Result<Secret<[u8; N]>, VaultError> {
    let mut key = Zeroizing::new([0u8; N]);
    getrandom::fill(key.as_mut()).map_err(VaultError::Randomness)?;
    Ok(Secret::new(*key))
}

fn write_new(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let _ = fs::remove_file(path); // left by a crash of an earlier process of the same id
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(Zeroizing::new(hex::encode(key)).as_bytes())?;
    file.sync_all()
}
