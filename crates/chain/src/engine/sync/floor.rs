//! Chooses the certified block that a node begins at.

use super::{
    Artifact, Probes, SyncError, SyncStep,
    archive::{Archive, Linked},
    now_ms, watched,
};
use crate::{
    config::Reporter,
    engine::{Runtime, StartError},
    store::Start,
};
use alloy_primitives::{B256, Bytes};
use commonware_codec::Encode as _;
use commonware_glue::dkg::network::Manager;
use commonware_p2p::{Blocker, Receiver, Sender};
use std::time::Duration;
use zhengtong_types::{
    committee::{Directory, EpochInfo},
    consensus::{Finalization, ValidatorKey},
    header::hash_of,
};

/// Blocks before the one that a node begins at whose headers it keeps, because `BLOCKHASH` reads their hashes.
pub const ANCESTORS: u64 = 256;
/// How much later than its own start a block must have been made for a validator to take it for new, in milliseconds:
/// clocks may be five seconds apart, and a block's time half a second ahead of those who vote for it.
pub const NEW_AFTER_MS: u64 = 6_000;
/// How many blocks in a row must be new before a validator begins.
const NEW_BLOCKS: usize = 4;
/// How long a validator waits before it looks for newer blocks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A certified block to begin at.
pub struct Chosen {
    pub finalization: Finalization,
    /// The validators of its epoch.
    pub info: EpochInfo,
    pub start: Start,
    /// RLP headers, its own first, each the parent of the one before.
    pub headers: Vec<Bytes>,
}

/// Chooses the newest certified block that f + 1 validators know of.
///
/// A validator (`votes`) that has lost what it voted may have voted in views that are not final yet. It waits until
/// blocks are final that were proposed after it started: those who signed them were in its last view or beyond, so no
/// vote of its old self can be in a view above. The engine then starts above that block's view and never votes below.
pub async fn choose<E, P, B, S, R>(
    context: &E,
    probes: &mut Probes<E, P, B, S, R>,
    before: Option<Finalization>,
    archive: &mut Archive,
    genesis: B256,
    votes: bool,
    report: &Reporter,
) -> Result<Chosen, StartError>
where
    E: Runtime,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let began_ms = now_ms(context);
    loop {
        let newest = probes.newest(before.clone(), report).await;
        let Artifact { info, floor, .. } =
            newest.ok_or_else(|| StartError::State("the network ended while it was asked".into()))?;
        let finalization = floor;
        let hash = hash_of(&finalization.proposal.payload);
        let step = |_| SyncStep::Headers { hash };
        let newest = watched(context, report, archive.headers(hash), step).await;
        let Some(floor) = newest.first() else { continue };
        let number = floor.header.number;
        if votes && !new_since(&newest, began_ms) {
            report.tell(SyncStep::TooEarly { number });
            context.sleep(LOOK_AGAIN).await;
            continue;
        }
        report.tell(SyncStep::Chosen { number, hash });
        let start = Start {
            number,
            hash,
            finalization: finalization.encode().into(),
            complete: false,
        };
        let headers = watched(context, report, extend(archive, newest), step).await;
        if let Some(last) = headers.last()
            && last.header.number == 0
            && last.hash != genesis
        {
            return Err(SyncError::WrongGenesis {
                number: 0,
                expected: genesis,
                found: last.hash,
            }
            .into());
        }
        return Ok(Chosen {
            finalization,
            info,
            start,
            headers: headers.into_iter().map(|linked| linked.rlp).collect(),
        });
    }
}

/// Whether the newest blocks were made after a moment.
fn new_since(newest: &[Linked], began_ms: u64) -> bool {
    newest
        .get(NEW_BLOCKS - 1)
        .is_some_and(|oldest| oldest.timestamp_ms() > began_ms + NEW_AFTER_MS)
}

/// Goes on down to [`ANCESTORS`] before the first, or to the genesis.
async fn extend(archive: &mut Archive, mut headers: Vec<Linked>) -> Vec<Linked> {
    let wanted = ANCESTORS as usize + 1;
    while let Some(last) = headers.last()
        && last.header.number > 0
        && headers.len() < wanted
    {
        let (number, parent) = (last.header.number, last.header.parent_hash);
        let more = archive.headers(parent).await;
        // A certified chain counts down by one.
        debug_assert!(more.first().is_none_or(|next| next.header.number + 1 == number));
        headers.extend(more);
    }
    headers.truncate(wanted);
    headers
}
