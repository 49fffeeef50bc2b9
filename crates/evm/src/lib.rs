//! Executes a block: state view, header and transactions in, outcome out.
