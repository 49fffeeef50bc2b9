//! Wires consensus, execution, storage and RPC into a validator.
