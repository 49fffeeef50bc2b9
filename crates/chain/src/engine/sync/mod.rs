//! State sync: a node without data begins at a certified block near the tip, not at the genesis.
//!
//! Nothing that a peer says is believed:
//!
//! | what | why it is believed | file |
//! |---|---|---|
//! | the block to begin at, the *floor* | a certificate under the network's key; the newest of f + 1 validators' answers | `floor` |
//! | its header and those of the 256 blocks before | their hashes, from the certified one down | `archive` |
//! | the state's operations | proofs against the header's `opsRoot`, checked by commonware's sync engine | `super::state` |
//! | the state as a whole | its root is the header's `stateRoot` | `import` |
//! | contract code | its Keccak-256 is what an account names | `archive`, `import` |
//!
//! The engine does not vote or follow, and the node serves nothing, before all of it is there. A block below the first
//! that the node executes itself is not kept; the headers of the 256 before are, for `BLOCKHASH`.
//!
//! After an interruption the next start goes on: it takes a newer floor while the state is not complete, and keeps the
//! floor once it is.

pub mod archive;
mod floor;
mod import;
mod link;
mod probes;
mod step;

pub use floor::{NEW_AFTER_MS, choose};
pub use import::import;
pub use link::{Counted, Shared};
pub use probes::{Artifact, Probes};
pub use step::SyncStep;

use super::{Runtime, StartError};
use crate::{
    application::App,
    config::Reporter,
    store::{Start, Store},
};
use alloy_consensus::Header;
use alloy_primitives::B256;
use commonware_codec::{Copying, DecodeExt as _};
use commonware_runtime::Clock;
use futures::future::{Either, select};
use std::{
    future::Future,
    pin::pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use thiserror::Error;
use zhengtong_state::Database;
use zhengtong_types::{
    consensus::Finalization,
    header::{Extra, decode_header},
};

/// How often a step that waits says so.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Why a sync cannot succeed, whoever answers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SyncError {
    #[error(
        "the fetched state has the root {found}, but the certified header of block {number} has {expected}: it is not what the validators signed"
    )]
    WrongRoot {
        number: u64,
        expected: B256,
        found: B256,
    },
    #[error("block {number} is {found} below the certified block, and not this network's genesis {expected}")]
    WrongGenesis {
        number: u64,
        expected: B256,
        found: B256,
    },
    #[error("the note of the block that this node began from is damaged: {0}")]
    DamagedStart(String),
}

/// The finalization of the block that a node began from.
pub fn finalization(start: &Start) -> Result<Finalization, SyncError> {
    Finalization::decode(Copying(&start.finalization))
        .map_err(|source| SyncError::DamagedStart(source.to_string()))
}

/// Waits for something, and tells how long it takes.
async fn watched<E: Clock, T>(
    clock: &E,
    report: &Reporter,
    work: impl Future<Output = T>,
    step: impl Fn(Duration) -> SyncStep,
) -> T {
    let began = clock.current();
    let mut work = pin!(work);
    loop {
        report.tell(step(since(began, clock.current())));
        let pause = pin!(clock.sleep(REPORT_EVERY));
        if let Either::Left((done, _)) = select(work.as_mut(), pause).await {
            return done;
        }
    }
}

/// Waits until the state database is open, which is when all its operations are there.
pub async fn wait_for_state<E: Runtime>(
    context: &E,
    app: &App<E>,
    start: &Start,
    database: impl Future<Output = Database<E>>,
    received_bytes: impl Fn() -> u64,
) -> Result<Database<E>, StartError> {
    let operations = operations(&app.0.store, start)?;
    let fetched = watched(context, &app.0.config.report, database, |_| SyncStep::State {
        operations,
        received_bytes: received_bytes(),
    });
    Ok(fetched.await)
}

/// How many operations the state has that this node began from.
pub fn operations(store: &Store, start: &Start) -> Result<u64, StartError> {
    Ok(certified_header(store, start)?.1.operations())
}

/// The header of the block that this node began from.
fn certified_header(store: &Store, start: &Start) -> Result<(Header, Extra), StartError> {
    let damaged = SyncError::DamagedStart;
    let header = store.header(start.number)?;
    let header = header.ok_or_else(|| damaged("its header is missing".into()))?;
    let header = decode_header(&header).map_err(|source| damaged(source.to_string()))?;
    let extra = Extra::decode(&header.extra_data).map_err(|source| damaged(source.to_string()))?;
    Ok((header, extra))
}

fn since(began: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(began).unwrap_or_default()
}

pub fn now_ms(clock: &impl Clock) -> u64 {
    since(UNIX_EPOCH, clock.current()).as_millis() as u64
}

impl From<SyncError> for StartError {
    fn from(source: SyncError) -> Self {
        Self::Sync(source)
    }
}
