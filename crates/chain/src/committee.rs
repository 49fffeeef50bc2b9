//! Who validates: what the chain's blocks and its contract `Validators` say about each epoch.
//!
//! The contract's list is read from the state after the block in the middle of an epoch, by everyone alike. It takes effect
//! three epochs later: its validators are announced in the next epoch, are dealt to in the one after, and then vote.
//!
//! Kept durably in the block store, since they are asked for again after a restart: the validators of the last epochs, and
//! the list that was read last.

use crate::store::{Store, StoreError};
use alloy_primitives::{Address as Account, B256, Bytes};
use alloy_rlp::{Decodable as _, RlpDecodable, RlpEncodable};
use commonware_codec::{Copying, Decode as _, DecodeExt as _, Encode as _};
use commonware_consensus::types::Epoch;
use commonware_glue::dkg::{ParticipantsProvider, types::EpochOutcome};
use commonware_p2p::Address;
use commonware_utils::ordered::Set;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU64, sync::Arc};
use tokio::sync::Notify;
use zhengtong_types::{
    EpochRole as Role, EpochValidator, EpochValidators,
    committee::{Directory, EpochInfo, MAX_VALIDATORS, NOWHERE, Payload, SHARING},
    consensus::{Block, ValidatorKey},
};

/// Notes with the validators of an epoch, used in turn.
const EPOCHS: [&str; 4] = ["epoch-0", "epoch-1", "epoch-2", "epoch-3"];
/// Notes with the list that was read in an epoch, used in turn.
const LISTS: [&str; 2] = ["validators-0", "validators-1"];

/// A validator as the contract lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: ValidatorKey,
    /// Where it is reached, if that was voted.
    pub address: Option<SocketAddr>,
}

/// The epoch that the chain is in.
#[derive(Clone, Debug)]
pub struct Now {
    pub info: EpochInfo,
    /// What this node does in it; `None` until the engine has entered it.
    pub role: Option<Role>,
    /// First and last block.
    pub blocks: (u64, u64),
}

impl Now {
    /// The same for others to read.
    pub fn describe(&self) -> EpochValidators {
        let info = &self.info;
        let revealed = info.output.revealed();
        let nowhere = Address::from(NOWHERE);
        let describe = |keys: &Set<ValidatorKey>, votes: bool| {
            let keys = keys.iter().map(|key| EpochValidator {
                key: Bytes::copy_from_slice(key.as_ref()),
                location: match info.directory.get(key) {
                    Some(Address::Symmetric(place)) if info.directory.get(key) != Some(&nowhere) => {
                        Some(place.to_string())
                    }
                    _ => None,
                },
                revealed: votes && revealed.position(key).is_some(),
            });
            keys.collect()
        };
        EpochValidators {
            epoch: info.epoch.get(),
            first_block: self.blocks.0,
            last_block: self.blocks.1,
            reshared: info.outcome == EpochOutcome::Success,
            validators: describe(info.output.players(), true),
            next: describe(&info.players, false),
            announced: describe(&info.next_players, false),
            role: self.role,
        }
    }
}

