//! Encrypted personal records and their keys.
