//! The gateways of a demo network, all in this process, each with a database and a vault of its own.

use super::{
    cast::{AGENCIES, AgencyKeys, attester_label, officer_label},
    folder::Folder,
    keys::DevSeed,
};
use anyhow::Result;

/// Makes what each agency holds, and answers what the registry is told of it, in the order of [`AGENCIES`].
pub fn keys(folder: &Folder, seed: &DevSeed) -> Result<Vec<AgencyKeys>> {
    AGENCIES
        .iter()
        .map(|agency| {
            let officers = (1..=agency.officers)
                .map(|number| Ok(seed.signer(&officer_label(agency.slug, number))?.address()))
                .collect::<Result<_>>()?;
            Ok(AgencyKeys {
                attester: seed.signer(&attester_label(agency.slug))?.address(),
                encryption: encryption_key(folder, agency.slug)?,
                officers,
            })
        })
        .collect()
}
