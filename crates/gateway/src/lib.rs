//! An agency's server: answers predicates from its own database, against finalized use records only.
