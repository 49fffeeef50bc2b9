//! The contracts that are part of the machine.

use alloy_primitives::Address;
use revm::{
    precompile::{PrecompileSpecId, Precompiles},
    primitives::hardfork::SpecId,
};
use std::collections::BTreeMap;

/// Every precompiled contract that a call can reach, by its name in EIP-7910.
pub fn precompiles() -> BTreeMap<String, Address> {
    let all = Precompiles::new(PrecompileSpecId::from_spec_id(SpecId::OSAKA));
    let named = all.inner().iter();
    named
        .map(|(address, precompile)| (precompile.id().name().to_owned(), *address))
        .collect()
}
