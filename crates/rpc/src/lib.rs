//! Ethereum JSON-RPC, and proofs, over read handles of the chain.
