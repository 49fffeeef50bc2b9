//! Authenticated state: accounts, slots and code over QMDB, with proofs. The only crate that knows QMDB's database.
//!
//! One entry an account, one a non-zero slot, in a `current::ordered` database (see [`db`] for keys and values). The root
//! depends on the history of operations, so every node applies exactly one batch a block. Reads go through a bounded
//! cache; the states of recent blocks are kept as what each block overwrote ([`History`]).

mod cache;
mod codes;
pub mod db;
mod encoding;
mod history;
mod prove;
mod read;
#[cfg(test)]
mod tests;

pub use cache::{Cache, Generation};
pub use codes::code_hashes;
pub use db::{Commitment, Config, Database, Key, Merkleized, Qmdb, Unmerkleized, Value, commit, seed};
pub use encoding::{
    Entry, account_key, decode_account, decode_slot, encode_account, encode_slot, entries, slot_key,
};
pub use history::{History, WINDOW_BLOCKS};
pub use prove::{ProveError, prove_key};
pub use read::{ReadError, Wait, wait_for};
