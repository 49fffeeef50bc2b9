//! Submits transactions to any node and verifies the certificates and proofs it answers with.
