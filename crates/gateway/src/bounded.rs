//! Files that are read whole, and no larger ones: whatever their folder says of their size.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The bytes of a file; `None` if there are more than so many.
pub(crate) fn read(path: &Path, most_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most_bytes + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most_bytes).then_some(bytes))
}

/// The same of a text.
pub(crate) fn read_text(path: &Path, most_bytes: u64) -> io::Result<Option<String>> {
    let text = read(path, most_bytes)?.map(String::from_utf8).transpose();
    text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_last_byte_and_not_beyond() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, "政通").unwrap();
        assert_eq!(read_text(&path, 6).unwrap().as_deref(), Some("政通"));
        assert_eq!(read(&path, 5).unwrap(), None);
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(
            read_text(&path, 6).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        // Its size is said to be zero.
        assert_eq!(read(Path::new("/dev/zero"), 5).unwrap(), None);
    }
}
