//! Whether a disk has room.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    path::Path,
};

/// A file that is written to see whether it can be.
const PROBE: &str = "room";
/// Less room than this is none for a node.
const PROBE_BYTES: usize = 1 << 20;

/// Whether the disk of a folder takes a small file. Answers yes if it cannot for another reason than that it is full: that
/// reason has its own words.
pub fn is_there(folder: &Path) -> bool {
    let path = folder.join(PROBE);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(&vec![1; PROBE_BYTES])?;
            file.sync_all()
        });
    // It may not have been made.
    let _ = fs::remove_file(&path);
    !written.is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}
