//! The contracts that are part of the machine.

use crate::rules::FORK;
use alloy_primitives::Address;
use revm::precompile::{PrecompileSpecId, Precompiles};
use std::collections::BTreeMap;

/// Every precompiled contract that a call can reach, by its name in EIP-7910.
pub fn precompiles() -> BTreeMap<String, Address> {
    let all = Precompiles::new(PrecompileSpecId::from_spec_id(FORK));
    let named = all.inner().iter();
    named
        .map(|(address, precompile)| (precompile.id().name().to_owned(), *address))
        .collect()
}
