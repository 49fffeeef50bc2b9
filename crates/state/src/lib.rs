//! Authenticated state: accounts, slots and code over QMDB, with proofs.
