//! Encrypted personal records and their keys.
//!
//! An agency's personal records rest here, in SQL, as ciphertext. Every person has a data key of
//! their own, wrapped by the vault's key; destroying a person's key makes every record about them
//! unreadable for good, wherever a copy of the ciphertext may be ([`Vault::destroy`]).
//!
//! Types that hold personal data or keys ([`Secret`], [`ResidentNumber`]) wipe themselves, and
//! cannot be printed, compared, copied or serialised by accident:
//!
//! ```compile_fail
//! let secret = zhengtong_vault::Secret::new(String::from("private"));
//! println!("{:?}", secret); // no Debug
//! ```
//! ```compile_fail
//! let number = zhengtong_vault::ResidentNumber::parse("990101196001010019").unwrap();
//! println!("{number}"); // no Display
//! ```
//!
//! To add a kind of record: name it with a [`Record`] constant in the crate that owns its meaning;
//! nothing here changes.

pub mod batch;
pub mod copy;
mod error;
mod group;
pub mod keyfile;
mod keys;
mod padding;
mod resident;
mod seal;
mod sealed;
mod secret;
pub mod sql;
mod store;
#[cfg(test)]
mod tests;

pub use error::VaultError;
pub use resident::{NumberError, ResidentNumber, check_digit};
pub use secret::Secret;
pub use store::{Destroyed, MAX_RECORD_BYTES, Record, Subject, Vault, VaultKey};