/// The validators of the last epochs.
pub struct Committee {
    pub epoch_blocks: NonZeroU64,
    /// The contract, if the network has it. Without it the validators stay who they are.
    pub contract: Option<Account>,
    store: Arc<Store>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    epochs: BTreeMap<u64, EpochInfo>,
    /// What the contract listed in the middle of an epoch; `None` if it listed nobody who can validate.
    lists: BTreeMap<u64, Option<Arc<[Listed]>>>,
    role: Option<(u64, Role)>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct ListNote {
    epoch: u64,
    /// Empty if there is no list.
    listed: Vec<ListedNote>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct ListedNote {
    key: B256,
    address: String,
}

impl Committee {
    /// Loads what is kept; `first` are the validators of the network's first epoch.
    pub fn open(
        store: Arc<Store>,
        epoch_blocks: NonZeroU64,
        contract: Option<Account>,
        first: EpochInfo,
    ) -> Result<Self, StoreError> {
        let mut state = State::default();
        state.epochs.insert(0, first);
        for info in kept(&store)? {
            state.epochs.insert(info.epoch.get(), info);
        }
        for note in LISTS {
            if let Some(bytes) = store.note(note)? {
                let (epoch, list) = read_note(&bytes).ok_or(StoreError::DamagedNote(note))?;
                state.lists.insert(epoch, list);
            }
        }
        Ok(Self {
            epoch_blocks,
            contract,
            store,
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    /// The epoch in whose middle a block is, if it is in one.
    pub fn middle(&self, number: u64) -> Option<u64> {
        let length = self.epoch_blocks.get();
        (number % length == length / 2).then_some(number / length)
    }

    /// Whether the list of an epoch is still to be read.
    pub fn lacks_list(&self, epoch: u64) -> bool {
        !self.state.lock().lists.contains_key(&epoch)
    }

    /// Takes in what the contract lists in the middle of an epoch.
    pub fn listed(&self, epoch: u64, list: Option<Vec<Listed>>) -> Result<(), StoreError> {
        let note = ListNote {
            epoch,
            listed: list
                .iter()
                .flatten()
                .map(|listed| ListedNote {
                    key: B256::from_slice(listed.key.as_ref()),
                    address: listed
                        .address
                        .map(|address| address.to_string())
                        .unwrap_or_default(),
                })
                .collect(),
        };
        let slot = LISTS[(epoch % LISTS.len() as u64) as usize];
        self.store.set_note(slot, &alloy_rlp::encode(note))?;
        let mut state = self.state.lock();
        state.lists.insert(epoch, list.map(Into::into));
        while state.lists.len() > LISTS.len() {
            state.lists.pop_first();
        }
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Takes in what a finalized block carries about the next epoch.
    pub fn finalized(&self, block: &Block) -> Result<(), StoreError> {
        if let Some(Payload::EpochInfo(info)) = block.carried()
            && block.number() > 0
        {
            self.learn(info.clone())?;
        }
        Ok(())
    }

    /// Takes in who an epoch's validators are.
    pub fn learn(&self, info: EpochInfo) -> Result<(), StoreError> {
        let epoch = info.epoch.get();
        match info.outcome {
            EpochOutcome::Success => tracing::info!(
                epoch,
                validators = info.output.players().len(),
                revealed = info.output.revealed().len(),
                "the next epoch's validators have their shares"
            ),
            EpochOutcome::Failure => tracing::warn!(
                epoch,
                validators = info.output.players().len(),
                "resharing failed; the validators and their shares stay for another epoch"
            ),
        }
        let slot = EPOCHS[(epoch % EPOCHS.len() as u64) as usize];
        self.store.set_note(slot, &info.encode())?;
        let mut state = self.state.lock();
        state.epochs.insert(epoch, info);
        while state.epochs.len() > EPOCHS.len() {
            state.epochs.pop_first();
        }
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Notes what this node does in an epoch, and says so when it changes.
    pub fn entered(&self, epoch: u64, role: Role) {
        let before = self.state.lock().role.replace((epoch, role));
        let was = before.map(|(_, role)| role);
        if was == Some(role) {
            return;
        }
        match (was, role) {
            (Some(Role::Validator | Role::WithoutShare | Role::Restored), Role::Follower) => tracing::warn!(
                epoch,
                "this node is no validator any more: it was voted out, and goes on as a follower"
            ),
            (_, Role::Follower) => tracing::info!(epoch, "this node follows"),
            (_, Role::WithoutShare) => tracing::warn!(
                epoch,
                "this node is a validator without its share: it votes from the epoch on for which it is dealt one"
            ),
            (_, Role::Restored) => tracing::warn!(
                epoch,
                "this node is a validator without its votes (its data was made from a backup, or is in part gone): it votes from the first epoch on that begins while it runs"
            ),
            (_, Role::Validator) => tracing::info!(epoch, "this node is a validator"),
        }
    }

    /// Whether this node votes now.
    pub fn votes(&self) -> bool {
        matches!(self.state.lock().role, Some((_, Role::Validator)))
    }

    /// The epoch of a block, if its validators are known here.
    pub fn at(&self, number: u64) -> Option<Now> {
        let length = self.epoch_blocks.get();
        let epoch = number / length;
        let state = self.state.lock();
        let info = state.epochs.get(&epoch)?.clone();
        let role = state.role.filter(|(at, _)| *at == epoch).map(|(_, role)| role);
        Some(Now {
            info,
            role,
            blocks: (epoch * length, epoch * length + (length - 1)),
        })
    }

    /// What was listed in the middle of an epoch, once it has been read, and the epoch's validators.
    async fn read(&self, epoch: u64) -> (EpochInfo, Option<Arc<[Listed]>>) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listening begins before looking, so that nothing is missed in between.
            changed.as_mut().enable();
            {
                let state = self.state.lock();
                if let (Some(info), Some(list)) = (state.epochs.get(&epoch), state.lists.get(&epoch)) {
                    return (info.clone(), list.clone());
                }
            }
            changed.await;
        }
    }
}

/// The validators of the epochs that a store keeps, in no order.
pub fn kept(store: &Store) -> Result<Vec<EpochInfo>, StoreError> {
    let mut kept = Vec::new();
    for note in EPOCHS {
        if let Some(bytes) = store.note(note)? {
            let info = EpochInfo::decode_cfg(Copying(&bytes), &(MAX_VALIDATORS, SHARING));
            kept.push(info.map_err(|_| StoreError::DamagedNote(note))?);
        }
    }
    Ok(kept)
}

/// The most peers that any epoch kept in a store has.
pub fn most(store: &Store) -> Result<usize, StoreError> {
    let peers = |info: EpochInfo| info.participants().tracked_peers().union().len();
    Ok(kept(store)?.into_iter().map(peers).max().unwrap_or_default())
}

fn read_note(bytes: &[u8]) -> Option<(u64, Option<Arc<[Listed]>>)> {
    let note = ListNote::decode(&mut &*bytes).ok()?;
    let listed = note.listed.into_iter().map(|listed| {
        Some(Listed {
            key: ValidatorKey::decode(Copying(listed.key.as_slice())).ok()?,
            address: match listed.address.as_str() {
                "" => None,
                address => Some(address.parse().ok()?),
            },
        })
    });
    let listed: Vec<_> = listed.collect::<Option<_>>()?;
    Some((note.epoch, (!listed.is_empty()).then(|| listed.into())))
}

/// Keeps of a contract's list who can validate: has a key, once, and an address if any, within the limit. `None` if nobody
/// can.
pub fn usable(listed: impl IntoIterator<Item = (B256, String)>) -> Option<Vec<Listed>> {
    let mut usable: Vec<Listed> = Vec::new();
    for (key, location) in listed {
        let parsed = ValidatorKey::decode(Copying(key.as_slice())).ok();
        let address = match location.as_str() {
            // It is one of the network file's.
            "" => Some(None),
            location => location.parse::<SocketAddr>().ok().map(Some),
        };
        let (Some(parsed), Some(address)) = (parsed, address) else {
            tracing::warn!(%key, %location, "a listed validator has no key or no address that can be used, and is left out");
            continue;
        };
        if usable.iter().any(|other| other.key == parsed) {
            continue;
        }
        if usable.len() == MAX_VALIDATORS.get() as usize {
            tracing::warn!(%key, "there are too many listed validators; this one is left out");
            continue;
        }
        usable.push(Listed { key: parsed, address });
    }
    (!usable.is_empty()).then_some(usable)
}

/// Tells the engine who is to validate.
pub struct Members(pub Arc<Committee>);

impl ParticipantsProvider for Members {
    type PublicKey = ValidatorKey;
    type Directory = Directory;

    /// Whom the contract listed in the middle of the epoch two before; asked for at the end of that.
    async fn participants(&mut self, epoch: Epoch) -> Set<ValidatorKey> {
        let (info, list) = self.0.read(epoch.get().saturating_sub(2)).await;
        match list {
            Some(list) => Set::from_iter_dedup(list.iter().map(|listed| listed.key.clone())),
            None => info.next_players,
        }
    }

    /// Where they are: as listed, or where they were before, or where each node knows from its network file.
    async fn directory(&mut self, epoch: Epoch, peers: Set<ValidatorKey>) -> Directory {
        let (info, list) = self.0.read(epoch.get().saturating_sub(1)).await;
        let listed = |key: &ValidatorKey| {
            let found = list.iter().flat_map(|list| list.iter());
            let mut found = found.filter(|listed| listed.key == *key);
            found.next()?.address.map(Address::from)
        };
        let place = |key: &ValidatorKey| {
            let place = listed(key).or_else(|| info.directory.get(key).cloned());
            (key.clone(), place.unwrap_or(Address::from(NOWHERE)))
        };
        peers.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests;
