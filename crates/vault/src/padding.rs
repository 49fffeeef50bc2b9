//! Records are padded before they are sealed: what somebody wrote twice would otherwise tell, by its length alone, that two
//! cases are of one person.

use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::{self, Key};

/// The least that is sealed, in bytes; above it, the next power of two.
const MIN_BYTES: usize = 1024;
/// Ends a message (ISO/IEC 7816-4); zeros follow.
const END: u8 = 0x80;
/// What tells a padded record from one that was sealed before records were padded.
const PADDED: &[u8] = b"padded";

/// Seals a message so that its length shows no more than a power of two.
pub(crate) fn seal(key: &Key, context: &[u8], message: &[u8]) -> Result<Vec<u8>, VaultError> {
    let length = (message.len() + 1).next_power_of_two().max(MIN_BYTES);
    // At its full size from the start, so that no part of the message is left behind in a smaller one.
    let mut padded = Zeroizing::new(vec![0; length]);
    padded[..message.len()].copy_from_slice(message);
    padded[message.len()] = END;
    seal::seal(key, &[context, PADDED].concat(), &padded)
}

/// Undoes [`seal`]; opens a record that was sealed without padding, too.
pub(crate) fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let Ok(mut padded) = seal::open(key, &[context, PADDED].concat(), sealed, "record") else {
        return seal::open(key, context, sealed, "record");
    };
    let end = padded.iter().rposition(|byte| *byte != 0);
    let end = end.filter(|end| padded[*end] == END);
    padded.truncate(end.ok_or(VaultError::Sealed { what: "record" })?);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_shows_no_more_than_a_power_of_two() {
        let key = Zeroizing::new([7; 32]);
        let length = |bytes: usize| seal(&key, b"place", &vec![0; bytes]).unwrap().len();
        assert_eq!(length(0), length(1_023));
        assert_eq!(length(1_024) - length(0), 1_024);
        assert_eq!(length(1_024), length(2_047));
        for message in [&b""[..], b"a", &[0; 1_030], &[END; 2_048]] {
            let sealed = seal(&key, b"place", message).unwrap();
            assert_eq!(open(&key, b"place", &sealed).unwrap().as_slice(), message);
            assert!(open(&key, b"other", &sealed).is_err());
        }
    }

    #[test]
    fn a_record_from_before_records_were_padded_is_read() {
        let key = Zeroizing::new([7; 32]);
        let sealed = seal::seal(&key, b"place", b"old").unwrap();
        assert_eq!(open(&key, b"place", &sealed).unwrap().as_slice(), b"old");
    }
}
