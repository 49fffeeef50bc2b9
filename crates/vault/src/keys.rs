//! The keys that a vault derives from its own: one wraps people's keys, one makes pseudonyms.

use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::{self, Key};
use crate::store::{Subject, VaultKey};

pub(crate) struct Keys {
    wrapping: Key,
    naming: Key,
}

impl Keys {
    pub fn of(key: &VaultKey) -> Self {
        let derive = |purpose| seal::derive(key.expose(), purpose, b"");
        Self {
            wrapping: derive("zhengtong/vault/wrap/v1"),
            naming: derive("zhengtong/vault/subject/v1"),
        }
    }

    /// A pseudonym.
    pub fn name(&self, what: &str, of: &[u8]) -> Subject {
        Subject::new(*seal::derive(&self.naming, what, of))
    }

    /// A new random key for somebody: its random name, and itself wrapped, in hex.
    pub fn fresh(&self, subject: Subject) -> Result<(String, String), VaultError> {
        let mut id = [0u8; 16];
        getrandom::fill(&mut id).map_err(VaultError::Randomness)?;
        let id = hex::encode(id);
        let mut key: Key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut()).map_err(VaultError::Randomness)?;
        let wrapped = seal::seal(&self.wrapping, &context(subject, &id), &*key)?;
        Ok((id, hex::encode(wrapped)))
    }

    /// Unwraps somebody's key.
    pub fn unwrap(&self, subject: Subject, key_id: &str, wrapped: &str) -> Result<Key, VaultError> {
        let broken = || VaultError::Sealed { what: "person's key" };
        let wrapped = hex::decode(wrapped).map_err(|_| broken())?;
        let opened = seal::open(
            &self.wrapping,
            &context(subject, key_id),
            &wrapped,
            "person's key",
        )?;
        let mut key: Key = Zeroizing::new([0; 32]);
        if opened.len() != key.len() {
            return Err(broken());
        }
        key.copy_from_slice(&opened);
        Ok(key)
    }
}

fn context(subject: Subject, key_id: &str) -> Vec<u8> {
    [
        b"zhengtong/vault/key/v1".as_slice(),
        subject.bytes(),
        key_id.as_bytes(),
    ]
    .concat()
}
