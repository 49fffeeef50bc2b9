//! Proofs made with real keys, a real trie and a real state database; kept as files that the portal's verifier reads too.

mod docs;
mod forgery;
mod golden;
mod sample;
